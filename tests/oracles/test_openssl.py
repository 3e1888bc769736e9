"""OpenSSL follows our X.509 chain, reads its fields and verifies a certificate's signature by itself."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from macle.proof import codec, signing_certificates
from macle.proof.cose import Algorithm, Signed
from macle.proof.keys import Usage
from tests.oracles.programs import run
from tests.support import signed
from tests.support.signed import Authority

ALGORITHMS = pytest.mark.parametrize("algorithm", list(Algorithm), ids=lambda each: each.name)
VERIFIED_AT = str(codec.seconds(signed.VALIDATED_AT))


@dataclass(frozen=True)
class Files:
    """The X.509 of a root and of one key under it, as files."""

    root: Path
    leaf: Path


def write(folder: Path, authority: Authority, usage: Usage) -> Files:
    """Wrap the root and the key of this usage, as an authority's folder does."""
    root = signing_certificates.make_root(
        root=authority.root, participant=authority.code, authority="Example Diamond Office", at=signed.SINCE
    )
    key = authority.key(usage)
    leaf = signing_certificates.make_signing_certificate(
        root=authority.root,
        root_certificate=root,
        key=key.public_key,
        usage=usage,
        holder=key.holder,
        at=signed.SINCE,
    )
    files = Files(folder / f"{authority.code}-root.pem", folder / f"{authority.code}-{usage.name}.pem")
    files.root.write_bytes(root)
    files.leaf.write_bytes(leaf)
    return files


def openssl(*arguments: str | Path, content: bytes = b"") -> str:
    finished = run("openssl", *arguments, content=content)
    assert finished.returncode == 0, finished.stderr.decode()
    return finished.stdout.decode()


def chain_holds(leaf: Path, root: Path) -> bool:
    finished = run("openssl", "verify", "-x509_strict", "-attime", VERIFIED_AT, "-CAfile", root, leaf)
    return finished.returncode == 0


def signature_holds(certificate: Signed, authority: Authority, folder: Path) -> bool:
    """Ask OpenSSL for the raw signature over the Sig_structure, with the key as the record has it."""
    key = authority.key(Usage.VALIDATE).public_key
    public, content, signature = folder / "public.der", folder / "content", folder / "signature"
    public.write_bytes(key.spki)
    content.write_bytes(certificate.to_be_signed)
    if key.algorithm is Algorithm.ES256:
        r, s = (int.from_bytes(half) for half in (certificate.signature[:32], certificate.signature[32:]))
        signature.write_bytes(encode_dss_signature(r, s))
        arguments: tuple[str | Path, ...] = ("dgst", "-sha256", "-keyform", "DER", "-verify", public)
        arguments += ("-signature", signature, content)
    else:
        signature.write_bytes(certificate.signature)
        arguments = ("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", public)
        arguments += ("-rawin", "-in", content, "-sigfile", signature)
    return run("openssl", *arguments).returncode == 0


class TestChain:
    @ALGORITHMS
    @pytest.mark.parametrize("usage", [usage for usage in Usage if usage is not Usage.ROOT])
    def test_holds_for_a_key_of_every_usage(self, algorithm: Algorithm, usage: Usage, tmp_path: Path) -> None:
        files = write(tmp_path, signed.an_authority(algorithm=algorithm), usage)
        assert chain_holds(files.leaf, files.root)

    def test_does_not_hold_under_the_root_of_another_participant(self, tmp_path: Path) -> None:
        exporting, importing = signed.two_authorities()
        ours, theirs = write(tmp_path, exporting, Usage.VALIDATE), write(tmp_path, importing, Usage.VALIDATE)
        assert not chain_holds(ours.leaf, theirs.root)

    def test_does_not_hold_for_a_certificate_of_a_key_that_signs_no_others(self, tmp_path: Path) -> None:
        authority = signed.an_authority()
        files = write(tmp_path, authority, Usage.VALIDATE)
        forger = signed.a_signer("a forger")
        below = tmp_path / "below.pem"
        below.write_bytes(
            signing_certificates.make_signing_certificate(
                root=authority.signers[Usage.VALIDATE],
                root_certificate=files.leaf.read_bytes(),
                key=forger.public_key,
                usage=Usage.VALIDATE,
                holder="forger",
                at=signed.SINCE,
            )
        )
        finished = run(
            "openssl", "verify", "-attime", VERIFIED_AT, "-CAfile", files.root, "-untrusted", files.leaf, below
        )
        assert finished.returncode != 0
        assert b"invalid CA certificate" in finished.stdout + finished.stderr


class TestFields:
    def test_the_root_may_sign_signing_certificates_and_nothing_else(self, tmp_path: Path) -> None:
        text = openssl("x509", "-in", write(tmp_path, signed.an_authority(), Usage.VALIDATE).root, "-noout", "-text")
        assert "CA:TRUE, pathlen:0" in text
        assert "Certificate Sign, CRL Sign\n" in text
        assert "Digital Signature" not in text
        assert "Issuer: C = BW, O = Example Diamond Office, CN = Kimberley Process root" in text

    def test_a_validating_official_signs_with_digital_signature_and_non_repudiation(self, tmp_path: Path) -> None:
        text = openssl("x509", "-in", write(tmp_path, signed.an_authority(), Usage.VALIDATE).leaf, "-noout", "-text")
        assert "CA:FALSE" in text
        assert "Digital Signature, Non Repudiation\n" in text
        assert "Subject: C = BW, O = Example Diamond Office, CN = official-01 (validate)" in text
        assert "Extended Key Usage" not in text
        assert "NIST CURVE: P-256" in text
        assert "Signature Algorithm: ecdsa-with-SHA256" in text

    def test_a_stamp_is_for_documents(self, tmp_path: Path) -> None:
        text = openssl("x509", "-in", write(tmp_path, signed.an_authority(), Usage.STAMP).leaf, "-noout", "-text")
        purposes = text.split("X509v3 Extended Key Usage:")[1].splitlines()[1]
        assert "E-mail Protection" in purposes
        assert "1.3.6.1.5.5.7.3.36" in purposes or "Document Signing" in purposes

    def test_a_key_that_receives_agrees_on_keys_and_signs_nothing(self, tmp_path: Path) -> None:
        text = openssl("x509", "-in", write(tmp_path, signed.an_authority(), Usage.RECEIVE).leaf, "-noout", "-text")
        assert "Key Agreement\n" in text
        assert "Digital Signature" not in text

    @ALGORITHMS
    def test_the_public_key_is_byte_for_byte_that_of_the_record(self, algorithm: Algorithm, tmp_path: Path) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        files = write(tmp_path, authority, Usage.VALIDATE)
        pem = openssl("x509", "-in", files.leaf, "-noout", "-pubkey").encode()
        spki = run("openssl", "pkey", "-pubin", "-outform", "DER", content=pem).stdout
        assert spki == authority.key(Usage.VALIDATE).public_key.spki


class TestSignature:
    @ALGORITHMS
    def test_holds_over_the_sig_structure(self, algorithm: Algorithm, tmp_path: Path) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_full_certificate(authority))
        assert signature_holds(certificate, authority, tmp_path)

    @ALGORITHMS
    def test_does_not_hold_over_another_certificate(self, algorithm: Algorithm, tmp_path: Path) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(signed.a_small_certificate(authority))
        other = authority.sign(signed.a_small_certificate(authority, parcels=2))
        moved = Signed(certificate.protected, other.payload, certificate.signature, certificate.header)
        assert not signature_holds(moved, authority, tmp_path)
