"""What a Participant's own law adds, read from its legal profile: only what has a source is a rule."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from macle.scheme.certificates import Certificate, OriginKind
from macle.scheme.profiles import ProhibitionScope
from macle.scheme.rules import Outcome, Stage, breach, rule

if TYPE_CHECKING:
    from macle.scheme.applications import Application
    from macle.scheme.confirmations import ImportConfirmation
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import ConfirmationSetting, IssuingSetting, PresentationSetting

_SINCE = date(2003, 1, 1)
_III_B = "KPCS Core Document, Section III(b)"


@rule(
    "profile.validity",
    source="the issuer's legal profile",
    effective=_SINCE,
    stages=(Stage.APPLICATION, Stage.VALIDATION),
)
def validity(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the certificate would be valid longer than the issuer's law allows."""
    limit = setting.profile.validity
    if limit is None or subject.date_of_issuance is None or subject.date_of_expiry is None:
        return []
    latest = limit.latest_expiry(subject.date_of_issuance)
    if subject.date_of_expiry <= latest:
        return []
    return breach(
        "profile.validity",
        where="date_of_expiry",
        what=f"It would expire on {subject.date_of_expiry}; {setting.profile.participant} allows {latest} at the latest.",
        mend=f"Let it expire on {latest} or before.",
        source=limit.source,
    )


@rule(
    "profile.origin-listed",
    source="the destination's legal profile",
    effective=date(2025, 3, 1),
    stages=(Stage.APPLICATION,),
    outcome=Outcome.HOLD,
)
def origin_listed(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the origin is undisclosed and the destination asks for every country of origin."""
    if subject.origin is None or subject.origin.kind is not OriginKind.MIXED_UNDISCLOSED:
        return []
    return [
        found
        for each in setting.destination_profile.prohibitions_on(setting.on)
        for found in breach(
            "profile.origin-listed",
            where="origin.kind",
            what=f"{setting.destination_profile.participant}: {each.text}",
            mend="List the countries of origin, or have an official decide that this is not such an import.",
            source=each.source,
        )
    ]


@rule(
    "profile.national-list",
    source="the importing Participant's legal profile",
    effective=_SINCE,
    stages=(Stage.PRESENTATION,),
)
def national_list(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:
    """Return a breach if the importing Participant's own list does not have the issuer on the day of import."""
    on = setting.profile.day_of(setting.at, office=setting.office)
    listing = setting.profile.listing(subject.issuer, on=on)
    if listing.on_list is not False:
        return []
    standing = setting.participants.standing(subject.issuer, on=on)
    return breach(
        "profile.national-list",
        where="number",
        what=(
            f"{subject.issuer} is not on {setting.importing}'s own list on {on} ({listing.list_name}). "
            f"KP standing: {' or '.join(each.kind.replace('_', ' ') for each in standing.possible)}; national list: not yet."
        ),
        mend="At the border the national list governs: ask the ministry that keeps it.",
        judged_at=on,
        source=listing.source,
    )


@rule(
    "profile.prohibitions",
    source="the importing Participant's legal profile",
    effective=_SINCE,
    stages=(Stage.PRESENTATION,),
)
def prohibitions(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:
    """Return a breach for each other import prohibition that applies: a good certificate does not lift it."""
    found: list[Breach] = []
    if not setting.profile.prohibitions or subject.origin.kind is not OriginKind.MIXED_UNDISCLOSED:
        return found
    for each in setting.profile.prohibitions_on(setting.profile.day_of(setting.at, office=setting.office)):
        first_only = each.scope is ProhibitionScope.FIRST_IMPORT
        if first_only and setting.first_import is False:
            continue
        unknown = first_only and setting.first_import is None
        found += breach(
            "profile.prohibitions",
            where="origin.kind",
            what=f"{each.text} The origin of this shipment is not disclosed.",
            mend="Find out whether the goods enter for the first time."
            if unknown
            else "Ask for the countries of origin.",
            outcome=Outcome.UNDECIDED if unknown else Outcome.REFUSE,
            source=each.source,
        )
    return found


@rule(
    "profile.tolerance",
    source="the importing Participant's legal profile",
    effective=_SINCE,
    stages=(Stage.CONFIRMATION,),
)
def tolerance(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:
    """Return a breach if the measured weight is not the declared one, within the tolerance of the profile.

    No tolerance of the Scheme is known: without one in the profile the weights are compared exactly.
    """
    if subject.measured is None:
        return []
    declared, measured = setting.certificate.carat_weight, subject.measured.carat_weight
    allowed = setting.profile.tolerance
    if declared == measured or (allowed is not None and allowed.covers(declared=declared, measured=measured)):
        return []
    return breach(
        "profile.tolerance",
        where="measured.lines",
        what=f"Measured {measured} carats, declared {declared}.",
        mend="Weigh again; then detain, or ask the issuing authority for its consent to an endorsement.",
        outcome=Outcome.HOLD,
        source="" if allowed is None else allowed.source,
    )


@rule("III.b.confirmation-content", source=_III_B, effective=_SINCE, stages=(Stage.CONFIRMATION,))
def confirmation_content(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach for each part of the least content that says nothing: parcels, weight, the two parties."""
    found: list[Breach] = []
    if not subject.declared.carat_weight.hundredths:
        found += breach(
            "III.b.confirmation-content", where="declared.lines", what="The weight is nought.", mend="State it."
        )
    for where, party in (("exporter", subject.exporter), ("importer", subject.importer)):
        if not party.name.strip():
            found += breach("III.b.confirmation-content", where=where, what="The name is missing.", mend="State it.")
    return found


@rule("III.b.confirmation-matches", source=_III_B, effective=_SINCE, stages=(Stage.CONFIRMATION,))
def confirmation_matches(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:
    """Return each way in which the confirmation disagrees with its certificate; weights are compared exactly.

    What was measured may differ: that is `profile.tolerance`.
    """
    certificate = setting.certificate
    pairs = (
        ("certificate.number", subject.certificate.number, certificate.number),
        ("importing_participant", subject.importing_participant, certificate.destination),
        ("exporter", subject.exporter, certificate.exporter),
        ("importer", subject.importer, certificate.importer),
        ("declared.parcels", subject.declared.parcels, certificate.parcels),
        ("declared.lines", sorted(_figures(subject.declared.lines)), sorted(_figures(certificate.lines))),
    )
    return [
        found
        for where, confirmed, certified in pairs
        if confirmed != certified
        for found in breach(
            "III.b.confirmation-matches",
            where=where,
            what="The confirmation and the certificate differ.",
            mend="Correct the confirmation, or ask the issuing authority.",
            confirmed=confirmed,
            certified=certified,
        )
    ]


def _figures(lines: tuple[object, ...]) -> list[tuple[str, int, int]]:
    return [(line.hs, line.carats.hundredths, line.value.hundredths) for line in lines]  # type: ignore[attr-defined]
