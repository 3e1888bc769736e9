"""PDFs of certificates, as an authority prints and stamps them."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from macle.paper import stationery
from macle.paper.rendering import CERTIFICATE_FILE, Layout, Look, Place, Press
from macle.paper.stamping import Stamp
from macle.proof import codec, signing_certificates
from macle.proof.keys import Usage
from macle.scheme.certificates import STATEMENT
from macle.scheme.terms import ParticipantCode
from tests.support.signed import SINCE

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.cose import Signed
    from tests.support.signed import Authority


@lru_cache(maxsize=1)
def a_press() -> Press:
    """Return the one press of this process."""
    return Press()


def a_stamp(authority: Authority) -> Stamp:
    """Return the authority's stamp."""
    root = signing_certificates.make_root(
        root=authority.root, participant=authority.code, authority="Example Diamond Office", at=SINCE
    )
    key = authority.key(Usage.STAMP)
    wrapped = signing_certificates.make_signing_certificate(
        root=authority.root,
        root_certificate=root,
        key=key.public_key,
        usage=Usage.STAMP,
        holder=key.holder,
        at=SINCE,
    )
    return Stamp(signer=authority.signers[Usage.STAMP], signing_certificate=wrapped, root_certificate=root)


def a_look(code: str, **changes: Any) -> Look:
    """Return the look of a Participant's example stationery."""
    return Look(**{"stationery": stationery.packaged(ParticipantCode(code)), "statement": STATEMENT, **changes})


def a_page(signed: Signed, *, layout: Layout = Layout.GENERAL, **changes: Any) -> bytes:
    """Return the certificate as PDF, unstamped."""
    issuer = codec.decode_certificate(signed.payload).issuer
    return a_press().certificate(signed, look=a_look(issuer, **changes), place=Place(layout))


def a_document(signed: Signed, authority: Authority, *, at: datetime | None = None, **changes: Any) -> bytes:
    """Return the certificate as PDF with the authority's stamp, set a minute after it was validated."""
    at = at or codec.decode_certificate(signed.payload).validated_at + timedelta(minutes=1)
    attached = (CERTIFICATE_FILE, signed.to_bytes())
    return a_stamp(authority).on(a_page(signed, **changes), attached=attached, at=at)
