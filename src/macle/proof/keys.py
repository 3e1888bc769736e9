"""Keys: what signs, what verifies, and how people compare them.

One key has one usage. A private key lives in an encrypted PKCS#8 file or in a token behind PKCS#11; both
are a `macle.proof.cose.Signer`. The key id is a hint for finding a key, never a proof: the fingerprint that
two officials read to each other is the full hash, as words.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from macle import errors
from macle.proof.cose import KEY_ID_BYTES, SIGNATURE_BYTES, Algorithm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HALF = 32
_ECDSA = ec.ECDSA(hashes.SHA256())
_LEAST_PASSPHRASE, _LONGEST_PASSPHRASE = 8, 250  # OpenSSL takes 1,023 bytes; a character has up to four.


class KeyUnreadable(errors.Malformed):
    """The file, token or bytes hold no key that can be used here."""

    code = "key-unreadable"


class PassphraseWrong(errors.NotPermitted):
    """The passphrase or PIN does not open the key."""

    code = "passphrase-wrong"


class Usage(IntEnum):
    """What one key may do; the participant record says which, and no key may do two things."""

    ROOT = 0
    """Sign the Participant's own record and its signing certificates; kept offline."""
    VALIDATE = 1
    """Validate certificates, withdraw them, consent to their endorsement."""
    CONFIRM = 2
    """Confirm imports and raise alarms."""
    COMMIT = 3
    """Sign profiles, arrangements and the Participant's own records."""
    STAMP = 4
    """Stamp PDFs, status lists and audit heads for an office."""
    EXCHANGE = 5
    """Sign the envelopes of letters."""
    RECEIVE = 6
    """Receive what is encrypted to the node."""


class PublicKey:
    """A public key of one of the accepted algorithms."""

    __slots__ = ("_key", "algorithm", "key_id", "spki")

    def __init__(self, key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> None:
        """Take a P-256 or Ed25519 key; raise `KeyUnreadable` for any other."""
        if isinstance(key, ec.EllipticCurvePublicKey):
            if not isinstance(key.curve, ec.SECP256R1):
                raise KeyUnreadable(f"The curve {key.curve.name} is not accepted.", mend="Use P-256 or Ed25519.")
            self.algorithm = Algorithm.ES256
        elif isinstance(key, ed25519.Ed25519PublicKey):
            self.algorithm = Algorithm.EDDSA
        else:
            raise KeyUnreadable("This kind of key is not accepted.", mend="Use P-256 or Ed25519.")
        self._key = key
        self.spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.key_id = key_id_of(self.spki)

    @classmethod
    def from_spki(cls, spki: bytes) -> Self:
        """Read a SubjectPublicKeyInfo (DER); raise `KeyUnreadable` unless it is one, in its one encoding."""
        try:
            key = serialization.load_der_public_key(spki)
        except (ValueError, UnsupportedAlgorithm, TypeError) as error:
            raise KeyUnreadable("These bytes are no public key.", mend="Give a SubjectPublicKeyInfo in DER.") from error
        public = cls(key)  # type: ignore[arg-type]
        if public.spki != spki:
            raise KeyUnreadable("The public key is not in its one encoding.", mend="Use the uncompressed, named curve.")
        return public

    def __reduce__(self) -> tuple[Callable[[bytes], PublicKey], tuple[bytes]]:
        """Let the key go to another process, as the bytes that it is."""
        return _same_key, (self.spki,)

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Return whether the signature over the content is of this key."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            if isinstance(self._key, ec.EllipticCurvePublicKey):
                r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
                self._key.verify(encode_dss_signature(r, s), content, _ECDSA)
            else:
                self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same key."""
        return isinstance(other, PublicKey) and other.spki == self.spki

    def __hash__(self) -> int:
        """Return the hash of the key's bytes."""
        return hash(self.spki)


@lru_cache(maxsize=1024)
def _same_key(spki: bytes) -> PublicKey:
    """Return the key that came from another process; thousands of reports name the same few."""
    return PublicKey.from_spki(spki)


def key_id_of(spki: bytes) -> bytes:
    """Return the look-up hint of a public key."""
    return hashlib.sha256(spki).digest()[:KEY_ID_BYTES]


class FileSigner:
    """A signer whose private key was read from an encrypted PKCS#8 file.

    The key is in this process's memory: that is the consent level *pilot*, and whoever has the machine has the key.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
        """Take a private key of an accepted algorithm."""
        self._key = key
        self.public_key = PublicKey(key.public_key())

    @classmethod
    def new(cls, algorithm: Algorithm = Algorithm.ES256) -> Self:
        """Make a new key."""
        return cls(
            ec.generate_private_key(ec.SECP256R1())
            if algorithm is Algorithm.ES256
            else ed25519.Ed25519PrivateKey.generate()
        )

    @classmethod
    def read(cls, path: Path, *, passphrase: str) -> Self:
        """Open an encrypted PKCS#8 file; raise `PassphraseWrong` or `KeyUnreadable`."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise KeyUnreadable(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
        if b"BEGIN ENCRYPTED PRIVATE KEY" not in content:
            raise KeyUnreadable(
                "This is not an encrypted private key.", where=str(path), mend="Make one with `macle keys new`."
            )
        try:
            key = serialization.load_pem_private_key(content, passphrase.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise PassphraseWrong("The passphrase does not open this key.", where=str(path)) from error
        if not isinstance(key, (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
            raise KeyUnreadable("This kind of key is not accepted.", where=str(path), mend="Use P-256 or Ed25519.")
        return cls(key)

    def to_pem(self, *, passphrase: str) -> bytes:
        """Return the key as encrypted PKCS#8; raise `PassphraseWrong` for a passphrase below eight characters."""
        if len(passphrase) < _LEAST_PASSPHRASE:
            raise PassphraseWrong(f"A passphrase has at least {_LEAST_PASSPHRASE} characters.")
        if len(passphrase) > _LONGEST_PASSPHRASE or not passphrase.isprintable():
            raise PassphraseWrong(f"A passphrase has at most {_LONGEST_PASSPHRASE} characters, and all of them print.")
        plain = self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return _encrypted(plain, passphrase.encode())

    @property
    def private_key(self) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
        """Return the key itself, for wrapping it in X.509."""
        return self._key

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm of the key."""
        return self.public_key.algorithm

    @property
    def key_id(self) -> bytes:
        """Return the look-up hint of the key."""
        return self.public_key.key_id

    def sign(self, content: bytes) -> bytes:
        """Return the signature of the content: for ECDSA r and s (RFC 6979 where the library has it)."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(content)
        r, s = decode_dss_signature(self._key.sign(content, _deterministic()))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)


ROUNDS = 600_000
"""Of PBKDF2 with SHA-256, between a passphrase and the key that its file is encrypted with."""


def _encrypted(plain: bytes, passphrase: bytes) -> bytes:
    """Return a key as encrypted PKCS#8 in PEM (RFC 8018: PBES2 with PBKDF2 and AES-256-CBC).

    The library writes this form with 2,048 rounds and no choice, which a thief of the file tries through quickly.
    """
    from asn1crypto import algos, pem  # noqa: PLC0415 (only where a key is written)
    from asn1crypto.keys import EncryptedPrivateKeyInfo  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC  # noqa: PLC0415
    from cryptography.hazmat.primitives.padding import PKCS7  # noqa: PLC0415

    salt, vector = secrets.token_bytes(16), secrets.token_bytes(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, ROUNDS).derive(passphrase)
    padder, cipher = PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    sealed = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    derivation = {
        "salt": algos.Pbkdf2Salt("specified", salt),
        "iteration_count": ROUNDS,
        "prf": {"algorithm": "sha256"},
    }
    algorithm = {
        "algorithm": "pbes2",
        "parameters": {
            "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derivation},
            "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": vector},
        },
    }
    info = EncryptedPrivateKeyInfo({"encryption_algorithm": algorithm, "encrypted_data": sealed})
    return bytes(pem.armor("ENCRYPTED PRIVATE KEY", info.dump()))


@lru_cache(maxsize=1)
def _deterministic() -> ec.ECDSA:
    """Return ECDSA with a nonce from the message (RFC 6979), or with a random one where OpenSSL is too old."""
    try:
        return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        return _ECDSA


_WORDS_A_LINE = 6


def fingerprint(spki: bytes) -> tuple[str, ...]:
    """Return the full SHA-256 of a public key as 24 English words (BIP-39), the last one with a checksum.

    Two officials read them to each other over a second channel before either pins the other's root.
    """
    return words_of(hashlib.sha256(spki).digest())


def words_of(digest: bytes) -> tuple[str, ...]:
    """Return a SHA-256 as 24 English words (BIP-39), the last one with a checksum: easy to say on the telephone."""
    return tuple(_word_list().to_mnemonic(digest).split())


def fingerprint_for_people(spki: bytes) -> str:
    """Return the words of the fingerprint in four lines of six."""
    words = fingerprint(spki)
    return "\n".join(" ".join(words[at : at + _WORDS_A_LINE]) for at in range(0, len(words), _WORDS_A_LINE))


def is_fingerprint_of(words: str, spki: bytes) -> bool:
    """Return whether the words, in any case and spacing, are the fingerprint of the key."""
    return words.lower().split() == list(fingerprint(spki))


@lru_cache(maxsize=1)
def _word_list():  # type: ignore[no-untyped-def]  # noqa: ANN202
    from mnemonic import Mnemonic  # noqa: PLC0415 (2,048 words that only fingerprints need)

    return Mnemonic("english")
