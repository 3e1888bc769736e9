"""The office's stamp: over the whole file, once, and only on a file that carries what it is to carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from macle import errors
from macle.paper import opening, reading
from macle.paper.rendering import CERTIFICATE_FILE, CONFIRMATION_FILE
from macle.paper.stamping import FIELD, Stamp, StampRefused
from macle.proof import signing_certificates
from macle.proof.cose import Algorithm
from macle.proof.keys import FileSigner, PublicKey, Usage
from tests.support.documents import (
    a_confirmation_page,
    a_document,
    a_form,
    a_look,
    a_page,
    a_press,
    a_stamp,
    updated,
    with_attachment,
)
from tests.support.signed import SINCE, a_signer, a_small_certificate, a_small_confirmation, an_authority

if TYPE_CHECKING:
    from macle.proof.stamps import StampEvidence

BW, NA = an_authority(), an_authority("NA", "Windhoek")
SIGNED = BW.sign(a_small_certificate(BW))
ATTACHED = (CERTIFICATE_FILE, SIGNED.to_bytes())
AT = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)


@lru_cache(maxsize=1)
def page() -> bytes:
    return a_page(SIGNED)


@lru_cache(maxsize=1)
def stamped() -> bytes:
    return a_stamp(BW).on(page(), attached=ATTACHED, at=AT)


def stamps_in(pdf: bytes) -> list[opening.StampRead]:
    with opening.opened(pdf) as document:
        return opening.stamps(document)


def evidence_of(pdf: bytes) -> tuple[StampEvidence, ...] | None:
    (carried,) = reading.read(pdf)
    return carried.stamps


def wrapper_of(signer: FileSigner, usage: Usage = Usage.STAMP) -> tuple[bytes, bytes]:
    """Return an X.509 wrapper of the key, and the root that signed it."""
    root = signing_certificates.make_root(root=BW.root, participant="BW", authority="Example Diamond Office", at=SINCE)
    wrapped = signing_certificates.make_signing_certificate(
        root=BW.root, root_certificate=root, key=signer.public_key, usage=usage, holder="stamp-01", at=SINCE
    )
    return wrapped, root


class TestOn:
    def test_adds_one_stamp_behind_the_page(self) -> None:
        assert stamped().startswith(page()), "What was drawn stays as it is."
        assert len(stamps_in(page())) == 0
        assert len(stamps_in(stamped())) == 1
        assert f"/T ({FIELD})".encode() in stamped()

    def test_covers_the_whole_file(self) -> None:
        (stamp,) = stamps_in(stamped())
        first, before, second, behind = stamp.byte_range
        assert (first, second + behind) == (0, len(stamped()))
        assert stamped()[before:second].lower() == f"<{stamp.contents}>".encode()
        assert before > len(page()), "Everything that was drawn lies before the gap."

    def test_is_of_the_key_and_says_when(self) -> None:
        (stamp,) = stamps_in(stamped())
        assert stamp.problem == ""
        assert PublicKey.from_spki(bytes.fromhex(stamp.spki)) == BW.signers[Usage.STAMP].public_key
        assert stamp.stamped_at == "2026-11-02T09:31:00Z"

    def test_is_good_evidence(self) -> None:
        (evidence,) = evidence_of(stamped()) or ()
        assert (evidence.problem, evidence.covers_file, evidence.is_of_these_bytes) == ("", True, True)
        assert evidence.key == BW.signers[Usage.STAMP].public_key
        assert evidence.stamped_at == AT

    def test_leaves_the_attachments_alone(self) -> None:
        with opening.opened(page()) as before, opening.opened(stamped()) as after:
            assert opening.attachments(after) == opening.attachments(before)

    @pytest.mark.parametrize("hours", [-11, -3, 5.5, 14])
    def test_means_the_instant_whatever_the_zone(self, hours: float) -> None:
        local = AT.astimezone(timezone(timedelta(hours=hours)))
        (stamp,) = stamps_in(a_stamp(BW).on(page(), attached=ATTACHED, at=local))
        assert stamp.stamped_at == "2026-11-02T09:31:00Z"

    @pytest.mark.parametrize("code", ["BW", "AE", "EU"])
    def test_fits_the_room_that_is_kept_for_it(self, code: str) -> None:
        authority = an_authority(code, "Example Town")
        pdf = a_document(authority.sign(a_small_certificate(authority)), authority)
        (stamp,) = stamps_in(pdf)
        assert stamp.problem == ""

    def test_may_be_on_a_confirmation_and_on_what_carries_nothing(self) -> None:
        importing = an_authority("IN", "Mumbai")
        signed = importing.sign_confirmation(a_small_confirmation(SIGNED, importing))
        attached = (CONFIRMATION_FILE, signed.to_bytes())
        confirmed = a_stamp(importing).on(a_confirmation_page(signed), attached=attached, at=AT)
        sheet = a_stamp(BW).on(a_press().calibration(a_form(), look=a_look("BW"), at=AT), attached=None, at=AT)
        assert [len(stamps_in(pdf)) for pdf in (confirmed, sheet)] == [1, 1]

    @pytest.mark.parametrize(
        "attached",
        [
            (CERTIFICATE_FILE, SIGNED.to_bytes() + b"\x00"),
            (CERTIFICATE_FILE, NA.sign(a_small_certificate(NA)).to_bytes()),
            (CERTIFICATE_FILE, b""),
            (CONFIRMATION_FILE, SIGNED.to_bytes()),
            ("certificate.COSE", SIGNED.to_bytes()),
            None,
        ],
        ids=["a byte more", "another certificate", "nothing", "another name", "a name in capitals", "no attachment"],
    )
    def test_refuses_a_file_that_carries_something_else(self, attached: tuple[str, bytes] | None) -> None:
        with pytest.raises(StampRefused, match="not what this file is to carry") as raised:
            a_stamp(BW).on(page(), attached=attached, at=AT)
        assert raised.value.where == "attachment"
        assert isinstance(raised.value, errors.Refused)

    def test_refuses_a_file_that_carries_a_second_certificate_of_the_name(self) -> None:
        with pytest.raises(StampRefused, match="not what this file is to carry"):
            a_stamp(BW).on(with_attachment(page(), CERTIFICATE_FILE, b"another"), attached=ATTACHED, at=AT)

    def test_refuses_a_file_that_carries_what_it_is_not_to(self) -> None:
        sheet = with_attachment(a_press().calibration(a_form(), look=a_look("BW"), at=AT), "a.txt", b"text")
        with pytest.raises(StampRefused, match="not what this file is to carry"):
            a_stamp(BW).on(sheet, attached=None, at=AT)

    @pytest.mark.parametrize("authority", [BW, NA], ids=["its own", "of another"])
    def test_refuses_a_second_stamp(self, authority: object) -> None:
        stamp = a_stamp(BW if authority is BW else NA)
        with pytest.raises(StampRefused, match="stamped already") as raised:
            stamp.on(stamped(), attached=ATTACHED, at=AT)
        assert (raised.value.where, raised.value.mend) == ("stamp", "Print it anew.")

    def test_refuses_a_second_stamp_on_a_changed_file_too(self) -> None:
        with pytest.raises(StampRefused, match="stamped already"):
            a_stamp(BW).on(updated(stamped()), attached=ATTACHED, at=AT)


class TestStamp:
    def test_takes_no_key_that_readers_of_pdf_do_not_know(self) -> None:
        signer = a_signer("BW stamp", Algorithm.EDDSA)
        wrapped, root = wrapper_of(signer)
        with pytest.raises(StampRefused, match="do not know this algorithm") as raised:
            Stamp(signer=signer, signing_certificate=wrapped, root_certificate=root)
        assert raised.value.where == "stamp key"
        assert raised.value.mend == "Make a P-256 key to stamp with."

    @pytest.mark.parametrize("name", ["BW validate", "BW root", "NA stamp"])
    def test_takes_no_wrapper_of_another_key(self, name: str) -> None:
        wrapped, root = wrapper_of(a_signer(name))
        with pytest.raises(StampRefused, match="is of another key") as raised:
            Stamp(signer=BW.signers[Usage.STAMP], signing_certificate=wrapped, root_certificate=root)
        assert raised.value.where == "stamp key"

    def test_brings_its_wrapper_and_the_root_with_it(self) -> None:
        wrapped, root = wrapper_of(BW.signers[Usage.STAMP])
        stamp = Stamp(signer=BW.signers[Usage.STAMP], signing_certificate=wrapped, root_certificate=root)
        (read,) = stamps_in(stamp.on(page(), attached=ATTACHED, at=AT))
        for pem in (wrapped, root):
            loaded = x509.load_pem_x509_certificate(pem)
            assert loaded.signature in bytes.fromhex(read.contents)
