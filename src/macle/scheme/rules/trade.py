"""Section III: trade with Participants only, and one use of one certificate in its time.

The issuer and every origin are judged on the day of validation; expiry, single use and the importing side
on the day of presentation. Where only the month or year of a decision is known, nothing is decided.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from macle.scheme.certificates import Certificate, OriginKind
from macle.scheme.participants import StandingKind
from macle.scheme.rules import Outcome, Stage, breach, rule
from macle.scheme.rules.settings import IssuingSetting

if TYPE_CHECKING:
    from macle.scheme.applications import Application
    from macle.scheme.participants import Participants, StandingOn
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import PresentationSetting
    from macle.scheme.terms import ParticipantCode

_SINCE = date(2003, 1, 1)
_III_B = "KPCS Core Document, Section III(b)"
_III_C = "KPCS Core Document, Section III(c)"
_BOTH = (Stage.APPLICATION, Stage.VALIDATION)
_PRESENTED = (Stage.PRESENTATION,)


@rule("III.b.in-date", source=_III_B, effective=_SINCE, stages=_PRESENTED)
def in_date(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:
    """Return a breach if the instant of presentation is not between validation and expiry."""
    if subject.validated_at <= setting.at < subject.expires_at:
        return []
    if setting.at >= subject.expires_at:
        return breach(
            "III.b.in-date",
            where="expires_at",
            what=(
                f"It expired at the end of {subject.date_of_expiry} in the issuer's zone "
                f"({subject.expires_at:%Y-%m-%d %H:%M} UTC)."
            ),
            mend="An expired certificate is not a forgery: the official decides, and may ask the issuing authority.",
            judged_at=setting.at,
        )
    return breach(
        "III.b.in-date",
        where="validated_at",
        what=f"It says that it was validated on {subject.validated_at:%Y-%m-%d %H:%M} UTC, which is still to come.",
        mend="Look at the clock here, then ask the issuing authority.",
        judged_at=setting.at,
    )


@rule("III.c.issuer-standing", source=_III_C, effective=_SINCE, stages=(*_BOTH, Stage.PRESENTATION))
def issuer_standing(
    *, subject: Application | Certificate, setting: IssuingSetting | PresentationSetting
) -> list[Breach]:
    """Return a breach if the issuer was not a Participant in good standing on the day of validation.

    What was validated before the issuer was excluded, and arrives after it, is held: the Scheme has no rule for
    it, and the certificate is not void.
    """
    if isinstance(subject, Certificate):
        code, on = subject.issuer, subject.date_of_issuance
    elif subject.participant is None and subject.number is None:
        return []
    else:
        code, on = setting.profile.participant, subject.date_of_issuance or setting.on
    found = _standing("III.c.issuer-standing", setting.participants.standing(code, on=on), "number")
    if found or isinstance(setting, IssuingSetting):
        return found
    return _excluded_on_the_way(code, setting)


def _excluded_on_the_way(code: ParticipantCode, setting: PresentationSetting) -> list[Breach]:
    """Return a breach if the issuer is, or may be, excluded by a decision on the day of import."""
    on = setting.on
    standing = setting.participants.standing(code, on=on)
    if standing.may_trade:
        return []
    excluded = [each for each in standing.possible if each.kind in _EXCLUDED]
    if not excluded:
        return []
    basis = "; ".join(each.basis for each in excluded if each.basis)
    words = " or ".join(_WORDS[each.kind] for each in standing.possible)
    return breach(
        "III.c.issuer-standing",
        where="number",
        what=f"On {on}, with the shipment under way, {code} was {words} ({basis}).",
        mend="An official decides: the certificate was good on the day of validation, and is not void.",
        outcome=Outcome.HOLD,
        judged_at=on,
        basis=basis,
    )


@rule("III.c.origin-standing", source=_III_C, effective=_SINCE, stages=(*_BOTH, Stage.PRESENTATION))
def origin_standing(
    *, subject: Application | Certificate, setting: IssuingSetting | PresentationSetting
) -> list[Breach]:
    """Return a breach for each origin that was excluded on the day of validation.

    Of a Participant in partial standing only the compliant mining areas may be the origin; what it exports
    itself without an origin cannot be decided.
    """
    origin = subject.origin
    on = subject.date_of_issuance or setting.on
    if origin is None:
        return []
    if origin.kind is OriginKind.MIXED_UNDISCLOSED:
        code = subject.issuer if isinstance(subject, Certificate) else setting.profile.participant
        is_partial = any(
            each.kind is StandingKind.PARTIAL for each in setting.participants.standing(code, on=on).possible
        )
        return _area(code, "", on, setting.participants) if is_partial else []
    found: list[Breach] = []
    for country in origin.countries:
        owners = setting.participants.participant_of(country, on=on)
        if not owners:
            found += _standing(
                "III.c.origin-standing", setting.participants.standing(country, on=on), "origin.countries"
            )
        for owner in owners:
            standing = setting.participants.standing(owner, on=on)
            breaches = _standing("III.c.origin-standing", standing, "origin.countries")
            if any(each.kind is StandingKind.PARTIAL for each in standing.possible):
                breaches += _area(owner, origin.area or "", on, setting.participants)
            found += [_undecided(each) for each in breaches] if len(owners) > 1 else breaches
    return found


def _area(code: str, area: str, on: date, participants: Participants) -> list[Breach]:
    compliant = participants.area_is_compliant(code, area, on=on)
    if compliant:
        return []
    named = f"the area {area!r}" if area else "an area that is not named"
    return breach(
        "III.c.origin-standing",
        where="origin.area",
        what=f"On {on} {code} could export from its compliant areas only, and this is from {named}.",
        mend="Name the mining area, and ask for the approval of the export.",
        outcome=Outcome.UNDECIDED if compliant is None else Outcome.REFUSE,
        judged_at=on,
    )


@rule("III.c.destination", source="KPCS Core Document, Section III(a), (c)", effective=_SINCE, stages=_BOTH)
def destination(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the destination is missing, is the issuer, or may not be traded with on the day."""
    code = subject.destination
    if code is None:
        if not isinstance(subject, Certificate) and subject.is_unreadable("destination"):
            return []
        return breach("III.c.destination", where="destination", what="This is missing.", mend="Name the Participant.")
    if code == setting.profile.participant:
        return breach(
            "III.c.destination",
            where="destination",
            what=f"The destination {code} is the issuer itself.",
            mend="A shipment within a Participant needs no certificate.",
        )
    owners = setting.participants.participant_of(code, on=setting.on)
    if owners and code not in owners:
        return breach(
            "III.c.destination",
            where="destination",
            what=f"{code} is not a Participant of its own: it belongs to {owners[0]}.",
            mend=f"Write {owners[0]}.",
        )
    return _standing("III.c.destination", setting.participants.standing(code, on=setting.on), "destination")


@rule("III.c.importing-standing", source=_III_C, effective=_SINCE, stages=_PRESENTED)
def importing_standing(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the importing side is no Participant in good standing on the day of presentation."""
    on = setting.on
    return _standing("III.c.importing-standing", setting.participants.standing(setting.importing, on=on), "destination")


@rule("III.b.destination-matches", source=_III_B, effective=_SINCE, stages=_PRESENTED)
def destination_matches(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:
    """Return a breach if it is presented to another Participant than the one it is destined for."""
    if setting.importing == subject.destination:
        return []
    return breach(
        "III.b.destination-matches",
        where="destination",
        what=f"It is destined for {subject.destination}, and presented to {setting.importing}.",
        mend="Ask the issuing authority, or send the shipment back under its seals.",
    )


_WITHDRAWN = frozenset({"void", "invalidated", "replaced", "lost", "fraud_confirmed", "refused", "rejected"})


@rule("III.b.not-withdrawn", source=_III_B, effective=_SINCE, stages=_PRESENTED)
def not_withdrawn(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:
    """Return a breach if it is known that the certificate is void, invalidated, replaced, lost or refused."""
    if setting.known_status not in _WITHDRAWN:
        return []
    return breach(
        "III.b.not-withdrawn",
        where="number",
        what=f"The certificate {subject.number} is {setting.known_status.replace('_', ' ')}.",
        mend="Stop the shipment and ask the issuing authority.",
    )


_USED = frozenset({"presented", "discrepant", "endorsed", "suspect", "cleared", "accepted", "confirmed", "archived"})


@rule("III.b.single-use", source=_III_B, effective=_SINCE, stages=_PRESENTED)
def single_use(*, subject: Certificate, setting: PresentationSetting) -> list[Breach]:
    """Return a breach if it was presented before elsewhere; again at the same office is no alarm."""
    earlier = setting.earlier_presentation
    if earlier is None:
        if setting.known_status not in _USED:
            return []
        return breach(
            "III.b.single-use",
            where="number",
            what=f"The certificate {subject.number} has been used: it is {setting.known_status.replace('_', ' ')}.",
            mend="Stop the shipment and ask the issuing authority where it was presented.",
        )
    if (earlier.participant, earlier.office) == (setting.importing, setting.office):
        return []
    return breach(
        "III.b.single-use",
        where="number",
        what=(
            f"The certificate {subject.number} was presented before: at {earlier.office or 'an office'} "
            f"of {earlier.participant}, {earlier.at:%Y-%m-%d %H:%M} UTC."
        ),
        mend="Stop the shipment and tell that office and the issuing authority.",
    )


_EXCLUDED = frozenset(
    {StandingKind.SUSPENDED, StandingKind.SELF_SUSPENDED, StandingKind.REMOVED, StandingKind.UN_EMBARGO}
)
_WORDS = {
    StandingKind.PARTICIPANT: "a Participant",
    StandingKind.SUSPENDED: "suspended",
    StandingKind.SELF_SUSPENDED: "suspended by itself",
    StandingKind.PARTIAL: "in partial standing",
    StandingKind.REMOVED: "removed",
    StandingKind.UN_EMBARGO: "under an embargo of the United Nations",
    StandingKind.TRADING_ENTITY: "a trading entity",
    StandingKind.NOT_PARTICIPANT: "not a Participant",
}


def _standing(rule_id: str, standing: StandingOn, where: str) -> list[Breach]:
    """Return a breach if rough may not be traded with the Participant that day, or nobody can say."""
    may_trade = standing.may_trade
    if may_trade:
        return []
    code, on = standing.participant, standing.on
    words = " or ".join(_WORDS[each.kind] for each in standing.possible)
    basis = "; ".join(each.basis for each in standing.possible if each.basis)
    if may_trade is None:
        return breach(
            rule_id,
            where=where,
            what=f"On {on} {code} was {words}: the day of the decision is not known.",
            mend="Ask the Chair or the Secretariat for the day.",
            outcome=Outcome.UNDECIDED,
            judged_at=on,
            basis=basis,
        )
    return breach(
        rule_id,
        where=where,
        what=f"On {on} {code} was {words} ({basis})." if basis else f"On {on} {code} was {words}.",
        mend="Rough diamonds are traded with Participants in good standing only: do not let it pass.",
        judged_at=on,
        basis=basis,
    )


def _undecided(found: Breach) -> Breach:
    """Return the breach as undecided: it is not known which of several Participants the country was part of."""
    return type(found)(found.rule, Outcome.UNDECIDED, found.where, found.what, found.mend, found.facts)
