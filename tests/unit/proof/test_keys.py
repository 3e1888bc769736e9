"""Private keys in encrypted files, public keys in their one encoding, and words that people compare."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from macle.proof import keys
from macle.proof.cose import Algorithm
from macle.proof.keys import FileSigner, KeyUnreadable, PassphraseWrong, PublicKey
from tests.support.signed import a_signer

PASSPHRASE = "correct horse battery"
SIGNER = a_signer("keys")
SPKI = SIGNER.public_key.spki


def spki_of(public: object) -> bytes:
    der: bytes = public.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


class TestFileSigner:
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    def test_opens_what_it_wrote_with_the_same_passphrase(self, tmp_path: Path, algorithm: Algorithm) -> None:
        signer, path = FileSigner.new(algorithm), tmp_path / "key.pem"
        path.write_bytes(signer.to_pem(passphrase=PASSPHRASE))
        read = FileSigner.read(path, passphrase=PASSPHRASE)
        assert read.public_key == signer.public_key
        assert read.algorithm is algorithm
        assert read.key_id == signer.key_id == hashlib.sha256(signer.public_key.spki).digest()[:8]
        assert signer.public_key.has_signed(b"content", read.sign(b"content"))

    def test_writes_pkcs8_that_is_really_encrypted(self) -> None:
        pem = SIGNER.to_pem(passphrase=PASSPHRASE)
        assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        with pytest.raises(TypeError):
            serialization.load_pem_private_key(pem, None)
        with pytest.raises(ValueError, match=r"(?i)password|decrypt|padding"):
            serialization.load_pem_private_key(pem, b"another passphrase")
        opened = serialization.load_pem_private_key(pem, PASSPHRASE.encode())
        assert isinstance(opened, ec.EllipticCurvePrivateKey)
        secret = opened.private_numbers().private_value.to_bytes(32)
        der = serialization.load_pem_private_key(pem, PASSPHRASE.encode()).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        assert secret in der
        assert SIGNER.to_pem(passphrase=PASSPHRASE) != pem, "Salt and nonce are new each time."

    @pytest.mark.parametrize("passphrase", ["", "another passphrase", PASSPHRASE.upper(), PASSPHRASE + " ", "\ud800"])
    def test_stays_shut_for_another_passphrase(self, tmp_path: Path, passphrase: str) -> None:
        path = tmp_path / "key.pem"
        path.write_bytes(SIGNER.to_pem(passphrase=PASSPHRASE))
        with pytest.raises(PassphraseWrong):
            FileSigner.read(path, passphrase=passphrase)

    @pytest.mark.parametrize("passphrase", ["", "seven77"])
    def test_takes_no_short_passphrase(self, passphrase: str) -> None:
        with pytest.raises(PassphraseWrong):
            SIGNER.to_pem(passphrase=passphrase)

    @pytest.mark.parametrize("passphrase", ["x" * 1024, "\ud800" * 10])
    def test_takes_no_passphrase_that_nobody_could_enter_again(self, passphrase: str) -> None:
        with pytest.raises(PassphraseWrong):
            SIGNER.to_pem(passphrase=passphrase)

    def test_refuses_a_key_that_is_not_encrypted(self, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        path.write_bytes(
            SIGNER.private_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        with pytest.raises(KeyUnreadable):
            FileSigner.read(path, passphrase=PASSPHRASE)

    @pytest.mark.parametrize("content", [b"", b"hello", SPKI])
    def test_refuses_what_is_no_key(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        with pytest.raises(KeyUnreadable):
            FileSigner.read(path, passphrase=PASSPHRASE)
        with pytest.raises(KeyUnreadable):
            FileSigner.read(tmp_path / "missing.pem", passphrase=PASSPHRASE)

    @pytest.mark.parametrize(
        "key",
        [
            ec.generate_private_key(ec.SECP384R1()),
            ec.generate_private_key(ec.SECP256K1()),
            ed448.Ed448PrivateKey.generate(),
        ],
    )
    def test_refuses_keys_of_other_kinds(self, tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
        path = tmp_path / "key.pem"
        encrypted = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encrypted))
        with pytest.raises(KeyUnreadable):
            FileSigner.read(path, passphrase=PASSPHRASE)


class TestSignatures:
    @given(st.binary(max_size=100))
    def test_with_es256_verify_in_another_library_call(self, content: bytes) -> None:
        signature = SIGNER.sign(content)
        assert len(signature) == 64
        der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        public = serialization.load_der_public_key(SPKI)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(der, content, ec.ECDSA(hashes.SHA256()))
        with pytest.raises(InvalidSignature):
            public.verify(der, content + b"x", ec.ECDSA(hashes.SHA256()))

    def test_with_es256_are_those_of_rfc_6979(self) -> None:
        key = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())
        assert FileSigner(key).sign(b"sample") == bytes.fromhex(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        )

    @pytest.mark.parametrize("algorithm", list(Algorithm))
    def test_are_good_for_their_key_and_content_only(self, algorithm: Algorithm) -> None:
        signer = a_signer("keys", algorithm)
        signature = signer.sign(b"content")
        assert signer.public_key.has_signed(b"content", signature)
        assert not signer.public_key.has_signed(b"contend", signature)
        assert not a_signer("other", algorithm).public_key.has_signed(b"content", signature)
        for at in range(0, 64, 7):
            changed = bytearray(signature)
            changed[at] ^= 1
            assert not signer.public_key.has_signed(b"content", bytes(changed))

    @pytest.mark.parametrize("algorithm", list(Algorithm))
    @pytest.mark.parametrize(
        "signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64, bytes(32) + b"\x01" * 32]
    )
    def test_that_are_none_are_not_good(self, algorithm: Algorithm, signature: bytes) -> None:
        assert not a_signer("keys", algorithm).public_key.has_signed(b"content", signature)


class TestPublicKey:
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    def test_is_read_from_its_bytes(self, algorithm: Algorithm) -> None:
        key = a_signer("keys", algorithm).public_key
        read = PublicKey.from_spki(key.spki)
        assert read == key
        assert hash(read) == hash(key)
        assert read.algorithm is algorithm
        assert read.key_id == keys.key_id_of(key.spki)
        assert read != a_signer("other", algorithm).public_key
        assert read != key.spki

    @pytest.mark.parametrize(
        "key",
        [
            ec.generate_private_key(ec.SECP384R1()).public_key(),
            ec.generate_private_key(ec.SECP521R1()).public_key(),
            ec.generate_private_key(ec.SECP256K1()).public_key(),
            ec.generate_private_key(ec.BrainpoolP256R1()).public_key(),
            rsa.generate_private_key(65537, 2048).public_key(),
            dsa.generate_private_key(2048).public_key(),
            ed448.Ed448PrivateKey.generate().public_key(),
            x25519.X25519PrivateKey.generate().public_key(),
        ],
        ids=lambda key: type(key).__name__ + getattr(getattr(key, "curve", None), "name", ""),
    )
    def test_of_another_curve_or_kind_is_refused(self, key: object) -> None:
        with pytest.raises(KeyUnreadable):
            PublicKey.from_spki(spki_of(key))

    def test_in_another_encoding_is_refused(self) -> None:
        key = serialization.load_der_public_key(SPKI)
        assert isinstance(key, ec.EllipticCurvePublicKey)
        point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
        compressed = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point
        assert isinstance(serialization.load_der_public_key(compressed), ec.EllipticCurvePublicKey)
        with pytest.raises(KeyUnreadable):
            PublicKey.from_spki(compressed)

    @pytest.mark.parametrize(
        "spki", [b"", b"\x30", SPKI[:-1], SPKI + b"\x00", bytes(91), SPKI[:-1] + bytes((SPKI[-1] ^ 1,))]
    )
    def test_that_is_none_is_refused(self, spki: bytes) -> None:
        with pytest.raises(KeyUnreadable):
            PublicKey.from_spki(spki)

    @given(st.binary(max_size=120))
    def test_of_any_bytes_is_one_or_refused(self, spki: bytes) -> None:
        with pytest.raises(KeyUnreadable):
            PublicKey.from_spki(spki)


class TestFingerprint:
    def test_is_the_whole_hash_as_24_words(self) -> None:
        words = keys.fingerprint(SPKI)
        assert len(words) == 24
        known = [word.strip() for word in keys._word_list().wordlist]
        bits = "".join(f"{known.index(word):011b}" for word in words)
        digest = hashlib.sha256(SPKI).digest()
        assert int(bits[:256], 2).to_bytes(32) == digest
        assert int(bits[256:], 2) == hashlib.sha256(digest).digest()[0], "The last word carries a checksum."

    def test_is_shown_in_four_lines_of_six(self) -> None:
        lines = keys.fingerprint_for_people(SPKI).splitlines()
        assert [len(line.split()) for line in lines] == [6, 6, 6, 6]
        assert " ".join(lines).split() == list(keys.fingerprint(SPKI))

    def test_is_the_same_in_any_case_and_spacing(self) -> None:
        shown = keys.fingerprint_for_people(SPKI)
        for words in (shown, shown.upper(), shown.title(), "  " + shown.replace(" ", "\t \n")):
            assert keys.is_fingerprint_of(words, SPKI)

    def test_differs_with_one_word_changed_left_out_or_moved(self) -> None:
        words = list(keys.fingerprint(SPKI))
        other = "zoo" if words[0] != "zoo" else "zone"
        for changed in ([other, *words[1:]], words[:-1], [*words, "zoo"], words[::-1], []):
            assert not keys.is_fingerprint_of(" ".join(changed), SPKI)
        assert not keys.is_fingerprint_of(" ".join(words), a_signer("other").public_key.spki)


def test_ed25519_keys_are_accepted() -> None:
    assert FileSigner(ed25519.Ed25519PrivateKey.generate()).algorithm is Algorithm.EDDSA


class TestFile:
    def test_is_sealed_with_many_rounds_and_opened_by_openssl(self, tmp_path: Path) -> None:
        script = (
            "import sys; from macle.proof.keys import FileSigner; "
            "sys.stdout.buffer.write(FileSigner.new().to_pem(passphrase='an example'))"
        )
        pem = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
        path = tmp_path / "key.pem"
        path.write_bytes(pem)
        said = subprocess.run(["openssl", "asn1parse", "-in", str(path)], capture_output=True, text=True, check=True)
        assert "INTEGER           :0927C0" in said.stdout  # 600,000
        assert "hmacWithSHA256" in said.stdout
        opened = ["openssl", "pkey", "-in", str(path), "-passin", "pass:an example", "-noout"]
        assert subprocess.run(opened, capture_output=True, check=False).returncode == 0
