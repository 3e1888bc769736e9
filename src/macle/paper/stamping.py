"""The office's stamp on a PDF: PAdES B-B over the whole file, after a look at what is attached.

The stamp says that the office made this file and that nothing was changed since. It is no legal act: what counts is the
certificate that is attached, signed by an official. No later change is allowed, so the stamp certifies the file.

Source: ETSI EN 319 142-1 (PAdES, level B-B); design of the project, section on consent.
"""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from asn1crypto import algos, pem, x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.ades.api import CAdESSignedAttrSpec
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_cms import Signer as CMSSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from macle import errors
from macle.paper import opening
from macle.proof import keys, signing_certificates
from macle.proof.cose import SIGNATURE_BYTES, Algorithm

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.cose import Signer

FIELD = "Stamp"
_DIGEST = "sha256"
_RESERVED = 8192
"""Hexadecimal digits for the signature with both X.509 wrappers; a full one takes some 4,600."""


class StampRefused(errors.Refused):
    """This file, or this key, is none to be stamped with."""

    code = "stamp-refused"


class Stamp:
    """An office's stamp: its key, and the X.509 wrappers by which PDF readers follow it to the root."""

    def __init__(self, *, signer: Signer, signing_certificate: bytes, root_certificate: bytes) -> None:
        """Take a P-256 key and its wrappers (PEM); raise `StampRefused` if they do not belong together."""
        if signer.algorithm is not Algorithm.ES256:
            raise StampRefused(
                "PDF readers do not know this algorithm.", where="stamp key", mend="Make a P-256 key to stamp with."
            )
        wrapped, root = _x509(signing_certificate, "signing certificate"), _x509(root_certificate, "root")
        if keys.key_id_of(wrapped.public_key.dump()) != signer.key_id:
            raise StampRefused(
                "The signing certificate is of another key.", where="stamp key", mend="See `macle keys show`."
            )
        if not _is_for_documents(wrapped):
            raise StampRefused(
                "The key is for another usage.",
                where="stamp key",
                mend="One key has one usage; make one to stamp with.",
            )
        if not signing_certificates.is_signed_by(signing_certificate, root_certificate):
            raise StampRefused(
                "The root did not sign this signing certificate.", where="root", mend="Give its own root."
            )
        self._signer = _CMS(signer, wrapped, root)

    def on(self, pdf: bytes, *, attached: tuple[str, bytes] | None, at: datetime) -> bytes:
        """Return the file with the stamp added, made at that instant.

        ``attached`` is the name and content of what must be attached, and nothing else of that name; None for a file
        that carries nothing. Raises `StampRefused`.
        """
        try:
            with opening.opened(pdf) as document:
                found, stamped_before = opening.attachments(document), opening.stamps(document)
        except opening.Unopened as error:
            raise StampRefused(str(error), where="PDF", mend="Print it anew.") from error
        if stamped_before:
            raise StampRefused("The file is stamped already.", where="stamp", mend="Print it anew.")
        if [each for each in found if attached is None or each.name == attached[0]] != (
            [] if attached is None else [opening.Attachment(*attached)]
        ):
            raise StampRefused("What is attached is not what this file is to carry.", where="attachment")
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        field = SigFieldSpec(FIELD, invis_sig_settings=InvisSigSettings(box_out_of_bounds=True))
        steps = PdfCMSEmbedder(new_field_spec=field).write_cms(FIELD, writer)
        next(steps)
        placeholder = SignatureObject(timestamp=at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=_RESERVED)
        setup = SigMDPSetup(md_algorithm=_DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
        steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=setup))
        prepared, output = steps.send(SigIOSetup(md_algorithm=_DIGEST))
        cms = asyncio.run(
            self._signer.async_sign(
                prepared.document_digest,
                _DIGEST,
                use_pades=True,
                signed_attr_settings=PdfCMSSignedAttributes(cades_signed_attrs=CAdESSignedAttrSpec()),
            )
        )
        steps.send(cms.dump())
        stamped: bytes = output.getvalue()
        return stamped


class _CMS(CMSSigner):
    """Our signers, as the library wants them: from r and s to DER."""

    def __init__(self, signer: Signer, wrapped: x509.Certificate, root: x509.Certificate) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register(root)
        mechanism = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
        super().__init__(signing_cert=wrapped, cert_registry=store, signature_mechanism=mechanism)
        self._key = signer

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002 (the library's)
        raw = self._key.sign(data)
        half = SIGNATURE_BYTES // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


_DOCUMENTS = signing_certificates.DOCUMENT_SIGNING.dotted_string


def _is_for_documents(wrapped: x509.Certificate) -> bool:
    usages = wrapped.extended_key_usage_value
    return usages is not None and _DOCUMENTS in {usage.dotted for usage in usages}


def _x509(wrapped: bytes, where: str) -> x509.Certificate:
    try:
        _, _, der = pem.unarmor(wrapped)
        read = x509.Certificate.load(der, strict=True)
        read.public_key.dump()
    except (ValueError, TypeError) as error:
        raise StampRefused("This is no X.509 wrapper in PEM.", where=where, mend="See `macle keys new`.") from error
    return read
