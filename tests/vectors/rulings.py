"""Vectors of rules: applications, certificates to be signed and confirmations, with every breach stated by hand."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from macle.proof import views
from macle.scheme.certificates import ProfileReference, Validation, ValidationKind
from macle.scheme.terms import ParticipantCode
from tests.vectors import world
from tests.vectors.vector import certify

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSE, HOLD, REVIEW, UNDECIDED = "refuse", "hold", "review", "undecided"
GONE = object()
"""A field that is left out."""

Breaches = list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One vector of rules; ``expect`` lists rule, place and outcome of every breach."""

    folder: str
    name: str
    about: str
    subjects: dict[str, Any]
    expect: Breaches
    setting: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the vector as its file says it."""
        return {
            "name": self.name,
            "about": self.about,
            **self.subjects,
            "setting": self.setting,
            "expect": [list(breach) for breach in self.expect],
        }


def rulings() -> Iterator[Ruling]:
    """Give all vectors of rules."""
    yield from _applications()
    yield from _validations()
    yield from _confirmations()


# --- Applications -----------------------------------------------------------------------------------

_SOUND: dict[str, Any] = {
    "participant": "BW",
    "office": "Gaborone",
    "issuing_authority": "Imaginary Diamond Office",
    "kind": "standard",
    "number": "BW00004821",
    "status_index": 17,
    "date_of_issuance": "2026-11-02",
    "date_of_expiry": "2027-01-01",
    "exporter": {
        "name": "Kgalagadi Voorbeeld Diamonds (Pty) Ltd",
        "address": "1 Imaginary Road, Gaborone",
        "town": "Gaborone",
        "country": "BW",
        "licence": "BW-EX-0101",
        "licence_valid_until": "2027-12-31",
    },
    "importer": {
        "name": "Kalpanik Heera Pvt Ltd",
        "address": "2 Kalpanik Marg, Mumbai",
        "town": "Mumbai",
        "country": "IN",
        "licence": "IN-IM-0202",
    },
    "destination": "IN",
    "country_of_provenance": "BW",
    "origin": {"kind": "single", "countries": ["BW"]},
    "lines": [{"hs": "7102.31", "carats": "205.18", "value": "41820.50"}],
    "total_carats": "205.18",
    "total_value": "41820.50",
    "parcels": 1,
    "container_seals": ["GB 000017"],
    "not_conflict_diamonds": True,
    "synthetics_declared": False,
    "sources": [{"kind": "production_record", "reference": "IM-2026-1", "carats": "205.18"}],
    "validation": {"kind": "two_officials", "officials": ["official-01", "official-03"]},
    "languages": ["en"],
}


def _applied(name: str, about: str, expect: Breaches, setting: dict[str, Any] | None = None, **changes: Any) -> Ruling:
    """Return the vector of the sound application with these fields changed; ``exporter__town`` is inside another."""
    application = copy.deepcopy(_SOUND)
    for path, value in changes.items():
        *above, last = path.split("__")
        target = application
        for step in above:
            target = target[step]
        if value is GONE:
            del target[last]
        else:
            target[last] = value
    return Ruling(
        folder="applications",
        name=name,
        about=about,
        subjects={"application": application},
        setting={"on": "2026-11-02", **(setting or {})},
        expect=expect,
    )


def _applications() -> Iterator[Ruling]:
    yield from _contents()
    yield from _evidence()
    yield from _profiles()
    yield from _standing()


def _contents() -> Iterator[Ruling]:
    yield _applied("sound", "Nothing is wrong.", [])
    yield _applied(
        "weight-of-three-decimals",
        "A total weight with a third decimal cannot be read; nothing else is said of it.",
        [("application.readable", "total_carats", REFUSE)],
        total_carats="205.185",
    )
    yield _applied(
        "field-that-does-not-exist",
        "A field that does not exist is named, and nothing is lost.",
        [("application.readable", "colour", REFUSE)],
        colour="yellow",
    )
    yield _applied(
        "origin-missing",
        "Nobody says where it was mined.",
        [("AnnexI.A.country-of-origin", "origin.kind", REFUSE)],
        origin=GONE,
    )
    yield _applied(
        "origin-single-of-two",
        "Two countries for a single origin.",
        [("AnnexI.A.country-of-origin", "origin.countries", REFUSE)],
        origin={"kind": "single", "countries": ["BW", "ZA"]},
    )
    yield _applied(
        "name-without-latin-letters",
        "The importer's name has no form that a reader of English can read.",
        [("AnnexI.A.language", "importer.latin_name", REFUSE)],
        importer__name="काल्पनिक हीरा",
    )
    yield _applied(
        "without-english",
        "English is not among the languages.",
        [("AnnexI.A.language", "languages", REFUSE)],
        languages=["fr"],
    )
    yield _applied(
        "number-of-another",
        "The number begins with another Participant's letters.",
        [("AnnexI.A.number", "number", REFUSE)],
        number="ZA00004821",
    )
    yield _applied(
        "number-used-before",
        "The number has been used.",
        [("AnnexI.A.number-unique", "number", REFUSE)],
        {"numbers_taken": ["BW00004820", "BW00004821"]},
    )
    yield _applied(
        "number-not-reserved-yet",
        "There is no number yet: it is reserved when the examination ends.",
        [],
        number=GONE,
    )
    yield _applied(
        "without-date-of-issuance",
        "No date of issuance.",
        [("AnnexI.A.date-of-issuance", "date_of_issuance", REFUSE)],
        date_of_issuance=GONE,
    )
    yield _applied(
        "without-date-of-expiry",
        "No date of expiry, and the law of Botswana on validity is not known.",
        [("AnnexI.A.date-of-expiry", "date_of_expiry", REFUSE)],
        date_of_expiry=GONE,
    )
    yield _applied(
        "expires-on-its-day",
        "It would expire on the day of its issuance.",
        [("AnnexI.A.date-of-expiry", "date_of_expiry", REFUSE)],
        date_of_expiry="2026-11-02",
    )
    yield _applied(
        "without-issuing-authority",
        "Neither authority nor office is named.",
        [
            ("AnnexI.A.issuing-authority", "issuing_authority", REFUSE),
            ("AnnexI.A.issuing-authority", "office", REFUSE),
        ],
        issuing_authority="",
        office=GONE,
    )
    yield _applied(
        "to-another-authority",
        "Addressed to South Africa, examined in Botswana.",
        [("AnnexI.A.issuing-authority", "participant", REFUSE)],
        {"participant": "BW"},
        participant="ZA",
    )
    yield _applied(
        "parties-incomplete",
        "The exporter's town and the importer's name and country are missing.",
        [
            ("AnnexI.A.exporter-and-importer", "exporter.town", REFUSE),
            ("AnnexI.A.exporter-and-importer", "importer.name", REFUSE),
            ("AnnexI.A.exporter-and-importer", "importer.country", REFUSE),
        ],
        exporter__town=GONE,
        importer__name="",
        importer__country=GONE,
    )
    yield _applied(
        "weight-missing",
        "A line without weight.",
        [("AnnexI.A.carat-weight", "lines[0].carats", REFUSE)],
        lines=[{"hs": "7102.31", "value": "41820.50"}],
        total_carats=GONE,
    )
    yield _applied(
        "value-nought",
        "A line of no value.",
        [("AnnexI.A.value", "lines[0].value", REFUSE), ("issuing.price", "lines", REVIEW)],
        lines=[{"hs": "7102.31", "carats": "205.18", "value": "0"}],
        total_value=GONE,
    )
    yield _applied(
        "without-parcels", "Nobody counted the parcels.", [("AnnexI.A.parcels", "parcels", REFUSE)], parcels=GONE
    )
    yield _applied(
        "no-parcel", "The number of parcels is nought.", [("AnnexI.A.parcels", "parcels", REFUSE)], parcels=0
    )
    yield _applied(
        "heading-of-worked-diamonds",
        "The heading is that of worked diamonds.",
        [("AnnexI.A.hs-code", "lines[0].hs", REFUSE)],
        lines=[{"hs": "7102.39", "carats": "205.18", "value": "41820.50"}],
    )
    yield _applied(
        "heading-twice",
        "Two lines of one heading.",
        [("AnnexI.A.hs-code", "lines[1].hs", REFUSE)],
        lines=[
            {"hs": "7102.31", "carats": "105.18", "value": "20820.50"},
            {"hs": "7102.31", "carats": "100.00", "value": "21000.00"},
        ],
    )
    yield _applied(
        "validation-not-said",
        "Nobody says how it is validated.",
        [("AnnexI.A.validation", "validation.kind", REFUSE)],
        validation=GONE,
    )
    yield _applied(
        "validation-us-by-officials",
        "The United States validate by a customs reference and not by officials.",
        [("AnnexI.A.validation", "validation.kind", REFUSE)],
        participant="US",
        number="US104882",
        country_of_provenance="US",
        exporter__country="US",
    )


def _evidence() -> Iterator[Ruling]:
    yield _applied(
        "provenance-never-a-participant",
        "Exported last from a country that never was a Participant.",
        [("I.provenance", "country_of_provenance", REFUSE)],
        country_of_provenance="KE",
    )
    yield _applied(
        "synthetics",
        "Synthetic diamonds are declared.",
        [("I.synthetics", "synthetics_declared", REFUSE)],
        synthetics_declared=True,
    )
    yield _applied(
        "balance-short",
        "Lawful sources do not cover the last hundredth of a carat: it waits for an official's decision.",
        [("IV.a.balance", "sources", HOLD)],
        sources=[{"kind": "production_record", "reference": "IM-2026-1", "carats": "205.17"}],
    )
    yield _applied(
        "balance-of-the-register-short",
        "The register's balance counts, not the sources that the application names.",
        [("IV.a.balance", "sources", HOLD)],
        {"balance": "205.17"},
    )
    yield _applied("balance-exact", "The balance covers it exactly.", [], {"balance": "205.18"}, sources=[])
    yield _applied(
        "balance-short-where-refused",
        "The same shortfall, where the profile refuses outright.",
        [("IV.a.balance", "sources", REFUSE)],
        {"balance": "205.17", "profile": {"balance_policy": "refuse"}},
    )
    yield _applied(
        "without-seals",
        "No seal is recorded.",
        [("IV.c.container-seals", "container_seals", REFUSE)],
        container_seals=[],
    )
    yield _applied(
        "seal-twice",
        "One seal is recorded twice.",
        [("IV.c.container-seals", "container_seals", REFUSE)],
        container_seals=["GB 000017", "GB 000017"],
    )
    yield _applied(
        "licence-ended",
        "The exporter's licence ended the day before.",
        [("AnnexII.licence", "exporter.licence_valid_until", REFUSE)],
        exporter__licence_valid_until="2026-11-01",
    )
    yield _applied(
        "licence-on-its-last-day", "The licence ends on this day.", [], exporter__licence_valid_until="2026-11-02"
    )
    yield _applied(
        "exporter-suspended",
        "The authority has suspended the exporter.",
        [("AnnexII.suspension", "exporter", REFUSE)],
        {"exporter_suspended": True},
    )
    yield _applied(
        "stock-not-declared",
        "The profile asks for a stock declaration each year, and the register has none of this one.",
        [("profile.stock-declaration", "exporter", REFUSE)],
        {"stock_declared": False, "profile": {"stock_declaration": True}},
    )
    yield _applied(
        "stock-declared",
        "The profile asks for a stock declaration each year, and it was made.",
        [],
        {"stock_declared": True, "profile": {"stock_declaration": True}},
    )
    yield _applied(
        "without-declaration",
        "The exporter has not declared that these are not conflict diamonds.",
        [("AnnexII.18.declaration", "not_conflict_diamonds", REFUSE)],
        not_conflict_diamonds=GONE,
    )
    yield _applied(
        "totals-do-not-add-up",
        "Both totals differ from the sum of the lines by one hundredth.",
        [("issuing.lines-add-up", "total_carats", REFUSE), ("issuing.lines-add-up", "total_value", REFUSE)],
        total_carats="205.19",
        total_value="41820.51",
    )
    yield _applied(
        "weighed-as-applied-for", "The office weighed what was applied for.", [], {"weight_applied_for": "205.18"}
    )
    yield _applied(
        "weighed-differently",
        "The office weighed a hundredth more than was applied for: somebody looks at it.",
        [("issuing.weight", "lines", REVIEW)],
        {"weight_applied_for": "205.17"},
    )
    yield _applied(
        "price-unusual",
        "A carat of Botswana's for a hundred thousand US dollars is looked at, and nothing more.",
        [("issuing.price", "lines", REVIEW)],
        lines=[{"hs": "7102.31", "carats": "205.18", "value": "20518000.00"}],
        total_value="20518000.00",
    )
    yield _applied(
        "valued-higher",
        "The government's valuer found a higher value.",
        [("issuing.valuation", "government_value", REVIEW)],
        government_value="50000.00",
    )
    yield _applied(
        "replaces-nothing",
        "A replacement that does not say what was surrendered.",
        [("certificate.refers-to", "refers_to.number", REFUSE)],
        kind="replacement",
    )


def _profiles() -> Iterator[Ruling]:
    yield _applied(
        "validity-of-61-days",
        "Canada allows sixty days.",
        [("profile.validity", "date_of_expiry", REFUSE)],
        participant="CA",
        number="CA0031",
        country_of_provenance="CA",
        exporter__country="CA",
        date_of_expiry="2027-01-02",
    )
    yield _applied(
        "validity-of-60-days",
        "Sixty days, as Canada allows.",
        [],
        participant="CA",
        number="CA0031",
        country_of_provenance="CA",
        exporter__country="CA",
    )
    yield _applied(
        "validity-beyond-february",
        "Two months from 31 December end on 28 February in the European Union.",
        [("profile.validity", "date_of_expiry", REFUSE)],
        {"on": "2026-12-31"},
        participant="EU",
        number="EU00012345",
        office="Antwerp",
        country_of_provenance="EU",
        exporter__country="BE",
        date_of_issuance="2026-12-31",
        date_of_expiry="2027-03-01",
    )
    yield _applied(
        "number-of-seven-digits",
        "The European Union writes eight digits.",
        [("AnnexI.A.number", "number", REFUSE)],
        participant="EU",
        number="EU0001234",
        office="Antwerp",
        country_of_provenance="EU",
        exporter__country="BE",
    )
    yield _applied(
        "undisclosed-into-the-union",
        "Origin not disclosed, into the European Union.",
        [("profile.origin-listed", "origin.kind", HOLD)],
        destination="EU",
        importer__country="BE",
        importer__town="Antwerp",
        origin={"kind": "mixed_undisclosed"},
    )
    yield _applied(
        "not-on-the-list-of-the-destination",
        "Uzbekistan into the United States in December 2024, before their list had it.",
        [("profile.national-list", "destination", HOLD)],
        {"on": "2024-12-02"},
        participant="UZ",
        number="UZ0001",
        country_of_provenance="UZ",
        exporter__country="UZ",
        destination="US",
        importer__country="US",
        date_of_issuance="2024-12-02",
        date_of_expiry="2025-01-31",
    )


def _standing() -> Iterator[Ruling]:
    yield _applied(
        "issuer-suspended",
        "The Central African Republic in 2014, while it was suspended.",
        [("III.c.issuer-standing", "number", REFUSE)],
        {"on": "2014-03-03"},
        participant="CF",
        number="CF0001",
        country_of_provenance="CF",
        exporter__country="CF",
        date_of_issuance="2014-03-03",
        date_of_expiry="2014-05-02",
        exporter__licence_valid_until="2014-12-31",
    )
    yield _applied(
        "origin-suspended",
        "Mined in the Central African Republic in 2014.",
        [("III.c.origin-standing", "origin.countries", REFUSE)],
        {"on": "2014-03-03"},
        origin={"kind": "mixed_listed", "countries": ["BW", "CF"]},
        date_of_issuance="2014-03-03",
        date_of_expiry="2014-05-02",
    )
    yield _applied(
        "area-not-compliant",
        "Mined in Bria in 2017, which was not compliant.",
        [("III.c.origin-standing", "origin.area", REFUSE)],
        {"on": "2017-06-01"},
        origin={"kind": "single", "countries": ["CF"], "area": "Bria"},
        date_of_issuance="2017-06-01",
        date_of_expiry="2017-07-31",
    )
    yield _applied(
        "issuer-nobody-knows",
        "Lebanon early in 2004: the day of its removal is not known.",
        [("III.c.issuer-standing", "number", UNDECIDED)],
        {"on": "2004-02-16"},
        participant="LB",
        number="LB0001",
        country_of_provenance="LB",
        exporter__country="LB",
        date_of_issuance="2004-02-16",
        date_of_expiry="2004-04-16",
    )
    yield _applied(
        "destination-never-a-participant",
        "Destined for a country that never was a Participant.",
        [("III.c.destination", "destination", REFUSE)],
        destination="KE",
    )
    yield _applied(
        "destination-member-state",
        "Destined for a member state: the Union is the Participant.",
        [("III.c.destination", "destination", REFUSE)],
        destination="BE",
    )
    yield _applied(
        "destination-is-the-issuer",
        "Destined for the issuer itself.",
        [("III.c.destination", "destination", REFUSE)],
        destination="BW",
    )
    yield _applied(
        "without-destination", "No destination.", [("III.c.destination", "destination", REFUSE)], destination=GONE
    )
    yield _applied(
        "several-breaches",
        "Everything that is wrong is named at once.",
        [
            ("AnnexI.A.parcels", "parcels", REFUSE),
            ("AnnexII.18.declaration", "not_conflict_diamonds", REFUSE),
            ("I.synthetics", "synthetics_declared", REFUSE),
            ("IV.c.container-seals", "container_seals", REFUSE),
        ],
        parcels=GONE,
        not_conflict_diamonds=False,
        synthetics_declared=True,
        container_seals=GONE,
    )


# --- Certificates about to be signed ----------------------------------------------------------------


def _to_sign(name: str, about: str, expect: Breaches, setting: dict[str, Any] | None = None, **changes: Any) -> Ruling:
    fields: dict[str, Any] = {"profile": ProfileReference("minima-1", "core"), **changes}
    number = str(fields.pop("number", "BW00004821"))
    return Ruling(
        folder="validations",
        name=name,
        about=about,
        subjects={"certificate": views.certificate_to_json(world.a_certificate(number, **fields))},
        setting={"on": "2026-11-02", **(setting or {})},
        expect=expect,
    )


def _validations() -> Iterator[Ruling]:
    yield _to_sign("may-be-signed", "Nothing is wrong.", [])
    yield _to_sign(
        "statement-unknown",
        "The profile has no such printed statement.",
        [("AnnexI.A.title-and-statement", "profile.statement", REFUSE)],
        profile=ProfileReference("minima-1", "ca-en"),
    )
    yield _to_sign(
        "profile-not-in-force",
        "It rests on another profile than the one in force.",
        [("AnnexI.A.title-and-statement", "profile.version", REFUSE)],
        profile=ProfileReference("bw-2026-01", "core"),
    )
    yield _to_sign(
        "dated-the-day-before",
        "Dated 2 November and signed on 3 November.",
        [
            ("AnnexI.A.date-of-issuance", "date_of_issuance", REFUSE),
        ],
        {"on": "2026-11-03"},
    )
    yield _to_sign(
        "expiry-of-another-zone",
        "The instant of expiry is the end of the day in London, and not in Gaborone.",
        [("AnnexI.A.date-of-expiry", "expires_at", REFUSE)],
        expires_at=datetime(2027, 1, 2, tzinfo=UTC),
    )
    yield _to_sign(
        "already-used-number",
        "The number has been used in the meantime.",
        [("AnnexI.A.number-unique", "number", REFUSE)],
        {"numbers_taken": ["BW00004821"]},
    )
    yield _to_sign(
        "by-another-authority",
        "The number of Botswana before the authority of South Africa, whose own goods these seem to be.",
        [
            ("AnnexI.A.number", "number", REFUSE),
        ],
        {"participant": "ZA"},
    )
    yield _to_sign(
        "consent-too-weak",
        "The profile asks for consent at the level bound.",
        [("profile.consent-level", "consent_level", REFUSE)],
        {"profile": {"consent_level": "bound"}},
    )
    yield _to_sign(
        "us-by-officials",
        "The United States validate by a customs reference.",
        [("AnnexI.A.validation", "validation.kind", REFUSE)],
        number="US104882",
        office="Capital",
        expires_at=datetime(2027, 1, 2, 5, tzinfo=UTC),
        profile=ProfileReference("US-1", "core"),
        validation=Validation(ValidationKind.TWO_OFFICIALS, ("official-01", "official-03")),
    )
    yield _to_sign(
        "to-the-issuer-itself",
        "Destined for the issuer itself.",
        [("III.c.destination", "destination", REFUSE)],
        destination=ParticipantCode("BW"),
    )


# --- Confirmations ----------------------------------------------------------------------------------


def _confirmed(
    name: str, about: str, expect: Breaches, setting: dict[str, Any] | None = None, **changes: Any
) -> Ruling:
    certificate = world.a_certificate()
    lines = [{"hs": "7102.31", "carats": "205.18", "value": "41820.50"}]
    identity = certify(certificate).identity.hex()
    view = views.certificate_to_json(certificate)
    confirmation = {
        "type": "import_confirmation",
        "certificate": {"number": "BW00004821", "identity": identity},
        "importing_participant": "IN",
        "office": "Mumbai",
        "importing_authority": "Imaginary Import Office",
        "confirmed_at": "2026-11-09T11:00:00Z",
        "date_of_receipt": "2026-11-09",
        "exporter": view["exporter"],
        "importer": view["importer"],
        "declared": {"parcels": 1, "lines": lines},
        "measured": {"parcels": 1, "lines": lines},
        "seals": "intact",
        "result": "accepted",
        "official": "official-02",
        "consent_level": "token",
        "remark": "",
        "extensions": {},
        **changes,
    }
    return Ruling(
        folder="confirmations",
        name=name,
        about=about,
        subjects={"certificate": view, "confirmation": confirmation},
        setting={"identity": identity, **(setting or {})},
        expect=expect,
    )


def _count(carats: str, *, parcels: int = 1, hs: str = "7102.31") -> dict[str, Any]:
    return {"parcels": parcels, "lines": [{"hs": hs, "carats": carats, "value": "41820.50"}]}


def _confirmations() -> Iterator[Ruling]:
    different = "III.b.confirmation-matches"
    yield _confirmed("as-declared", "Everything is as declared.", [])
    yield _confirmed("not-opened", "The container was not opened: a legal answer.", [], measured=None)
    yield _confirmed(
        "a-hundredth-more",
        "Measured a hundredth of a carat more; no tolerance of India's is known.",
        [("profile.tolerance", "measured.lines", HOLD)],
        measured=_count("205.19"),
    )
    yield _confirmed(
        "within-the-tolerance",
        "Measured a hundredth of a carat more, within the tolerance.",
        [],
        {"profile": {"tolerance": {"hundredths": 1}}},
        measured=_count("205.19"),
    )
    yield _confirmed(
        "beyond-the-tolerance",
        "Measured two hundredths more, where one is tolerated.",
        [("profile.tolerance", "measured.lines", HOLD)],
        {"profile": {"tolerance": {"hundredths": 1}}},
        measured=_count("205.20"),
    )
    yield _confirmed(
        "seals-broken-and-accepted",
        "Accepted although the seals were broken.",
        [("AnnexII.22.seals", "seals", HOLD)],
        seals="broken",
    )
    yield _confirmed(
        "seals-broken-and-refused", "Refused because the seals were broken.", [], seals="broken", result="refused"
    )
    yield _confirmed(
        "another-count",
        "Two parcels were counted where one is declared.",
        [("AnnexII.23.contents", "measured.parcels", HOLD)],
        measured=_count("205.18", parcels=2),
    )
    yield _confirmed(
        "weight-nought",
        "The declared weight is confirmed as nought.",
        [("III.b.confirmation-content", "declared.lines", REFUSE), (different, "declared.lines", REFUSE)],
        declared=_count("0.00"),
    )
    yield _confirmed(
        "another-number",
        "The confirmation names another number.",
        [(different, "certificate.number", REFUSE)],
        certificate={"number": "BW00004822", "identity": certify(world.a_certificate()).identity.hex()},
    )
    yield _confirmed(
        "another-identity",
        "The confirmation names another identity.",
        [(different, "certificate.identity", REFUSE)],
        certificate={"number": "BW00004821", "identity": "00" * 32},
    )
    yield _confirmed(
        "another-participant",
        "Confirmed by another Participant than the destination.",
        [(different, "importing_participant", REFUSE)],
        importing_participant="AE",
    )
    yield _confirmed(
        "declared-otherwise",
        "The declared figures are not those of the certificate.",
        [(different, "declared.lines", REFUSE), (different, "declared.parcels", REFUSE)],
        declared=_count("205.17", parcels=2),
    )
    yield _confirmed(
        "paper-only",
        "The certificate came on paper: its identity is not known.",
        [],
        {"identity": ""},
        certificate={"number": "BW00004821", "identity": ""},
    )
