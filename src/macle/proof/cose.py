"""COSE_Sign1 as Macle writes and reads it (RFC 9052, 9053, 9596).

One shape only: tag 18, a protected header with algorithm, key id and type, an empty unprotected header,
an embedded payload and a signature of 64 bytes, all in core deterministic encoding. The identity of a
signed object is the SHA-256 of its Sig_structure and not of the COSE bytes: an ECDSA signature can be
changed into another valid one, the content cannot.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Protocol

from macle import errors
from macle.proof import codec

CERTIFICATE = "application/vnd.kpcs.cert.v1"
CONFIRMATION = "application/vnd.kpcs.confirmation.v1"
RECORD = "application/vnd.kpcs.record.v1"
TRUST_LIST = "application/vnd.kpcs.trust-list.v1"
APPROVAL = "application/vnd.kpcs.approval.v1"
AUDIT_HEAD = "application/vnd.kpcs.audit-head.v1"

_NAMES = {
    CERTIFICATE: "a certificate",
    CONFIRMATION: "an import confirmation",
    RECORD: "a participant record",
    TRUST_LIST: "a trust list",
    APPROVAL: "an approval",
    AUDIT_HEAD: "a head of an audit",
}

SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8
LARGEST_HEADER = 512
"""Bytes of the largest protected header that is read: those of Macle have some fifty."""

_TAG = b"\xd2"  # COSE_Sign1, tag 18.
_ALGORITHM, _CRITICAL, _KEY_ID, _TYPE = 1, 2, 4, 16
_PARTS = 4
_TWO_BYTES = 1 << 16


class Algorithm(IntEnum):
    """The signature algorithms that are accepted, by their COSE numbers."""

    ES256 = -7
    EDDSA = -8


class EnvelopeMalformed(errors.Malformed):
    """The bytes are not a COSE_Sign1 of the one shape that is accepted."""

    code = "envelope-malformed"


class OfAnotherType(errors.Malformed):
    """The object is of another type than the one asked for: a confirmation is no certificate."""

    code = "of-another-type"


class Signer(Protocol):
    """Whatever holds a private key: an encrypted file, or a token through PKCS#11."""

    @property
    def algorithm(self) -> Algorithm:
        """Return the algorithm of the key."""

    @property
    def key_id(self) -> bytes:
        """Return the first 8 bytes of the SHA-256 of the public key (SubjectPublicKeyInfo)."""

    def sign(self, content: bytes) -> bytes:
        """Return the signature of the content: for ECDSA r and s, 32 bytes each."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the protected header says."""

    algorithm: int
    key_id: bytes
    typ: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A COSE_Sign1 that was read or made; nothing is verified by its existence."""

    protected: bytes
    payload: bytes
    signature: bytes
    header: Header

    @property
    def to_be_signed(self) -> bytes:
        """Return the Sig_structure: what the signature is over."""
        return b"\x84\x6aSignature1" + _bytes_out(self.protected) + b"\x40" + _bytes_out(self.payload)

    @property
    def identity(self) -> bytes:
        """Return the SHA-256 of the Sig_structure, by which this object is known everywhere."""
        return hashlib.sha256(self.to_be_signed).digest()

    def to_bytes(self) -> bytes:
        """Return the tagged COSE_Sign1."""
        return (
            _TAG
            + b"\x84"
            + _bytes_out(self.protected)
            + b"\xa0"
            + _bytes_out(self.payload)
            + _bytes_out(self.signature)
        )


def _bytes_out(content: bytes) -> bytes:
    """Return a CBOR byte string with the shortest head."""
    size = len(content)
    if size < 24:  # noqa: PLR2004 (RFC 8949 section 3)
        return bytes((0x40 | size,)) + content
    if size < 256:  # noqa: PLR2004
        return bytes((0x58, size)) + content
    return (b"\x59" + size.to_bytes(2) if size < _TWO_BYTES else b"\x5a" + size.to_bytes(4)) + content


def sign(*, signer: Signer, typ: str, payload: bytes) -> Signed:
    """Sign the payload as an object of that type.

    A certificate gets its signature from `macle.proof.issuing.validate` only, which has checked it.
    """
    prepared = unsigned(Header(signer.algorithm, signer.key_id, typ), payload)
    return Signed(prepared.protected, payload, signer.sign(prepared.to_be_signed), prepared.header)


def unsigned(header: Header, payload: bytes) -> Signed:
    """Return the object as it will be signed, without a signature: its identity is known before anybody signs."""
    return Signed(_protected(header), payload, b"", header)


@lru_cache(maxsize=256)
def _protected(header: Header) -> bytes:
    return codec.encode({_ALGORITHM: int(header.algorithm), _KEY_ID: header.key_id, _TYPE: header.typ})


def read(data: bytes, *, largest: int = codec.LARGEST) -> Signed:
    """Read one COSE_Sign1; raise a `Malformed` error unless it has the one shape that is accepted."""
    if data[:1] != _TAG:
        raise EnvelopeMalformed("This is not a tagged COSE_Sign1.", where="envelope")
    parts = codec.decode(data[1:], what="envelope", largest=largest - len(_TAG))
    if type(parts) is not list or len(parts) != _PARTS:
        raise EnvelopeMalformed("A COSE_Sign1 has four parts.", where="envelope")
    protected, unprotected, payload, signature = parts
    if type(protected) is not bytes or type(payload) is not bytes or type(signature) is not bytes:
        raise EnvelopeMalformed("Header, payload and signature are byte strings.", where="envelope")
    if unprotected != {} or type(unprotected) is not dict:
        raise EnvelopeMalformed("The unprotected header is not empty.", where="unprotected header")
    if len(signature) != SIGNATURE_BYTES:
        raise EnvelopeMalformed(f"A signature has 64 bytes, not {len(signature)}.", where="signature")
    return Signed(protected, payload, signature, _header(protected))


@lru_cache(maxsize=1024)
def _header(protected: bytes) -> Header:
    """Return what the protected header says; the same few headers come again and again."""
    header = codec.decode(protected, what="protected header", largest=LARGEST_HEADER)
    if type(header) is not dict:
        raise EnvelopeMalformed("The protected header is not a map.", where="protected header")
    if _CRITICAL in header:
        raise EnvelopeMalformed(
            "The header orders something that this version does not know.", where="protected header"
        )
    algorithm, key_id, typ = header.get(_ALGORITHM), header.get(_KEY_ID), header.get(_TYPE)
    if type(algorithm) is not int or type(key_id) is not bytes or type(typ) is not str:
        raise EnvelopeMalformed("The header lacks the algorithm, the key id or the type.", where="protected header")
    if len(key_id) != KEY_ID_BYTES:
        raise EnvelopeMalformed("A key id has 8 bytes.", where="protected header")
    return Header(algorithm, key_id, typ)


def expect(signed: Signed, typ: str) -> None:
    """Raise `OfAnotherType` unless the object is of the type that the reader expects."""
    if signed.header.typ != typ:
        this = _NAMES.get(signed.header.typ, repr(signed.header.typ[:80]))
        raise OfAnotherType(
            f"This is {this}, not {_NAMES.get(typ, repr(typ))}.",
            where="protected header",
            mend="Give the object that is meant, or use a version that knows this one.",
        )
