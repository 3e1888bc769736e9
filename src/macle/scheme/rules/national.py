"""What a Participant's own law adds, read from its legal profile: only what has a source is a rule."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from macle.scheme.certificates import Certificate, OriginKind
from macle.scheme.profiles import ProhibitionKind, ProhibitionScope
from macle.scheme.rules import Outcome, Stage, breach, rule
from macle.scheme.rules.settings import IssuingSetting

if TYPE_CHECKING:
    from macle.scheme.applications import Application
    from macle.scheme.profiles import LegalProfile
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import PresentationSetting

_ABOUT_ORIGIN = frozenset({ProhibitionKind.MIXED_ORIGIN_MUST_BE_LISTED})
_SINCE = date(2003, 1, 1)


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
        what=f"It expires on {subject.date_of_expiry}; {setting.profile.participant} allows {latest} at the latest.",
        mend=f"Let it expire on {latest} or before.",
        source=limit.source,
    )


@rule(
    "profile.consent-level",
    source="the issuer's legal profile",
    effective=_SINCE,
    stages=(Stage.VALIDATION,),
)
def consent_level(*, subject: Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the official consented at a lower level than the issuer's law accepts."""
    least = setting.profile.consent_level
    if least is None or subject.consent_level >= least:
        return []
    return breach(
        "profile.consent-level",
        where="consent_level",
        what=f"{setting.profile.participant} accepts {least.name.lower()}, not {subject.consent_level.name.lower()}.",
        mend="Let the official consent again, at that level.",
        source=setting.profile.sources.get("consent_level", ""),
    )


@rule(
    "profile.stock-declaration",
    source="the issuer's legal profile",
    effective=_SINCE,
    stages=(Stage.APPLICATION,),
)
def stock_declaration(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the exporter has not declared its stock of the year where the issuer's law asks for it.

    Where no register keeps declarations nothing is known, and nothing follows.
    """
    return of_stock(setting.profile, declared=setting.stock_declared is not False, on=setting.on)


def of_stock(profile: LegalProfile, *, declared: bool, on: date) -> list[Breach]:
    """Return the breach of a trader that owes a declaration; its register knows it before there is an application."""
    if declared or not profile.stock_declaration:
        return []
    return breach(
        "profile.stock-declaration",
        where="exporter",
        what=f"{profile.participant} asks for a stock declaration each year, and that of {on.year} is missing.",
        mend=f"Declare the stock of {on.year}; a stock of nothing is declared too.",
        source=profile.sources.get("stock_declaration", ""),
    )


@rule(
    "profile.origin-listed",
    source="the destination's legal profile",
    effective=_SINCE,
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
        if each.kind in _ABOUT_ORIGIN
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
    stages=(Stage.APPLICATION, Stage.PRESENTATION),
)
def national_list(*, subject: Application | Certificate, setting: IssuingSetting | PresentationSetting) -> list[Breach]:
    """Return a breach if the importing Participant's own list does not have the issuer on the day of import.

    Before the export it holds: the issuer may be on the list when the shipment arrives.
    """
    if isinstance(setting, IssuingSetting):
        profile, issuer, outcome = setting.destination_profile, setting.profile.participant, Outcome.HOLD
    else:
        profile, issuer, outcome = setting.profile, subject.issuer, Outcome.REFUSE  # type: ignore[union-attr]
    on = setting.on
    listing = profile.listing(issuer, on=on)
    if listing.on_list is not False:
        return []
    standing = setting.participants.standing(issuer, on=on)
    return breach(
        "profile.national-list",
        where="number" if outcome is Outcome.REFUSE else "destination",
        what=(
            f"{issuer} is not on {profile.participant}'s own list on {on} ({listing.list_name}). KP standing: "
            f"{' or '.join(each.kind.replace('_', ' ') for each in standing.possible)}; national list: not on it."
        ),
        mend="At the border the national list governs: ask the ministry that keeps it.",
        outcome=outcome,
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
    for each in setting.profile.prohibitions_on(setting.on):
        first_only = each.scope is ProhibitionScope.FIRST_IMPORT
        if each.kind not in _ABOUT_ORIGIN or (first_only and setting.first_import is False):
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
