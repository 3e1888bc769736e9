"""The certificate stays small enough for a code that a desk scanner reads."""

from __future__ import annotations

from macle.proof import qr
from tests.support.full import a_full_certificate
from tests.support.signed import an_authority


class TestFullCertificate:
    def test_fits_a_qr_code_of_version_20(self) -> None:
        text = qr.to_text(an_authority("AE", "Dubai").sign(a_full_certificate()).to_bytes())
        assert qr.code_of(text).version <= 20

    def test_is_as_full_as_they_come(self) -> None:
        certificate = a_full_certificate()
        assert (len(certificate.lines), len(certificate.origin.countries), len(certificate.container_seals)) == (
            3,
            2,
            4,
        )
        assert certificate.refers_to is not None
        assert len(certificate.refers_to.identity) == 32
        for party in (certificate.exporter, certificate.importer):
            assert any("\u0600" <= letter <= "\u06ff" for letter in party.name)
            assert party.latin_name
