"""The world of the test vectors: authorities with fixed keys, what is believed of them, and what they certify.

All keys are made from texts (`tests.support.signed.a_signer`) and all signatures are deterministic, so that
the same vectors come out of every run. Keys and names are invented and protect nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from macle.proof import trust
from macle.proof.cose import Algorithm
from macle.proof.keys import FileSigner, Usage
from macle.proof.trust import Ended, Holder, Holders, ParticipantRecord, TrustedKey, TrustList
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
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars
from tests.support.signed import Authority, a_signer, an_authority

LONG_AGO = datetime(2003, 1, 1, tzinfo=UTC)
"""Since when the keys of the trust set *history* are in force."""

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
PINNED_AT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
RECORDED_AT = datetime(2026, 10, 31, 8, 0, tzinfo=UTC)
"""When the records of most trust sets were issued: a day before they were pinned or listed."""
VALIDATED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PRESENTED_AT = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
RETIRED_AT = datetime(2026, 7, 1, tzinfo=UTC)
COMPROMISED_AT = datetime(2026, 10, 1, tzinfo=UTC)
NOT_BEFORE = datetime(2027, 1, 1, tzinfo=UTC)
FAR = datetime(2030, 1, 1, tzinfo=UTC)


# --- Who signs --------------------------------------------------------------------------------------

ISSUERS = ("AE", "AO", "BE", "BR", "BW", "CA", "CI", "CN", "EU", "IN", "RU", "US", "ZA")
"""Who is believed in most trust sets; BE is a member state that pretends to be a Participant."""

PAST_ISSUERS = ("BW", "CA", "CF", "CG", "CM", "EU", "GB", "KE", "LB", "TW", "US", "UZ", "VE", "ZW")

MORE_KEYS: dict[str, dict[str, Any]] = {
    "BW validate francistown": {"office": "Francistown"},
    "BW validate retired": {"until": RETIRED_AT, "ended": Ended.RETIRED},
    "BW validate compromised": {"until": COMPROMISED_AT, "ended": Ended.COMPROMISED},
    "BW validate next": {"since": NOT_BEFORE},
    "BW validate short-lived": {"until": SINCE, "ended": Ended.RETIRED},
}
"""Further keys for validation in the record of BW, beside the one that is in force for every office."""


PRINTERS = ("CD", "CN", "EU", "RU")
"""Whose PDFs there are beside those of Angola, Botswana and the Emirates."""

REPLACED_AT = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)

MORE_STAMPS: dict[str, dict[str, Any]] = {
    "BW stamp francistown": {"holder": "stamp-02", "office": "Francistown"},
    "BW stamp retired": {"holder": "stamp-03", "until": RETIRED_AT, "ended": Ended.RETIRED},
    "BW stamp replaced": {"holder": "stamp-04", "until": REPLACED_AT, "ended": Ended.RETIRED},
    "BW stamp compromised": {"holder": "stamp-05", "until": COMPROMISED_AT, "ended": Ended.COMPROMISED},
    "BW stamp next": {"holder": "stamp-06", "since": NOT_BEFORE},
}
"""Further stamps in the record of BW, beside the one that is in force for every office."""


@cache
def issuer(code: str, office: str = "", *, since: datetime = SINCE, reaches_until: datetime = FAR) -> Authority:
    """Return the authority with its record; South Africa signs with Ed25519, Botswana has many keys."""
    offices = {"BW": "Gaborone", "EU": "Antwerp", "IN": "Mumbai"}
    algorithm = Algorithm.EDDSA if code == "ZA" else Algorithm.ES256
    authority = an_authority(
        code, office or offices.get(code, "Capital"), algorithm=algorithm, since=since, reaches_until=reaches_until
    )
    return _with_more_keys(authority, MORE_KEYS) if code == "BW" else authority


def _with_more_keys(
    authority: Authority, keys: dict[str, dict[str, Any]], *, usage: Usage = Usage.VALIDATE
) -> Authority:
    made = tuple(_a_key(authority.code, a_signer(name), usage=usage, **changes) for name, changes in keys.items())
    return replace(authority, record=replace(authority.record, keys=(*authority.record.keys, *made)))


def _a_key(code: ParticipantCode, signer: FileSigner, **changes: Any) -> TrustedKey:
    fields: dict[str, Any] = {
        "participant": code,
        "public_key": signer.public_key,
        "usage": Usage.VALIDATE,
        "holder": "official-04",
        "office": "",
        "since": SINCE,
    }
    return TrustedKey(**{**fields, **changes})


# --- Whom to believe --------------------------------------------------------------------------------

STANDING = "standing"
"""The name of the file with the tables of standing, which all trust sets share."""


def standing() -> dict[str, Any]:
    """Return the tables of standing as they are packaged."""
    return participants.load().rows()


def trust_sets() -> dict[str, dict[str, Any]]:
    """Return every trust set by name, as its file says it."""
    main = [issuer(code) for code in ISSUERS]
    old = [issuer(code, since=LONG_AGO) for code in PAST_ISSUERS]
    botswana, india = issuer("BW"), issuer("IN")
    with_new_key = _with_more_keys(botswana, {"BW validate renewed": {"since": datetime(2026, 10, 15, tzinfo=UTC)}})
    renewed = replace(with_new_key, record=replace(with_new_key.record, sequence=2))
    return {
        "pins": _trust_set("Thirteen records, pinned by hand on 1 November 2026.", pinned=main),
        "history": _trust_set("Records of past issuers whose keys claim to be in force since 2003.", pinned=old),
        "pinned-in-june": _trust_set(
            "The record of Botswana, pinned on 1 June 2026 and not looked at since.",
            pinned=[botswana],
            pinned_at=datetime(2026, 6, 1, tzinfo=UTC),
        ),
        "ends-in-june": _trust_set(
            "A record of Botswana that says itself that it reaches until 1 July 2026.",
            pinned=[issuer("BW", reaches_until=datetime(2026, 7, 1, tzinfo=UTC))],
            pinned_at=datetime(2026, 1, 5, tzinfo=UTC),
        ),
        "old-standing": _trust_set(
            "Records of 1 November 2026, with standing last known on 1 June 2025.",
            pinned=main,
            standing_as_of=datetime(2025, 6, 1, tzinfo=UTC),
        ),
        "list": _trust_set("A trust list of 1 November 2026 and no pins.", listed=main),
        "list-of-january": _trust_set(
            "A trust list of 5 January 2026, which reached until 9 February.",
            listed=main,
            issued_at=datetime(2026, 1, 5, tzinfo=UTC),
        ),
        "list-and-pins": _trust_set(
            "Botswana's newer record is in the list of 1 November 2026; for India the list names another root "
            "than the one pinned in March, so the pin stays.",
            pinned=[botswana, india],
            pinned_at=datetime(2026, 3, 1, tzinfo=UTC),
            listed=[renewed, an_impostor("IN")],
        ),
        "borrowed-key": _trust_set(
            "The record of the Emirates names Botswana's key for validation as its own.",
            pinned=[_borrowing(issuer("AE"), botswana), botswana, india],
        ),
        "nobody": _trust_set("No record of anybody.", pinned=[]),
        "stamps": _trust_set(
            "Records of those whose PDFs are judged, pinned on 1 November 2026; Botswana has many stamps.",
            pinned=[
                _with_more_keys(botswana, MORE_STAMPS, usage=Usage.STAMP),
                *(issuer(code) for code in ("AE", "AO", *PRINTERS)),
            ],
        ),
    }


def an_impostor(code: str) -> Authority:
    """Return an authority that calls itself by the code and has a root and keys of its own."""
    root, signer = a_signer(f"{code} other root"), a_signer(f"{code} other validate")
    participant = ParticipantCode(code)
    record = ParticipantRecord(
        participant=participant,
        sequence=9,
        issued_at=SINCE,
        reaches_until=FAR,
        root=root.public_key,
        keys=(_a_key(participant, signer),),
    )
    return Authority(code=participant, office="Mumbai", root=root, signers={Usage.VALIDATE: signer}, record=record)


def _borrowing(borrower: Authority, lender: Authority) -> Authority:
    """Return the borrower with a record that also claims the lender's key for validation."""
    borrowed = replace(lender.record.keys[0], participant=borrower.code)
    return replace(borrower, record=replace(borrower.record, keys=(*borrower.record.keys, borrowed)))


def _trust_set(
    about: str,
    *,
    pinned: list[Authority] | None = None,
    listed: list[Authority] | None = None,
    pinned_at: datetime = PINNED_AT,
    issued_at: datetime = PINNED_AT,
    standing_as_of: datetime = PINNED_AT,
) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "about": about,
        "standing": f"{STANDING}.json",
        "standing_as_of": instant(standing_as_of),
        "pins": [
            {"record": _recorded(authority, before=pinned_at).hex(), "pinned_at": instant(pinned_at)}
            for authority in pinned or []
        ],
    }
    if listed is not None:
        signers = {name: a_signer(f"list {name}") for name in ("chair", "vice-chair", "secretariat")}
        holders = Holders(
            2,
            tuple(
                Holder(name, ParticipantCode(code), signers[name].public_key)
                for name, code in (("chair", "IN"), ("vice-chair", "BW"), ("secretariat", "ZA"))
            ),
        )
        trust_list = TrustList(
            version=1,
            issued_at=issued_at,
            reaches_until=issued_at + trust.LIST_LIFE,
            records=tuple(_recorded(authority, before=issued_at) for authority in listed),
            standing=standing(),
        )
        stated["holders"] = holders.to_bytes().hex()
        stated["list"] = trust_list.to_bytes(signers=list(signers.values())[:2]).hex()
    return stated


def _recorded(authority: Authority, *, before: datetime) -> bytes:
    """Return the signed record, issued a day before that."""
    record = replace(authority.record, issued_at=before - (PINNED_AT - RECORDED_AT))
    return record.to_bytes(root=authority.root)


def instant(moment: datetime) -> str:
    """Return an instant as the files write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- What is certified ------------------------------------------------------------------------------

EXPORTER = Party("Kgalagadi Voorbeeld Diamonds (Pty) Ltd", "Gaborone", CountryCode("BW"), "BW-EX-0101")
IMPORTER = Party("Kalpanik Heera Pvt Ltd", "Mumbai", CountryCode("IN"), "IN-IM-0202")


def a_certificate(number: str = "BW00004821", **changes: Any) -> Certificate:
    """Return a certificate of Botswana for India, with these fields changed."""
    parsed = CertificateNumber.parse(number)
    certificate = Certificate(
        number=parsed,
        kind=CertificateKind.STANDARD,
        office="Gaborone",
        issuing_authority="Imaginary Diamond Office",
        validated_at=VALIDATED_AT,
        expires_at=datetime(2027, 1, 1, 22, 0, tzinfo=UTC),
        date_of_issuance=date(2026, 11, 2),
        date_of_expiry=date(2027, 1, 1),
        exporter=EXPORTER,
        importer=IMPORTER,
        destination=ParticipantCode("IN"),
        country_of_provenance=parsed.participant,
        origin=an_origin("BW"),
        lines=(a_line(HSCode.NON_INDUSTRIAL, "205.18", "41820.50"),),
        parcels=1,
        container_seals=("GB 000017",),
        validation=Validation(ValidationKind.TWO_OFFICIALS, ("official-01", "official-03")),
        consent_level=ConsentLevel.TOKEN,
        profile=ProfileReference("bw-2026-01", "core"),
        status_index=17,
        record_digest=hashlib.sha256(b"the full record").digest(),
    )
    return replace(certificate, **changes)


def a_full_certificate(**changes: Any) -> Certificate:
    """Return a certificate in which every field is filled, among them two of a later version."""
    full: dict[str, Any] = {
        "kind": CertificateKind.REPLACEMENT,
        "exporter": Party(
            "شركة المثال المتخيل لتجارة الماس الخام",
            "Gaborone",
            CountryCode("BW"),
            "BW-EX-0046",
            "Al Mithal Al Mutakhayyal Rough Diamonds",
        ),
        "importer": Party(
            "काल्पनिक हीरा व्यापार प्राइवेट लिमिटेड",
            "Mumbai",
            CountryCode("IN"),
            "IN-IM-0003",
            "Kalpanik Heera Vyapar Pvt Ltd",
        ),
        "origin": Origin(
            OriginKind.MIXED_LISTED, (CountryCode("AO"), CountryCode("BW"), CountryCode("ZA")), "Imaginary Pipe"
        ),
        "lines": (
            a_line(HSCode.UNSORTED, "18402.75", "1212540.00"),
            a_line(HSCode.INDUSTRIAL, "9050.50", "61205.50"),
            a_line(HSCode.NON_INDUSTRIAL, "12204.80", "2618922.75"),
        ),
        "parcels": 10,
        "container_seals": ("GB 884120", "GB 884121", "GB 884122", "GB 884123"),
        "validation": Validation(
            ValidationKind.SECOND_OFFICIAL_ELSEWHERE, ("official-01", "official-09"), "consent of 2 November"
        ),
        "refers_to": Reference(
            CertificateNumber.parse("BW00004820"), hashlib.sha256(b"the certificate that was surrendered").digest()
        ),
        "extensions": {19: "a field of a later version", -3: [1, True, None, {"nested": b"\x00"}]},
    }
    return a_certificate(**{**full, **changes})


def a_line(hs: HSCode, carats: str, value: str) -> Line:
    """Return a line of so many carats and US dollars."""
    return Line(hs, Carats.parse(carats), USDollars.parse(value))


def an_origin(*countries: str, area: str = "") -> Origin:
    """Return one country as single, several as listed, none as undisclosed."""
    kind = {0: OriginKind.MIXED_UNDISCLOSED, 1: OriginKind.SINGLE}.get(len(countries), OriginKind.MIXED_LISTED)
    return Origin(kind, tuple(CountryCode(code) for code in countries), area)


def dated(issued: date, expires: date, expires_at: datetime, *, hour: int = 9) -> dict[str, Any]:
    """Return the fields that say when: issued in the morning (UTC), and expiring at that instant."""
    return {
        "date_of_issuance": issued,
        "date_of_expiry": expires,
        "validated_at": datetime(issued.year, issued.month, issued.day, hour, 0, tzinfo=UTC),
        "expires_at": expires_at,
    }
