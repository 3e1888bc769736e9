"""Annex I-A: what every certificate carries.

An `Application` may lack anything; a rule reports a field once, and keeps silent about one that was given
but could not be read, for `application.readable` reports that.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from macle.scheme.certificates import LEAST_MIXED, MOST_ORIGINS, MOST_PARCELS, Certificate, OriginKind, ValidationKind
from macle.scheme.rules import Outcome, Stage, breach, decided_by_verification, rule

if TYPE_CHECKING:
    from macle.scheme.applications import Application, AppliedParty
    from macle.scheme.certificates import Party
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import IssuingSetting

_SINCE = date(2003, 1, 1)
_SOURCE = "KPCS Core Document, Annex I-A"
_APPLIED = (Stage.APPLICATION,)
_MOST_OFFICIALS = 4
_BOTH = (Stage.APPLICATION, Stage.VALIDATION)

decided_by_verification("AnnexI.A.tamper-resistance", source=_SOURCE, effective=_SINCE)
decided_by_verification("certificate.complete", source=_SOURCE, effective=_SINCE)
decided_by_verification(
    "trust.reach",
    source="Macle: stale trust data decides nothing",
    effective=_SINCE,
    outcome=Outcome.UNDECIDED,
)


@rule(
    "application.readable",
    source="Macle: an application is read whole or its unread fields are named",
    effective=_SINCE,
    stages=_APPLIED,
)
def application_readable(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return each field that was given and could not be read."""
    return [
        found
        for problem in subject.unreadable
        for found in breach("application.readable", where=problem.where, what=problem.what, mend=problem.mend)
    ]


@rule("AnnexI.A.title-and-statement", source=_SOURCE, effective=_SINCE, stages=(Stage.VALIDATION,))
def title_and_statement(*, subject: Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the certificate names another profile than the one in force, or a statement it has not."""
    named, profile = subject.profile, setting.profile
    if named.version != profile.version:
        return breach(
            "AnnexI.A.title-and-statement",
            where="profile.version",
            what=f"It rests on the profile {named.version}; in force is {profile.version}.",
            mend=f"Issue it under {profile.version}.",
        )
    if named.statement in profile.statements:
        return []
    return breach(
        "AnnexI.A.title-and-statement",
        where="profile.statement",
        what=f"The profile {profile.version} has no printed statement {named.statement!r}.",
        mend=f"Use one of: {', '.join(profile.statements)}.",
    )


@rule("AnnexI.A.country-of-origin", source=_SOURCE, effective=_SINCE, stages=_APPLIED)
def country_of_origin(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the origin is missing, or its countries do not fit its kind."""
    origin = subject.origin
    if origin is None or origin.kind is None:
        if subject.is_unreadable("origin.kind"):
            return []
        return _missing(
            "AnnexI.A.country-of-origin", "origin.kind", "Say whether the origin is single, listed or undisclosed."
        )
    if subject.is_unreadable("origin.countries"):
        return []
    count = len(set(origin.countries))
    if origin.kind is OriginKind.SINGLE and len(origin.countries) != 1:
        what, mend = "A single origin is one country.", "Name the one country in which all of it was mined."
    elif origin.kind is OriginKind.MIXED_LISTED and not LEAST_MIXED <= count == len(origin.countries) <= MOST_ORIGINS:
        what, mend = "A listed mixed origin has two to twelve different countries.", "List each country of mining once."
    elif origin.kind is OriginKind.MIXED_UNDISCLOSED and origin.countries:
        what, mend = "An undisclosed origin lists no country.", "Leave the countries out, or choose mixed_listed."
    else:
        return []
    return breach("AnnexI.A.country-of-origin", where="origin.countries", what=what, mend=mend)


_NOT_LATIN = re.compile(r"[^\W\d_A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_LATIN = re.compile(r"[A-Za-z]")


@rule("AnnexI.A.language", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def language(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach for each name that a reader of English cannot read, and if English is left out."""
    found = _unreadable_names(subject.exporter, "exporter") + _unreadable_names(subject.importer, "importer")
    found += _without_latin(subject.issuing_authority, "issuing_authority") + _without_latin(subject.office, "office")
    if not isinstance(subject, Certificate) and subject.languages and "en" not in subject.languages:
        found += breach(
            "AnnexI.A.language",
            where="languages",
            what="English is not among the languages of the certificate.",
            mend='Add "en": any language may stand beside it.',
        )
    return found


def _unreadable_names(party: Party | AppliedParty | None, where: str) -> list[Breach]:
    if party is None:
        return []
    if (party.name or "").isascii() and (party.town or "").isascii() and (party.latin_name or "").isascii():
        return []
    found = []
    shown = party.latin_name or party.name or ""
    if _NOT_LATIN.search(shown):
        found += breach(
            "AnnexI.A.language",
            where=f"{where}.latin_name",
            what="The name has no form in Latin letters.",
            mend="Give the name as it would be written in English.",
        )
    return found + _without_latin(party.town, f"{where}.town")


def _without_latin(text: str | None, where: str) -> list[Breach]:
    if not text or text.isascii() or _LATIN.search(text):
        return []
    return breach(
        "AnnexI.A.language",
        where=where,
        what="This has no form in Latin letters.",
        mend="Add it, as in دبي · Dubai.",
    )


@rule("AnnexI.A.number", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def number(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the number is not the issuer's, or not written as the issuer writes its numbers.

    An application may come before a number is reserved.
    """
    given, profile = subject.number, setting.profile
    if given is None:
        return []
    if given.participant != profile.participant:
        return breach(
            "AnnexI.A.number",
            where="number",
            what=f"The number {given} begins with {given.participant}, and the issuer is {profile.participant}.",
            mend=f"Reserve a number that begins with {profile.participant}.",
        )
    if not profile.number_fits(given.national):
        return breach(
            "AnnexI.A.number",
            where="number",
            what=f"{given.participant} does not write its numbers as {given.national!r}.",
            mend=f"Write them after the pattern {profile.number_pattern}.",
            source=profile.sources.get("number_pattern", ""),
        )
    return []


@rule("AnnexI.A.number-unique", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def number_unique(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the number has been used before; a number is never used again, not even a void one."""
    if subject.number is None or subject.number not in setting.numbers_taken:
        return []
    return breach(
        "AnnexI.A.number-unique",
        where="number",
        what=f"The number {subject.number} has been used.",
        mend="Reserve the next number; void numbers are not used again either.",
    )


@rule("AnnexI.A.date-of-issuance", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def date_of_issuance(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the date is missing or, when the authority validates, is not that day in its zone."""
    if isinstance(subject, Certificate):
        for where, day in (
            ("date_of_issuance", subject.date_of_issuance),
            ("validated_at", setting.profile.day_of(subject.validated_at, office=subject.office)),
        ):
            if day != setting.on:
                return breach(
                    "AnnexI.A.date-of-issuance",
                    where=where,
                    what=f"It says {day} and is validated on {setting.on}, the day at the office.",
                    mend=f"Date it {setting.on}.",
                )
        return []
    if setting.before_sealing:
        return []
    if subject.date_of_issuance is None and not subject.is_unreadable("date_of_issuance"):
        return _missing(
            "AnnexI.A.date-of-issuance", "date_of_issuance", "Give the day on which the authority validates."
        )
    return []


@rule("AnnexI.A.date-of-expiry", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def date_of_expiry(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the certificate would not expire after its issuance, or nobody says when it does.

    The printed day ends in the issuer's zone, or where its law says; the instant in the certificate is that end.
    """
    issued, expires = subject.date_of_issuance, subject.date_of_expiry
    if expires is None:
        unreadable = not isinstance(subject, Certificate) and subject.is_unreadable("date_of_expiry")
        if setting.profile.validity is not None or unreadable:
            return []
        return _missing(
            "AnnexI.A.date-of-expiry",
            "date_of_expiry",
            f"No validity of {setting.profile.participant} is verified, so the application sets the day.",
        )
    if issued is not None and expires <= issued:
        return breach(
            "AnnexI.A.date-of-expiry",
            where="date_of_expiry",
            what=f"It expires on {expires} and is issued on {issued}.",
            mend="Let it expire after the day of issuance.",
        )
    if isinstance(subject, Certificate):
        end = setting.profile.end_of(expires, office=subject.office)
        if subject.expires_at != end:
            return breach(
                "AnnexI.A.date-of-expiry",
                where="expires_at",
                what=f"{expires} ends on {end:%Y-%m-%d %H:%M} UTC for {setting.profile.participant}, and not on "
                f"{subject.expires_at:%Y-%m-%d %H:%M} UTC.",
                mend="Let it expire at the end of the printed day.",
            )
    return []


@rule("AnnexI.A.issuing-authority", source=_SOURCE, effective=_SINCE, stages=_APPLIED)
def issuing_authority(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the issuing authority or its office is not named, or is another Participant's."""
    found: list[Breach] = []
    if subject.participant is None and subject.number is None and not subject.is_unreadable("participant"):
        found += _missing(
            "AnnexI.A.issuing-authority",
            "participant",
            "Write the two letters of the Participant whose authority issues.",
        )
    if subject.participant is not None and subject.participant != setting.profile.participant:
        found += breach(
            "AnnexI.A.issuing-authority",
            where="participant",
            what=f"It is addressed to {subject.participant}, and the issuer is {setting.profile.participant}.",
            mend="Apply to the authority of the Participant that the shipment leaves.",
        )
    for where, name in (("issuing_authority", subject.issuing_authority), ("office", subject.office)):
        if not name and not subject.is_unreadable(where):
            found += _missing(
                "AnnexI.A.issuing-authority", where, "Name the authority, and its office, that validates."
            )
    return found


@rule("AnnexI.A.exporter-and-importer", source=_SOURCE, effective=_SINCE, stages=_APPLIED)
def exporter_and_importer(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach for each part that identifies the exporter or the importer and is missing."""
    found: list[Breach] = []
    for where, party in (("exporter", subject.exporter), ("importer", subject.importer)):
        for part in ("name", "town", "country"):
            if (party is None or not getattr(party, part)) and not subject.is_unreadable(f"{where}.{part}"):
                found += _missing(
                    "AnnexI.A.exporter-and-importer", f"{where}.{part}", f"Give the {part} of the {where}."
                )
    return found


@rule("AnnexI.A.carat-weight", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def carat_weight(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach for each line whose weight is missing or nought."""
    return _amounts(subject, "AnnexI.A.carat-weight", "carats", "weight in carats")


@rule("AnnexI.A.value", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def value(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach for each line whose value is missing or nought."""
    return _amounts(subject, "AnnexI.A.value", "value", "value in US dollars")


def _amounts(subject: Application | Certificate, rule_id: str, part: str, called: str) -> list[Breach]:
    found: list[Breach] = []
    amounts = [getattr(line, part) for line in subject.lines]
    for index, amount in enumerate(amounts):
        if amount is None:
            where = f"lines[{index}].{part}"
            if isinstance(subject, Certificate) or not subject.is_unreadable(where):
                found += _missing(rule_id, where, f"Give the {called}.")
        elif not amount.hundredths:
            found += breach(
                rule_id,
                where=f"lines[{index}].{part}",
                what=f"The {called} is nought.",
                mend="Give it, or leave the line out.",
            )
    known = [amount for amount in amounts if amount is not None]
    if known and sum(amount.hundredths for amount in known) >= known[0].limit:
        found += breach(
            rule_id,
            where="lines",
            what=f"The {called} of the lines together is more than any shipment has.",
            mend="Look for a slip of the point.",
        )
    return found


@rule("AnnexI.A.parcels", source=_SOURCE, effective=_SINCE, stages=_APPLIED)
def parcels(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the shipment's parcels are not counted; lines need not add up to them."""
    if subject.parcels is None:
        unreadable = subject.is_unreadable("parcels")
        return [] if unreadable else _missing("AnnexI.A.parcels", "parcels", "Count the parcels of the shipment.")
    if 1 <= subject.parcels <= MOST_PARCELS:
        return []
    return breach(
        "AnnexI.A.parcels",
        where="parcels",
        what=f"A shipment has from 1 to {MOST_PARCELS:,} parcels, not {subject.parcels}.",
        mend="Count again.",
    )


@rule("AnnexI.A.hs-code", source="KPCS Core Document, Section I and Annex I-A", effective=_SINCE, stages=_APPLIED)
def hs_code(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach for each heading that is no rough diamond's, is missing, or stands twice."""
    if not subject.lines and not subject.is_unreadable("lines"):
        return _missing("AnnexI.A.hs-code", "lines", "Give one line for each HS heading.")
    found: list[Breach] = []
    seen = set()
    for index, line in enumerate(subject.lines):
        where = f"lines[{index}].hs"
        if line.hs is None:
            if line.hs_text is None:
                if not subject.is_unreadable(where):
                    found += _missing("AnnexI.A.hs-code", where, _THREE)
            else:
                found += breach(
                    "AnnexI.A.hs-code", where=where, what=f"{line.hs_text[:20]} is not rough diamonds.", mend=_THREE
                )
        elif line.hs in seen:
            found += breach(
                "AnnexI.A.hs-code",
                where=where,
                what=f"{line.hs} stands twice.",
                mend="Add the two lines: a certificate has one line for each heading.",
            )
        seen.add(line.hs)
    return found


_THREE = "Write 7102.10 (unsorted), 7102.21 (industrial) or 7102.31 (non-industrial)."


@rule("AnnexI.A.validation", source=_SOURCE, effective=_SINCE, stages=_BOTH)
def validation(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if nobody says how it is validated, who does, or the profile orders another kind."""
    given = subject.validation
    if given is None or given.kind is None:
        if not isinstance(subject, Certificate) and subject.is_unreadable("validation.kind"):
            return []
        return _missing(
            "AnnexI.A.validation", "validation.kind", "Say how the authority validates; two officials is usual."
        )
    kinds = setting.profile.validation_kinds
    if kinds and given.kind not in kinds:
        return breach(
            "AnnexI.A.validation",
            where="validation.kind",
            what=f"{setting.profile.participant} does not validate by {given.kind.name.lower()}.",
            mend=f"Validate by {' or '.join(kind.name.lower() for kind in kinds)}.",
            source=setting.profile.sources.get("validation_kinds", ""),
        )
    if isinstance(subject, Certificate):
        return []  # It cannot be made without the officials, or the reference, that its kind consists of.
    return _who_validates(subject, given.kind, given.officials, given.reference, setting)


def _who_validates(
    subject: Application,
    kind: ValidationKind,
    officials: tuple[str, ...],
    reference: str | None,
    setting: IssuingSetting,
) -> list[Breach]:
    """Return a breach if an application names too few, too many or repeated officials, or no customs reference."""
    found: list[Breach] = []
    least = {ValidationKind.ONE_OFFICIAL: 1, ValidationKind.CUSTOMS_REFERENCE: 0}.get(kind, 2)
    is_open = setting.before_sealing and not officials
    fits = least <= len(set(officials)) == len(officials) <= _MOST_OFFICIALS
    if not fits and not is_open and not subject.is_unreadable("validation.officials"):
        found += breach(
            "AnnexI.A.validation",
            where="validation.officials",
            what=f"{len(officials)} named for {kind.name.lower()}: {', '.join(officials) or 'nobody'}.",
            mend=f"Name {least} to {_MOST_OFFICIALS} different officials.",
        )
    is_wanted = kind is ValidationKind.CUSTOMS_REFERENCE and not setting.before_sealing
    if is_wanted and not reference and not subject.is_unreadable("validation.reference"):
        found += _missing("AnnexI.A.validation", "validation.reference", "Give the customs reference.")
    return found


def _missing(rule_id: str, where: str, mend: str) -> list[Breach]:
    return breach(rule_id, where=where, what="This is missing.", mend=mend, outcome=Outcome.REFUSE)
