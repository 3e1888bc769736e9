"""Two COSE libraries by other people and ours agree on certificates, in both directions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from macle.proof import codec, cose, qr, trust, verification
from macle.proof.cose import Algorithm, Signed
from macle.proof.keys import Usage
from macle.proof.verification import Answer, Circumstances
from macle.scheme import profiles
from tests.oracles.programs import ask_node, ask_python, private_bytes
from tests.support import signed
from tests.support.signed import Authority

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

LIBRARIES = pytest.mark.parametrize("ask", [ask_node, ask_python], ids=["javascript", "python"])
ALGORITHMS = pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda each: each.name)
Ask = Callable[..., dict[str, Any]]


def verified_by(ask: Ask, cose_bytes: bytes, authority: Authority, *, usage: Usage = Usage.VALIDATE) -> dict[str, Any]:
    key = authority.signers[usage].public_key
    return ask(do="verify", cose=cose_bytes.hex(), spki=key.spki.hex(), key_id=key.key_id.hex())


def signed_by(ask: Ask, payload: bytes, authority: Authority) -> bytes:
    signer = authority.signers[Usage.VALIDATE]
    answer = ask(
        do="sign",
        payload=payload.hex(),
        key=private_bytes(signer).hex(),
        key_id=signer.key_id.hex(),
        typ=cose.CERTIFICATE,
        algorithm=int(signer.algorithm),
    )
    assert answer["agrees"], answer
    return bytes.fromhex(answer["cose"])


def other_signature(certificate: Signed) -> Signed:
    """Return the same content with the other signature that ECDSA allows: s becomes n - s."""
    r, s = certificate.signature[:32], int.from_bytes(certificate.signature[32:])
    return replace(certificate, signature=r + (ORDER - s).to_bytes(32))


@LIBRARIES
@ALGORITHMS
class TestTheyReadOurs:
    def test_they_verify_a_certificate_and_read_the_same_header_and_content(
        self, ask: Ask, algorithm: Algorithm
    ) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_full_certificate(authority))
        answer = verified_by(ask, certificate.to_bytes(), authority)
        assert answer["agrees"], answer
        assert answer["algorithm"] == algorithm
        assert answer["key_id"] == authority.signers[Usage.VALIDATE].key_id.hex()
        assert answer["typ"] == cose.CERTIFICATE
        assert answer["payload"] == certificate.payload.hex()
        assert (answer["issuer"], answer["number"]) == ("BW", "BW00004821")

    def test_they_refuse_a_changed_value(self, ask: Ask, algorithm: Algorithm) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_small_certificate(authority))
        forged = replace(
            certificate, payload=codec.encode_certificate(signed.a_small_certificate(authority, parcels=2))
        )
        assert forged.payload != certificate.payload
        assert not verified_by(ask, forged.to_bytes(), authority)["agrees"]

    def test_they_refuse_a_changed_header(self, ask: Ask, algorithm: Algorithm) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_small_certificate(authority))
        retyped = certificate.protected.replace(b"kpcs.cert.v1", b"kpcs.cert.v2")
        assert retyped != certificate.protected
        assert not verified_by(ask, replace(certificate, protected=retyped).to_bytes(), authority)["agrees"]

    def test_they_refuse_a_changed_signature(self, ask: Ask, algorithm: Algorithm) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_small_certificate(authority))
        broken = bytes((certificate.signature[0] ^ 1,)) + certificate.signature[1:]
        assert not verified_by(ask, replace(certificate, signature=broken).to_bytes(), authority)["agrees"]

    def test_they_refuse_the_key_of_another_usage(self, ask: Ask, algorithm: Algorithm) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_small_certificate(authority))
        assert not verified_by(ask, certificate.to_bytes(), authority, usage=Usage.CONFIRM)["agrees"]


@LIBRARIES
@ALGORITHMS
class TestWeReadTheirs:
    def test_a_certificate_that_they_sign_is_genuine_here_and_has_our_identity(
        self, ask: Ask, algorithm: Algorithm
    ) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        content = signed.a_full_certificate(authority)
        theirs = signed_by(ask, codec.encode_certificate(content), authority)
        report = verification.report(
            theirs,
            circumstances=Circumstances(
                trust=signed.a_trust(authority), profiles=profiles.load(), at=content.validated_at
            ),
        )
        assert report.genuine is Answer.YES
        assert report.certificate == content
        assert cose.read(theirs).identity == authority.sign(content).identity

    def test_what_they_sign_over_other_bytes_does_not_fit_ours(self, ask: Ask, algorithm: Algorithm) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        theirs = cose.read(
            signed_by(ask, codec.encode_certificate(signed.a_small_certificate(authority, parcels=2)), authority)
        )
        ours = authority.sign(signed.a_small_certificate(authority))
        key = authority.key(Usage.VALIDATE).public_key
        assert trust.is_signed_by(theirs, key)
        assert not trust.is_signed_by(replace(ours, signature=theirs.signature), key)


class TestFromTheQRText:
    @pytest.mark.parametrize("make", [signed.a_small_certificate, signed.a_full_certificate])
    def test_javascript_goes_from_the_text_to_the_same_bytes_and_identity(
        self, make: Callable[[Authority], Any]
    ) -> None:
        authority = signed.an_authority()
        certificate = authority.sign(make(authority))
        answer = ask_node(
            do="verify",
            text=qr.to_text(certificate.to_bytes()),
            spki=authority.key(Usage.VALIDATE).public_key.spki.hex(),
        )
        assert answer["agrees"], answer
        assert answer["cose"] == certificate.to_bytes().hex()
        assert answer["identity"] == certificate.identity.hex()

    def test_javascript_refuses_a_text_that_is_cut_off(self) -> None:
        authority = signed.an_authority()
        text = qr.to_text(authority.sign(signed.a_small_certificate(authority)).to_bytes())
        spki = authority.key(Usage.VALIDATE).public_key.spki.hex()
        assert not ask_node(do="verify", text=text[:-6], spki=spki)["agrees"]


class TestIdentity:
    def test_the_other_ecdsa_signature_is_good_everywhere_and_changes_no_identity(self) -> None:
        authority = signed.an_authority()
        certificate = authority.sign(signed.a_small_certificate(authority))
        other = other_signature(certificate)
        assert other.to_bytes() != certificate.to_bytes()
        answer = verified_by(ask_node, other.to_bytes(), authority)
        assert answer["agrees"], answer
        assert verified_by(ask_python, other.to_bytes(), authority)["agrees"]
        assert trust.is_signed_by(other, authority.key(Usage.VALIDATE).public_key)
        assert answer["identity"] == other.identity.hex() == certificate.identity.hex()


class TestOtherObjects:
    def test_they_verify_an_import_confirmation_and_a_participant_record(self) -> None:
        exporting, importing = signed.two_authorities()
        certificate = exporting.sign(signed.a_small_certificate(exporting))
        confirmation = importing.sign_confirmation(signed.a_small_confirmation(certificate, importing))
        answer = verified_by(ask_node, confirmation.to_bytes(), importing, usage=Usage.CONFIRM)
        assert answer["agrees"], answer
        assert answer["typ"] == cose.CONFIRMATION
        root = exporting.root.public_key
        record = ask_node(do="verify", cose=exporting.record_bytes.hex(), spki=root.spki.hex())
        assert record["agrees"], record
        assert (record["typ"], record["issuer"], record["number"]) == (cose.RECORD, "BW", "record")
