"""Vectors of certificates that are genuine and in date, whether or not their goods may enter."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2

from macle.scheme.certificates import (
    CertificateKind,
    ConsentLevel,
    Origin,
    OriginKind,
    Party,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.terms import CertificateNumber, CountryCode, HSCode, ParticipantCode
from tests.support.signed import a_signer
from tests.vectors import world
from tests.vectors.vector import (
    ADMITTED,
    CERTIFICATE_TYPE,
    Vector,
    certify,
    entry_undecided,
    inadmissible,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.scheme.certificates import Certificate
    from tests.vectors.vector import Answers, Message

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the P-256 group."""

_SECOND = timedelta(seconds=1)
_EU, _US, _IN, _CN, _AE = (ParticipantCode(code) for code in ("EU", "US", "IN", "CN", "AE"))


def vectors() -> Iterator[Vector]:
    """Give all good vectors."""
    yield from _kinds_and_contents()
    yield from _names()
    yield from _keys()
    yield from _last_seconds()
    yield from _standing()
    yield from _history()
    yield from _lists_and_prohibitions()
    yield from _uses()


def _plain(name: str, about: str, *, number: str = "BW00004821", **changes: Any) -> Vector:
    """Return the vector of a certificate that may enter, with these fields changed."""
    return vector(name, about, certify(world.a_certificate(number, **changes)), ADMITTED)


def _kinds_and_contents() -> Iterator[Vector]:
    standard = certify(world.a_certificate())
    yield vector("standard-as-file", "A standard certificate, brought as a file.", standard, ADMITTED)
    yield vector("standard-as-text", "The same certificate, read from its QR code.", standard, ADMITTED, as_text=True)
    yield _plain(
        "technical",
        "A technical certificate for goods sent back; it names the one under which they arrived, by number alone.",
        kind=CertificateKind.TECHNICAL,
        refers_to=Reference(CertificateNumber.parse("AO2026/000123-4")),
    )
    yield vector(
        "replacement-with-every-field",
        "A replacement with every field filled, several languages and fields of a later version.",
        certify(world.a_full_certificate()),
        ADMITTED,
    )
    yield vector(
        "replacement-with-every-field-as-text",
        "The same replacement, read from its QR code.",
        certify(world.a_full_certificate()),
        ADMITTED,
        as_text=True,
    )
    yield _plain("origin-listed", "Mixed origin, two countries listed.", origin=world.an_origin("BW", "ZA"))
    yield _plain(
        "origin-undisclosed",
        "Mixed origin that is not disclosed, into a Participant without a prohibition.",
        origin=world.an_origin(),
    )
    yield _plain(
        "origin-twelve-countries",
        "Mixed origin, twelve countries listed: the most there can be.",
        origin=world.an_origin("AO", "BR", "BW", "CA", "CD", "GN", "LS", "NA", "RU", "SL", "ZA", "ZW"),
    )
    yield _plain(
        "origin-greenland",
        "Mined in Greenland, which takes part with the European Union.",
        origin=world.an_origin("GL"),
    )
    yield _plain(
        "two-lines",
        "Two HS headings.",
        lines=(
            world.a_line(HSCode.UNSORTED, "1000.00", "90000.00"),
            world.a_line(HSCode.INDUSTRIAL, "52.10", "521.00"),
        ),
    )
    yield _plain(
        "three-lines-not-sorted",
        "All three HS headings, in the order in which the issuer wrote them.",
        lines=(
            world.a_line(HSCode.NON_INDUSTRIAL, "0.01", "0.01"),
            world.a_line(HSCode.UNSORTED, "7.50", "1200.00"),
            world.a_line(HSCode.INDUSTRIAL, "300.00", "2400.00"),
        ),
        parcels=2,
    )
    yield _plain(
        "largest-figures",
        "The largest weight, value, number of parcels and status index there can be.",
        lines=(world.a_line(HSCode.UNSORTED, "999999999.99", "9999999999999.99"),),
        parcels=1_000_000,
        status_index=2**32 - 1,
    )
    yield _plain(
        "twelve-seals-four-officials",
        "Twelve seals and four officials: the most there can be.",
        container_seals=tuple(f"GB {number:029d}" for number in range(12)),
        validation=Validation(ValidationKind.TWO_OFFICIALS, tuple(f"official-0{number}" for number in range(4))),
    )
    for level in ConsentLevel:
        name = level.name.lower()
        yield _plain(f"consent-{name}", f"The official consented at the level {name}.", consent_level=level)
    yield _plain(
        "validation-one-official",
        "Validated by one official.",
        validation=Validation(ValidationKind.ONE_OFFICIAL, ("official-01",)),
    )
    yield _plain(
        "validation-second-official-elsewhere",
        "Validated by a second official at another place.",
        validation=Validation(ValidationKind.SECOND_OFFICIAL_ELSEWHERE, ("official-01", "official-09")),
    )
    yield _plain(
        "validation-customs-reference",
        "Validated by a customs reference and no official, as the United States do.",
        number="US104882",
        validation=Validation(ValidationKind.CUSTOMS_REFERENCE, (), "X20261102000017"),
        office="Capital",
        expires_at=datetime(2027, 1, 2, 5, 0, tzinfo=UTC),
    )
    yield _plain(
        "number-with-signs",
        "A number with a stroke and a hyphen in its national part.",
        number="AO2026/000123-4",
        origin=world.an_origin("AO"),
    )
    yield _plain("number-of-one-digit", "The shortest number there can be.", number="AO7", origin=world.an_origin("AO"))
    yield _plain(
        "extensions",
        "Fields of a later version: they are kept, whatever they hold.",
        extensions={
            19: "a text",
            20: b"\x00\x01",
            21: [1, -1, True, False, None],
            300: {1: {"a": []}, "b": 2**64 - 1},
            -1: -(2**64),
        },
    )
    header = cbor2.dumps(
        {1: -7, 4: a_signer("BW validate").key_id, 16: CERTIFICATE_TYPE, "later": ["a header of a later version"]}
    )
    yield vector(
        "header-of-a-later-version",
        "The protected header has one more parameter that is not critical.",
        certify(world.a_certificate(), protected=header),
        ADMITTED,
    )
    yield vector(
        "smallest",
        "The smallest certificate: every text of one letter, nothing that may be left out.",
        certify(_smallest()),
        ADMITTED,
    )
    yield vector(
        "largest-code",
        "A certificate that fills the largest QR code there is (version 40, error correction M).",
        certify(filled(49)),
        ADMITTED,
        as_text=True,
    )
    yield vector(
        "longest-text",
        "A text that only the lowest error correction leaves room for: no printed certificate has it, any reader does.",
        certify(filled(58)),
        ADMITTED,
        as_text=True,
    )


def _smallest() -> Certificate:
    party = Party("A", "B", CountryCode("BW"), "")
    return world.a_certificate(
        "BW1",
        office="G",
        issuing_authority="A",
        exporter=party,
        importer=party,
        origin=world.an_origin(),
        lines=(world.a_line(HSCode.UNSORTED, "0.01", "0.01"),),
        container_seals=("1",),
        validation=Validation(ValidationKind.CUSTOMS_REFERENCE, (), "1"),
        profile=replace(world.a_certificate().profile, version="1", statement="1"),
        status_index=0,
        consent_level=ConsentLevel.PILOT,
    )


def filled(size: int) -> Certificate:
    """Return a full certificate with a field of a later version, so many times 32 bytes, that nothing compresses."""
    noise = b"".join(hashlib.sha256(b"noise %d" % index).digest() for index in range(size))
    return world.a_full_certificate(extensions={19: noise})


def _names() -> Iterator[Vector]:
    parties = {
        "arabic": ("شركة الخيال لتجارة الماس الخام ش.م.م", "دبي · Dubai", "AE", "Al Khayal Rough Diamonds LLC"),
        "chinese": ("虚构钻石毛坯贸易有限公司", "上海 · Shanghai", "CN", "Xugou Rough Diamond Trading Co Ltd"),
        "cyrillic": ("Предприятие «Вымышленный алмаз»", "Якутск · Yakutsk", "RU", "Vymyshlenny Almaz LLC"),
        "portuguese": ("Companhia Imaginária de Diamantes Não Lapidados, Lda", "São Tomás", "BR", ""),
        "french": ("Société Fictive de l'Œuvre Diamantaire", "Côte-Rêvée", "CI", ""),
        "hindi": ("काल्पनिक कच्चा हीरा प्राइवेट लिमिटेड", "सूरत · Surat", "IN", "Kalpanik Kaccha Heera Pvt Ltd"),
        "armenian": ("Մտացածին Ադամանդ ՍՊԸ", "Երևան · Yerevan", "AM", "Mtatsatsin Adamand LLC"),
        "hebrew": ("יהלומי דמיון בע״מ", "רמת גן · Ramat Gan", "IL", "Dimyon Diamonds Ltd"),
        "persian": ("شرکت الماس\u200cهای خیالی", "Example Town", "AE", "Almas-ha-ye Khiyali Co"),  # noqa: RUF001 (Persian letters)
        "sinhala": ("කල්පිත දියමන්ති \u0dc1\u0dca\u200d\u0dbb\u0dd3", "Colombo", "LK", "Kalpitha Diyamanthi Sri"),
        "tamil": ("கற்பனை வைரம் லிமிடெட்", "கொழும்பு · Colombo", "LK", "Karpanai Vairam Ltd"),
    }
    for language, (name, town, country, latin) in parties.items():
        importer = Party(name, town, CountryCode(country), f"{country}-0001", latin)
        yield vector(
            f"name-{language}",
            f"The importer's name and town in {language.title()}.",
            certify(world.a_certificate(importer=importer, destination=ParticipantCode(country))),
            ADMITTED,
            as_text=True,
        )
    yield _plain(
        "name-of-120-characters",
        "The longest name there can be: 120 characters beyond the first plane, 480 bytes.",
        exporter=replace(world.EXPORTER, name="𠀋" * 120, latin_name="Imaginary Diamonds of One Hundred and Twenty"),
    )
    yield _plain(
        "name-of-later-unicode",
        "A character that Unicode does not have yet: verifiers must not differ by their age.",
        exporter=replace(world.EXPORTER, name="Example \u0378 Diamonds"),
    )
    yield _plain(
        "name-decomposed",
        "Accents written as letters of their own: nothing is normalised, the bytes received count.",
        exporter=replace(world.EXPORTER, name="Socie\u0301te\u0301 Imagine\u0301e"),
    )


def _keys() -> Iterator[Vector]:
    yield vector(
        "eddsa",
        "Signed with an Ed25519 key.",
        certify(world.a_certificate("ZA00000451", office="Capital", origin=world.an_origin("ZA"))),
        ADMITTED,
    )
    yield vector(
        "key-of-the-office",
        "Signed with a key that is bound to the office named on the certificate.",
        certify(world.a_certificate(office="Francistown"), key="BW validate francistown"),
        ADMITTED,
    )
    spring = _valid(date(2026, 6, 30), date(2026, 7, 31))
    yield vector(
        "key-retired-since",
        "The key was retired the day after it signed.",
        certify(world.a_certificate(**spring), key="BW validate retired"),
        ADMITTED,
        at=datetime(2026, 7, 20, 12, 0, tzinfo=UTC),
    )
    yield vector(
        "key-in-its-last-second",
        "Signed in the last second in which the key was in force.",
        certify(
            world.a_certificate(**{**spring, "validated_at": world.RETIRED_AT - _SECOND}), key="BW validate retired"
        ),
        ADMITTED,
        at=datetime(2026, 7, 20, 12, 0, tzinfo=UTC),
    )
    yield vector(
        "key-in-its-first-second",
        "Signed in the first second in which the key was in force.",
        certify(
            world.a_certificate(
                **{**_valid(date(2027, 1, 1), date(2027, 2, 28)), "validated_at": world.NOT_BEFORE},
            ),
            key="BW validate next",
        ),
        ADMITTED,
        at=datetime(2027, 1, 4, 12, 0, tzinfo=UTC),
    )
    compromised = certify(
        world.a_certificate(**_valid(date(2026, 9, 20), date(2026, 11, 15))), key="BW validate compromised"
    )
    yield vector(
        "key-compromised-later",
        "The key is compromised, and a letter received before that already had this certificate.",
        compromised,
        ADMITTED,
        known={"existed_before": {compromised.identity.hex(): "2026-09-30T23:59:59Z"}},
    )
    january = certify(world.a_certificate(**_valid(date(2026, 1, 20), date(2026, 3, 15))))
    yield vector(
        "list-that-reaches",
        "A trust list of January proves a certificate of January, presented while the list reached.",
        january,
        ADMITTED,
        trust="list-of-january",
        at=datetime(2026, 2, 8, 23, 59, tzinfo=UTC),
    )
    yield vector(
        "list-that-ended-still-proves",
        "A list in which the signature was once good goes on proving it; only today's standing is not in it.",
        january,
        entry_undecided(13, "trust.reach"),
        trust="list-of-january",
        at=datetime(2026, 3, 10, 12, 0, tzinfo=UTC),
    )
    yield vector("list-without-pins", "Trust rests on a list.", certify(world.a_certificate()), ADMITTED, trust="list")
    yield vector(
        "list-newer-than-pin",
        "The key stands in the list's newer record; the pinned record does not have it yet, and both have one root.",
        certify(world.a_certificate(), key="BW validate renewed"),
        ADMITTED,
        trust="list-and-pins",
    )
    yield vector(
        "list-against-pin-held-key",
        "The list names another root for India; what the pinned record holds goes on counting.",
        certify(_of_india()),
        ADMITTED,
        trust="list-and-pins",
    )
    yield vector(
        "key-claimed-by-another",
        "Another Participant's record claims this key too: that takes nothing from its owner.",
        certify(world.a_certificate()),
        ADMITTED,
        trust="borrowed-key",
    )
    yield vector(
        "signature-other-half",
        "An ECDSA signature with n - s for s is as valid, and the identity is the same.",
        _with_other_half(certify(world.a_certificate())),
        ADMITTED,
    )
    message = certify(world.a_certificate())
    yield vector(
        "same-identity-known",
        "The number is known, with this very identity.",
        message,
        ADMITTED,
        known={"identities": {"BW00004821": message.identity.hex()}},
    )
    yield vector(
        "pinned-before-validation",
        "The key was pinned in June and signed in November: the record reaches on, and nothing says otherwise.",
        certify(world.a_certificate()),
        ADMITTED,
        trust="pinned-in-june",
    )
    yield vector(
        "record-in-its-last-second",
        "Validated in the last second that the record reaches.",
        certify(
            world.a_certificate(
                **{
                    **_valid(date(2026, 6, 30), date(2026, 8, 29)),
                    "validated_at": datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC),
                }
            )
        ),
        ADMITTED,
        trust="ends-in-june",
        at=datetime(2026, 7, 20, 12, 0, tzinfo=UTC),
    )


def _with_other_half(message: Message) -> Message:
    s = int.from_bytes(message.signature[32:])
    return replace(message, signature=message.signature[:32] + (_ORDER - s).to_bytes(32))


def _of_india(**changes: Any) -> Certificate:
    fields: dict[str, Any] = {
        "office": "Mumbai",
        "destination": _AE,
        "expires_at": datetime(2027, 1, 1, 18, 30, tzinfo=UTC),
        **changes,
    }
    return world.a_certificate("IN00093311", **fields)


def _valid(issued: date, expires: date) -> dict[str, Any]:
    """Return the dates of a certificate of Botswana: the day of expiry ends there at 22:00 UTC."""
    return world.dated(issued, expires, datetime(expires.year, expires.month, expires.day, 22, 0, tzinfo=UTC))


def _last_seconds() -> Iterator[Vector]:
    """Give a certificate for each rule of the day, presented in its last second, and one in its first."""
    for name, about, certificate, trust in expiring():
        yield vector(
            f"last-second-{name}",
            f"Presented in the last second of its validity: {about}",
            certify(certificate),
            ADMITTED,
            trust=trust,
            at=certificate.expires_at - _SECOND,
        )
    certificate = world.a_certificate()
    yield vector(
        "first-second",
        "Presented in the very second of its validation.",
        certify(certificate),
        ADMITTED,
        at=certificate.validated_at,
    )


def expiring() -> Iterator[tuple[str, str, Certificate, str]]:
    """Give a name, a sentence, a certificate and its trust set for each rule of the day.

    The instants are stated by hand, not computed from a legal profile.
    """
    cases = (
        # name, about, number, office, date of issuance, date of expiry, the instant at which that day ends
        ("canada", "sixty days, until 24:00 GMT.", "CA0031", "Capital", "2026-11-02", "2027-01-01", "2027-01-02T00:00"),
        (
            "eu-february",
            "two months from 31 December end with February.",
            "EU00012345",
            "Antwerp",
            "2026-12-31",
            "2027-02-28",
            "2027-02-28T23:00",
        ),
        (
            "eu-leap-day",
            "two months from 31 December end on 29 February in a leap year.",
            "EU00012346",
            "Antwerp",
            "2023-12-31",
            "2024-02-29",
            "2024-02-29T23:00",
        ),
        (
            "eu-summer",
            "the day ends at 22:00 UTC in summer.",
            "EU00012347",
            "Antwerp",
            "2026-05-15",
            "2026-07-15",
            "2026-07-15T22:00",
        ),
        (
            "eu-clocks-go-back",
            "the day on which clocks go back has 25 hours.",
            "EU00012348",
            "Antwerp",
            "2026-09-25",
            "2026-10-25",
            "2026-10-25T23:00",
        ),
        (
            "eu-clocks-go-forward",
            "the day on which clocks go forward has 23 hours.",
            "EU00012349",
            "Antwerp",
            "2026-02-15",
            "2026-03-29",
            "2026-03-29T22:00",
        ),
        (
            "eu-lisbon",
            "at the office in Lisbon the day ends an hour later than in Antwerp.",
            "EU00012350",
            "Lisbon",
            "2026-12-31",
            "2027-02-28",
            "2027-03-01T00:00",
        ),
        (
            "eu-bucharest",
            "at the office in Bucharest the day ends an hour earlier.",
            "EU00012351",
            "Bucharest",
            "2026-12-31",
            "2027-02-28",
            "2027-02-28T22:00",
        ),
        (
            "india",
            "the zone of India is half an hour off.",
            "IN00093312",
            "Mumbai",
            "2026-11-02",
            "2027-01-01",
            "2027-01-01T18:30",
        ),
        (
            "us",
            "in New York the day ends at 05:00 UTC in winter.",
            "US104883",
            "Capital",
            "2026-11-02",
            "2027-01-01",
            "2027-01-02T05:00",
        ),
        (
            "us-clocks-go-back",
            "in New York the day on which clocks go back has 25 hours.",
            "US104884",
            "Capital",
            "2026-09-15",
            "2026-11-01",
            "2026-11-02T05:00",
        ),
        (
            "brazil",
            "in Brazil the day ends at 03:00 UTC.",
            "BR0019",
            "Capital",
            "2026-11-02",
            "2027-01-01",
            "2027-01-02T03:00",
        ),
        (
            "china",
            "in China the day ends at 16:00 UTC.",
            "CN0022",
            "Capital",
            "2026-11-02",
            "2027-01-01",
            "2027-01-01T16:00",
        ),
    )
    for name, about, number, office, issued, expires, ends in cases:
        on, until = date.fromisoformat(issued), date.fromisoformat(expires)
        destination = _CN if number.startswith("IN") else _IN
        certificate = world.a_certificate(
            number,
            office=office,
            destination=destination,
            **world.dated(on, until, datetime.fromisoformat(ends).replace(tzinfo=UTC)),
        )
        yield name, about, certificate, "history" if on.year < 2026 else "pins"


def _standing() -> Iterator[Vector]:
    yield vector(
        "standing-not-known-today",
        "Standing was last known seventeen months ago; what a later decision changed nobody can say.",
        certify(world.a_certificate()),
        entry_undecided(13, "trust.reach"),
        trust="old-standing",
    )
    may = certify(world.a_certificate(**_valid(date(2026, 5, 15), date(2026, 7, 14))))
    reach = datetime(2026, 6, 1, tzinfo=UTC)
    yield vector(
        "standing-known-for-another-second",
        "Standing of 1 June 2025 reaches for 365 days: presented in the last second of them.",
        may,
        ADMITTED,
        trust="old-standing",
        at=reach - _SECOND,
    )
    yield vector(
        "standing-not-known-since-this-second",
        "Standing of 1 June 2025 reaches for 365 days: presented in the first second after them.",
        may,
        entry_undecided(13, "trust.reach"),
        trust="old-standing",
        at=reach,
    )
    yield vector(
        "issuer-is-member-state",
        "A member state of the European Union issues under its own code: the Union is the Participant.",
        certify(world.a_certificate("BE00000001", office="Capital")),
        inadmissible(14, "III.c.issuer-standing"),
    )
    yield vector(
        "destination-is-member-state",
        "Destined for a member state, presented to the Union.",
        certify(world.a_certificate(destination=ParticipantCode("BE"))),
        inadmissible(17, "III.b.destination-matches"),
        asked={"importing": "EU", "office": "Antwerp", "first_import": True},
    )
    yield vector(
        "importing-side-is-no-participant",
        "Destined for and presented in a country that never was a Participant.",
        certify(world.a_certificate(destination=ParticipantCode("KE"))),
        inadmissible(16, "III.c.importing-standing"),
    )
    yield vector(
        "wrong-destination",
        "Destined for India, presented in China.",
        certify(world.a_certificate()),
        inadmissible(17, "III.b.destination-matches"),
        asked={"importing": "CN", "office": ""},
    )
    yield vector(
        "asked-without-a-place",
        "Nobody says where it is presented: it is judged as if at its destination.",
        certify(world.a_certificate(destination=_CN)),
        ADMITTED,
        asked={"importing": None},
    )
    yield vector(
        "origin-never-a-participant",
        "Mined in a country that never was a Participant.",
        certify(world.a_certificate(origin=world.an_origin("BW", "KE"))),
        inadmissible(15, "III.c.origin-standing"),
    )


def _past(
    name: str, about: str, number: str, issued: date, answers: Answers, *, presented_after: int = 10, **changes: Any
) -> Vector:
    """Return the vector of a certificate of the past, valid sixty days and presented ten days on."""
    expires = issued + timedelta(days=60)
    fields: dict[str, Any] = {
        "office": "Capital",
        "origin": world.an_origin(number[:2]),
        **world.dated(
            issued, expires, datetime(expires.year, expires.month, expires.day, 12, tzinfo=UTC) + timedelta(hours=12)
        ),
        **changes,
    }
    at = datetime(issued.year, issued.month, issued.day, 15, 0, tzinfo=UTC) + timedelta(days=presented_after)
    message = certify(world.a_certificate(number, **fields))
    return vector(name, about, message, answers, trust="history", at=at)


def _history() -> Iterator[Vector]:
    """Give certificates of the years in which standing was not what it is today."""
    no_issuer, no_origin = inadmissible(14, "III.c.issuer-standing"), inadmissible(15, "III.c.origin-standing")
    not_decided = entry_undecided(14, "III.c.issuer-standing")
    yield _past("car-2014", "The Central African Republic, suspended in 2014.", "CF0001", date(2014, 3, 3), no_issuer)
    yield _past(
        "car-2017-nola",
        "The Central African Republic in 2017, mined in the compliant zone of Nola.",
        "CF0002",
        date(2017, 6, 1),
        ADMITTED,
        origin=world.an_origin("CF", area="Nola"),
    )
    yield _past(
        "car-2017-bria",
        "The Central African Republic in 2017, mined in Bria, which was not compliant.",
        "CF0003",
        date(2017, 6, 1),
        no_origin,
        origin=world.an_origin("CF", area="Bria"),
    )
    yield _past(
        "car-2017-no-area",
        "The Central African Republic in 2017, and the zone is not named.",
        "CF0004",
        date(2017, 6, 1),
        entry_undecided(15, "III.c.origin-standing"),
        origin=world.an_origin("CF"),
    )
    yield _past(
        "car-2017-undisclosed",
        "The Central African Republic in 2017, and the origin is not disclosed.",
        "CF0007",
        date(2017, 6, 1),
        entry_undecided(15, "III.c.origin-standing"),
        origin=world.an_origin(),
    )
    yield _past(
        "car-2025", "The Central African Republic after its return in 2024.", "CF0005", date(2025, 2, 3), ADMITTED
    )
    yield _past(
        "car-origin-2014",
        "Issued by the European Union in 2014, mined in the suspended Central African Republic.",
        "EU00000014",
        date(2014, 3, 3),
        no_origin,
        origin=world.an_origin("CF"),
        office="Antwerp",
    )
    yield _past(
        "car-importing-2014",
        "Destined for the Central African Republic while it was suspended.",
        "BW00000014",
        date(2014, 3, 3),
        inadmissible(16, "III.c.importing-standing"),
        destination=ParticipantCode("CF"),
    )
    yield _past(
        "suspended-after-validation",
        "Validated the day before the Central African Republic was suspended, under way since: an official decides.",
        "CF0006",
        date(2013, 5, 22),
        not_decided,
    )
    yield _past(
        "suspended-from-the-next-day",
        "Validated and presented on the day before the suspension of the Central African Republic.",
        "CF0006",
        date(2013, 5, 22),
        ADMITTED,
        presented_after=0,
    )
    yield _past(
        "lebanon-2004",
        "Lebanon was removed early in 2004; the day is not known.",
        "LB0001",
        date(2004, 2, 16),
        not_decided,
        origin=world.an_origin("BW"),
    )
    yield _past(
        "lebanon-2006",
        "Lebanon after its return in 2005.",
        "LB0002",
        date(2006, 2, 15),
        ADMITTED,
        origin=world.an_origin("BW"),
    )
    yield _past(
        "gb-2020",
        "The United Kingdom in 2020, when it took part with the Union: its key claims force, its standing does not.",
        "GB00000001",
        date(2020, 11, 2),
        no_issuer,
        origin=world.an_origin("BW"),
    )
    yield _past(
        "gb-2021",
        "The United Kingdom on its first day as a Participant of its own.",
        "GB00000002",
        date(2021, 1, 1),
        ADMITTED,
        origin=world.an_origin("BW"),
    )
    yield _past("cameroon-2011", "Cameroon a year before it was admitted.", "CM0001", date(2011, 5, 2), no_issuer)
    yield _past(
        "cameroon-august-2012",
        "Cameroon in the month of its admission, of which the day is not in the tables.",
        "CM0002",
        date(2012, 8, 15),
        not_decided,
    )
    yield _past("cameroon-2013", "Cameroon after it was admitted.", "CM0003", date(2013, 5, 2), ADMITTED)
    yield _past(
        "congo-2004-last-day",
        "The Republic of the Congo on the day before it was removed, presented the same day.",
        "CG0001",
        date(2004, 7, 8),
        ADMITTED,
        presented_after=0,
    )
    yield _past(
        "congo-2004-under-way",
        "The same, presented nine days after it was removed: under way meanwhile, so an official decides.",
        "CG0001",
        date(2004, 7, 8),
        not_decided,
    )
    yield _past("congo-2005", "The Republic of the Congo while it was removed.", "CG0002", date(2005, 5, 2), no_issuer)
    yield _past(
        "congo-2007-first-day",
        "The Republic of the Congo on the day of its return.",
        "CG0003",
        date(2007, 11, 8),
        ADMITTED,
    )
    yield _past("venezuela-2010", "Venezuela, which had suspended itself.", "VE0001", date(2010, 5, 3), no_issuer)
    yield _past(
        "venezuela-november-2016",
        "Venezuela in the month of its return; the day is not known.",
        "VE0002",
        date(2016, 11, 15),
        not_decided,
    )
    yield _past(
        "cote-divoire-origin-2010",
        "Listed origin, one of the countries under the United Nations' embargo.",
        "BW00000010",
        date(2010, 5, 3),
        no_origin,
        origin=world.an_origin("BW", "CI"),
    )
    yield _past(
        "zimbabwe-2010-marange",
        "Zimbabwe in 2010, mined in Marange.",
        "ZW0001",
        date(2010, 5, 3),
        no_origin,
        origin=world.an_origin("ZW", area="Marange"),
    )
    yield _past(
        "zimbabwe-2010-elsewhere",
        "Zimbabwe in 2010, mined in another area than Marange.",
        "ZW0002",
        date(2010, 5, 3),
        ADMITTED,
        origin=world.an_origin("ZW", area="Imaginary River"),
    )
    yield _past(
        "chinese-taipei",
        "Issued by the trading entity of Chinese Taipei, with which Participants may trade.",
        "TW0001",
        date(2026, 9, 1),
        ADMITTED,
        origin=world.an_origin("BW"),
    )
    yield _past(
        "kenya", "A country that never was a Participant, with keys of its own.", "KE0001", date(2015, 5, 4), no_issuer
    )


def _lists_and_prohibitions() -> Iterator[Vector]:
    yield _past(
        "uzbekistan-us-december-2024",
        "Uzbekistan was admitted in November 2024; the list of the United States has it from March 2025.",
        "UZ0001",
        date(2024, 12, 2),
        inadmissible(18, "profile.national-list"),
        destination=_US,
        origin=world.an_origin("BW"),
    )
    yield _past(
        "uzbekistan-us-first-day",
        "Validated before, presented on the day on which the list of the United States has Uzbekistan.",
        "UZ0002",
        date(2025, 2, 24),
        ADMITTED,
        destination=_US,
        origin=world.an_origin("BW"),
    )
    yield replace(
        _past(
            "uzbekistan-us-day-before",
            "Presented in the United States on 5 March 2025, a day too early; in London it is 6 March already.",
            "UZ0003",
            date(2025, 2, 23),
            inadmissible(18, "profile.national-list"),
            destination=_US,
            origin=world.an_origin("BW"),
        ),
        at=datetime(2025, 3, 6, 3, 0, tzinfo=UTC),
    )
    yield _past(
        "uzbekistan-india-december-2024",
        "Uzbekistan into India in December 2024: no list of India's is known, the Scheme's standing counts.",
        "UZ0004",
        date(2024, 12, 2),
        ADMITTED,
        origin=world.an_origin("BW"),
    )
    undisclosed = certify(
        world.a_certificate(
            origin=Origin(OriginKind.MIXED_UNDISCLOSED, ()), destination=_EU, importer=_antwerp_importer()
        )
    )
    here = {"importing": "EU", "office": "Antwerp"}
    yield vector(
        "eu-mixed-origin-first-import",
        "First import into the European Union, of mixed origin that is not disclosed.",
        undisclosed,
        inadmissible(19, "profile.prohibitions"),
        asked={**here, "first_import": True},
    )
    yield vector(
        "eu-mixed-origin-not-first-import",
        "The same goods had been in the European Union before.",
        undisclosed,
        ADMITTED,
        asked={**here, "first_import": False},
    )
    yield vector(
        "eu-mixed-origin-nobody-says",
        "Nobody says whether it is a first import.",
        undisclosed,
        entry_undecided(19, "profile.prohibitions"),
        asked=here,
    )
    yield vector(
        "eu-mixed-origin-null",
        "It is said that nobody knows whether it is a first import.",
        undisclosed,
        entry_undecided(19, "profile.prohibitions"),
        asked={**here, "first_import": None},
    )
    yield vector(
        "eu-mixed-origin-listed",
        "First import into the European Union, of mixed origin, and every country is listed.",
        certify(world.a_certificate(origin=world.an_origin("BW", "NA"), destination=_EU)),
        ADMITTED,
        asked={**here, "first_import": True},
    )
    yield replace(
        _past(
            "eu-mixed-origin-february-2025",
            "Undisclosed origin into the European Union on the last day before that was prohibited.",
            "BW00000025",
            date(2025, 2, 18),
            ADMITTED,
            destination=_EU,
            origin=world.an_origin(),
        ),
        asked={**here, "first_import": True},
    )
    yield replace(
        _past(
            "eu-mixed-origin-march-2025",
            "Undisclosed origin into the European Union on the first day of the prohibition.",
            "BW00000026",
            date(2025, 2, 19),
            inadmissible(19, "profile.prohibitions"),
            destination=_EU,
            origin=world.an_origin(),
        ),
        asked={**here, "first_import": True},
    )

    late_evening = certify(
        world.a_certificate(
            "BW00000027",
            origin=world.an_origin(),
            destination=_EU,
            **_valid(date(2025, 2, 19), date(2025, 4, 20)),
        )
    )
    for minute, name, answers in (
        (59, "minute-before", ADMITTED),
        (60, "midnight", inadmissible(19, "profile.prohibitions")),
    ):
        yield vector(
            f"eu-mixed-origin-{name}",
            "The prohibition begins with the day in Antwerp, an hour before the day in London.",
            late_evening,
            answers,
            trust="history",
            at=datetime(2025, 2, 28, 22, 0, tzinfo=UTC) + timedelta(minutes=minute),
            asked={**here, "first_import": True},
        )


def _antwerp_importer() -> Party:
    return Party("Verzonnen Diamant BV", "Antwerp", CountryCode("BE"), "BE-IM-0303")


def _uses() -> Iterator[Vector]:
    message = certify(world.a_certificate())
    mumbai = {"importing": "IN", "office": "Mumbai"}
    for name, about, participant, office, answers in (
        ("same-office", "again at the same office: no alarm.", "IN", "Mumbai", ADMITTED),
        ("other-office", "at another office of the Participant.", "IN", "Surat", inadmissible(21, "III.b.single-use")),
        ("elsewhere", "to another Participant.", "AE", "", inadmissible(21, "III.b.single-use")),
    ):
        earlier = {"participant": participant, "office": office, "at": "2026-11-05T07:00:00Z"}
        yield vector(
            f"presented-before-{name}",
            f"It was presented before, {about}",
            message,
            answers,
            asked=mumbai,
            known={"presentations": {message.identity.hex(): earlier}},
        )
    other = certify(world.a_certificate("BW00004822"))
    yield vector(
        "another-was-presented",
        "Another certificate was presented elsewhere; this one was not.",
        message,
        ADMITTED,
        asked=mumbai,
        known={
            "presentations": {other.identity.hex(): {"participant": "AE", "office": "", "at": "2026-11-05T07:00:00Z"}},
            "statuses": {"BW00004822": "void"},
            "identities": {"BW00004822": other.identity.hex()},
        },
    )
    for status in ("void", "replaced", "lost", "invalidated", "refused", "fraud_confirmed"):
        yield vector(
            f"known-as-{status.replace('_', '-')}",
            f"The last state known of its number is {status.replace('_', ' ')}.",
            message,
            inadmissible(20, "III.b.not-withdrawn"),
            known={"statuses": {"BW00004821": status}},
        )
    for status in ("presented", "accepted", "confirmed"):
        yield vector(
            f"known-as-{status}",
            f"The last state known of its number is {status}, and nobody says where it was presented.",
            message,
            inadmissible(21, "III.b.single-use"),
            known={"statuses": {"BW00004821": status}},
        )
    yield vector(
        "known-as-dispatched",
        "The last state known of its number is dispatched: it is neither withdrawn nor used.",
        message,
        ADMITTED,
        known={"statuses": {"BW00004821": "dispatched"}},
    )
    withdrawn = certify(world.a_certificate(destination=_CN))
    yield vector(
        "several-things-at-once",
        "Wrong destination, void and presented before: the first of these steps is named.",
        withdrawn,
        inadmissible(17, "III.b.destination-matches"),
        asked=mumbai,
        known={
            "statuses": {"BW00004821": "void"},
            "presentations": {
                withdrawn.identity.hex(): {"participant": "AE", "office": "", "at": "2026-11-05T07:00:00Z"}
            },
        },
    )
    yield vector(
        "failure-before-doubt",
        "Standing today is not known, and it is void: what is certain decides.",
        message,
        inadmissible(20, "III.b.not-withdrawn"),
        trust="old-standing",
        known={"statuses": {"BW00004821": "void"}},
    )
