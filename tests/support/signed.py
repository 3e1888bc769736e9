"""Authorities with fixed keys, and what they sign: the same bytes in every run.

Private keys are made from a text (``macle test key ...``), so whoever runs the tests gets the same keys.
They protect nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from macle.proof import codec, cose, trust
from macle.proof.cose import Algorithm
from macle.proof.keys import FileSigner, Usage
from macle.proof.trust import Holder, Holders, ParticipantRecord, Source, TrustedKey, TrustList
from macle.scheme import participants
from macle.scheme.certificates import (
    Certificate,
    CertificateKind,
    ConsentLevel,
    Line,
    Origin,
    OriginKind,
    Party,
    ProfileReference,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.confirmations import ConfirmationResult, Count, ImportConfirmation, SealState
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from macle.proof.cose import Signed
    from macle.proof.trust import Trust

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""From when the keys are in force."""

PINNED_AT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
"""When records were pinned, and up to when their keys are known."""

VALIDATED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
"""When certificates were validated, if nothing else is said."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the P-256 group."""

_HOLDERS = {
    Usage.VALIDATE: "official-01",
    Usage.CONFIRM: "official-02",
    Usage.COMMIT: "director-01",
    Usage.STAMP: "stamp-01",
    Usage.EXCHANGE: "exchange-01",
    Usage.RECEIVE: "receive-01",
}


@lru_cache(maxsize=256)
def a_signer(name: str, algorithm: Algorithm = Algorithm.ES256) -> FileSigner:
    """Return the signer whose private key is made from its name."""
    seed = hashlib.sha256(f"macle test key {name}".encode()).digest()
    if algorithm is Algorithm.EDDSA:
        return FileSigner(ed25519.Ed25519PrivateKey.from_private_bytes(seed))
    return FileSigner(ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One Participant's authority: its root, a signer for each usage, and its record."""

    code: ParticipantCode
    office: str
    root: FileSigner
    signers: Mapping[Usage, FileSigner]
    record: ParticipantRecord

    @property
    def record_bytes(self) -> bytes:
        """Return the record, signed by the root."""
        return self.record.to_bytes(root=self.root)

    def key(self, usage: Usage) -> TrustedKey:
        """Return the one key of this usage, as the record has it."""
        (found,) = (key for key in self.record.keys if key.usage is usage)
        return found

    def with_key(self, usage: Usage, **changes: Any) -> Authority:
        """Return the authority with a newer record in which the key of this usage is changed."""
        keys = tuple(replace(key, **changes) if key.usage is usage else key for key in self.record.keys)
        return replace(self, record=replace(self.record, sequence=self.record.sequence + 1, keys=keys))

    def sign(self, certificate: Certificate, *, usage: Usage = Usage.VALIDATE) -> Signed:
        """Return the certificate signed with the key of this usage; no rule is asked."""
        payload = codec.encode_certificate(certificate)
        return cose.sign(signer=self.signers[usage], typ=cose.CERTIFICATE, payload=payload)

    def sign_confirmation(self, confirmation: ImportConfirmation, *, usage: Usage = Usage.CONFIRM) -> Signed:
        """Return the import confirmation signed with the key of this usage."""
        payload = codec.encode_confirmation(confirmation)
        return cose.sign(signer=self.signers[usage], typ=cose.CONFIRMATION, payload=payload)


def an_authority(
    code: str = "BW",
    office: str = "Gaborone",
    *,
    algorithm: Algorithm = Algorithm.ES256,
    since: datetime = SINCE,
    reaches_until: datetime | None = None,
) -> Authority:
    """Return the authority of that code; its keys hold for every office."""
    participant = ParticipantCode(code)
    root = a_signer(f"{code} root")
    signers = {usage: a_signer(f"{code} {usage.name.lower()}", algorithm) for usage in _HOLDERS}
    keys = tuple(
        TrustedKey(
            participant=participant,
            public_key=signer.public_key,
            usage=usage,
            holder=_HOLDERS[usage],
            office="",
            since=since,
        )
        for usage, signer in signers.items()
    )
    record = ParticipantRecord(
        participant=participant,
        sequence=1,
        issued_at=since,
        reaches_until=reaches_until or since + trust.RECORD_LIFE,
        root=root.public_key,
        keys=keys,
    )
    return Authority(code=participant, office=office, root=root, signers=signers, record=record)


def two_authorities() -> tuple[Authority, Authority]:
    """Return an exporting and an importing authority that may trade with each other."""
    return an_authority("BW", "Gaborone"), an_authority("IN", "Mumbai")


def a_trust(*authorities: Authority, at: datetime = PINNED_AT) -> Trust:
    """Return trust in these authorities, whose records were pinned at that time."""
    known = participants.load()
    pinned = [
        Source(
            record=trust.read_record(authority.record_bytes),
            as_of=at,
            reaches_until=authority.record.reaches_until,
            how="pinned",
        )
        for authority in authorities
    ]
    return trust.assemble(pinned=pinned, listed=None, participants=known, standing_as_of=trust.midnight(known.as_of))


def list_signers() -> dict[str, FileSigner]:
    """Return who signs trust lists: three offices of three Participants."""
    return {name: a_signer(f"list {name}") for name in ("chair", "vice-chair", "secretariat")}


def holders(*, threshold: int = 2) -> Holders:
    """Return the three holders of the trust list, two of whom must sign."""
    codes = {"chair": "IN", "vice-chair": "BW", "secretariat": "ZA"}
    return Holders(
        threshold,
        tuple(Holder(name, ParticipantCode(codes[name]), signer.public_key) for name, signer in list_signers().items()),
    )


def a_trust_list(*authorities: Authority, issued_at: datetime = PINNED_AT, version: int = 1) -> TrustList:
    """Return a trust list with the records of these authorities and the packaged standing."""
    return TrustList(
        version=version,
        issued_at=issued_at,
        reaches_until=issued_at + trust.LIST_LIFE,
        records=tuple(authority.record_bytes for authority in authorities),
        standing=participants.load().rows(),
    )


def a_small_certificate(authority: Authority | None = None, **changes: Any) -> Certificate:
    """Return a small certificate of the authority for India, with these fields changed."""
    issuer = authority or an_authority()
    certificate = Certificate(
        number=CertificateNumber(issuer.code, "00004821"),
        kind=CertificateKind.STANDARD,
        office=issuer.office,
        issuing_authority="Example Diamond Office",
        validated_at=VALIDATED_AT,
        expires_at=datetime(2027, 1, 1, 22, 0, tzinfo=UTC),
        date_of_issuance=date(2026, 11, 2),
        date_of_expiry=date(2027, 1, 1),
        exporter=Party("Motlakase Example Diamonds (Pty) Ltd", "Gaborone", CountryCode("BW"), "BW-R-0001"),
        importer=Party("Udaharan Hira Pvt Ltd", "Mumbai", CountryCode("IN"), "IN-T-0002"),
        destination=ParticipantCode("IN"),
        country_of_provenance=issuer.code,
        origin=Origin(OriginKind.SINGLE, (CountryCode("BW"),)),
        lines=(Line(HSCode.NON_INDUSTRIAL, Carats(20518), USDollars(4_182_050)),),
        parcels=1,
        container_seals=("GB 000017",),
        validation=Validation(ValidationKind.TWO_OFFICIALS, ("official-01", "official-03")),
        consent_level=ConsentLevel.TOKEN,
        profile=ProfileReference("bw-2026-01", "core-en"),
        status_index=17,
        record_digest=hashlib.sha256(b"the full record").digest(),
    )
    return replace(certificate, **changes)


def a_full_certificate(authority: Authority | None = None, **changes: Any) -> Certificate:
    """Return a certificate with every field filled and long names in Arabic."""
    arabic = "شركة المثال الخيالي الدولية لتجارة واستيراد وتصدير الماس الخام والأحجار الكريمة ذ.م.م"
    branch = "فرع شركة النموذج الوهمي الشرقية لتجارة وتوزيع الماس الخام غير المصقول في مدينة شانغهاي"
    full: dict[str, Any] = {
        "kind": CertificateKind.REPLACEMENT,
        "exporter": Party(
            arabic, "Gaborone", CountryCode("BW"), "BW-T-00046", "Al Mithal Al Khayali International Rough Diamonds LLC"
        ),
        "importer": Party(
            branch, "Shanghai", CountryCode("CN"), "CN-00-0003", "Al Namuthaj Al Wahmi Eastern Rough Diamonds Branch"
        ),
        "destination": ParticipantCode("CN"),
        "origin": Origin(
            OriginKind.MIXED_LISTED, (CountryCode("AO"), CountryCode("BW"), CountryCode("ZA")), "Example Field"
        ),
        "lines": (
            Line(HSCode.UNSORTED, Carats(1_840_275), USDollars(121_254_000)),
            Line(HSCode.INDUSTRIAL, Carats(905_050), USDollars(6_120_550)),
            Line(HSCode.NON_INDUSTRIAL, Carats(1_220_480), USDollars(261_892_275)),
        ),
        "parcels": 10,
        "container_seals": tuple(f"GB {number:06d}" for number in range(884120, 884124)),
        "refers_to": Reference(
            CertificateNumber(ParticipantCode("BW"), "00004820"), hashlib.sha256(b"the replaced certificate").digest()
        ),
        "extensions": {19: "a field of a later version", -3: [1, True, None, {"nested": b"\x00"}]},
    }
    return a_small_certificate(authority, **{**full, **changes})


def a_small_confirmation(of: Signed, authority: Authority | None = None, /, **changes: Any) -> ImportConfirmation:
    """Return an import confirmation of this signed certificate, with these fields changed."""
    importing = authority or an_authority("IN", "Mumbai")
    confirmed = codec.decode_certificate(of.payload)
    confirmation = ImportConfirmation(
        certificate=Reference(confirmed.number, of.identity),
        importing_participant=importing.code,
        office=importing.office,
        importing_authority="Example Import Office",
        confirmed_at=datetime(2026, 11, 9, 11, 0, tzinfo=UTC),
        date_of_receipt=date(2026, 11, 9),
        exporter=confirmed.exporter,
        importer=confirmed.importer,
        declared=Count(confirmed.parcels, confirmed.lines),
        measured=Count(confirmed.parcels, confirmed.lines),
        seals=SealState.INTACT,
        result=ConfirmationResult.ACCEPTED,
        official="official-02",
        consent_level=ConsentLevel.TOKEN,
        remark="",
    )
    return replace(confirmation, **changes)
