"""Where a chain ended when somebody outside wrote it down, and that head signed by the authority's stamp. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from macle import errors
from macle.proof import codec, cose
from macle.proof.keys import Usage
from macle.proof.trust import Ended

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.cose import Signed, Signer
    from macle.proof.trust import ParticipantRecord

SUBJECT = "audit head"
DIGEST_BYTES = 32


class HeadUntrusted(errors.Untrusted):
    """The head of an audit is not signed by a stamp that was in force."""

    code = "head-untrusted"


@dataclass(frozen=True, slots=True)
class Head:
    """Number and digest of the last line of an authority's chain."""

    authority: str
    length: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as it was signed; nothing is verified by its existence."""

    head: Head
    signed_at: datetime
    signed: Signed


_CLAIMS = {
    codec.ISSUER: "authority",
    codec.SUBJECT: "subject",
    codec.ISSUED_AT: "signed_at",
    codec.PRIVATE: "head",
}
_FIELDS = {0: "length", 1: "digest"}


def attest(head: Head, *, signer: Signer, at: datetime) -> Signed:
    """Return the head signed with a key to stamp, as it goes into letters and backups."""
    payload = codec.encode(
        {
            codec.ISSUER: head.authority,
            codec.SUBJECT: SUBJECT,
            codec.ISSUED_AT: codec.seconds(at),
            codec.PRIVATE: {0: head.length, 1: head.digest},
        }
    )
    return cose.sign(signer=signer, typ=cose.AUDIT_HEAD, payload=payload)


def read(data: bytes) -> SignedHead:
    """Return the head in the bytes, of which nothing is verified yet; raise a `Malformed` error."""
    signed = cose.read(data)
    cose.expect(signed, cose.AUDIT_HEAD)
    claims = codec.Fields(codec.decode(signed.payload, what="payload"), _CLAIMS)
    authority, subject = claims.take(codec.ISSUER, str), claims.take(codec.SUBJECT, str)
    signed_at = claims.take_instant(codec.ISSUED_AT)
    fields = codec.Fields(claims.take(codec.PRIVATE, dict), _FIELDS)
    length, digest = fields.take(0, int), fields.take(1, bytes)
    fields.rest()
    claims.nothing_else()
    if subject != SUBJECT or length < 1 or len(digest) != DIGEST_BYTES:
        raise codec.FieldMalformed("This is no head of an audit.", where="payload")
    return SignedHead(Head(authority, length, digest), signed_at, signed)


def verify(data: bytes, *, record: ParticipantRecord) -> SignedHead:
    """Return the head, once a stamp that the record had in force when it was signed is found to have signed it.

    The record must be one that is believed. A stamp that is compromised now proves nothing: whoever has it chooses the
    time that it states. Raises `HeadUntrusted` or a `Malformed` error.
    """
    found = read(data)
    header = found.signed.header
    if found.head.authority != record.participant:
        raise HeadUntrusted(
            f"The head is of the audit of {found.head.authority}, and the record is of {record.participant}.",
            where="authority",
            mend="Give the record of the same Participant.",
        )
    for key in record.keys:
        if (
            key.usage is Usage.STAMP
            and key.public_key.key_id == header.key_id
            and key.algorithm == header.algorithm
            and key.spans(found.signed_at)
            and key.ended is not Ended.COMPROMISED
            and key.public_key.has_signed(found.signed.to_be_signed, found.signed.signature)
        ):
            return found
    raise HeadUntrusted(
        "No stamp of this record that was in force signed the head.",
        where="signature",
        mend="Take the newest record of this Participant, and ask where the head comes from.",
    )
