"""Sections I and IV and Annex II: what an exporter shows before anybody signs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from macle.scheme.certificates import LONGEST_SEAL, MOST_SEALS, Certificate, CertificateKind, OriginKind
from macle.scheme.profiles import BalancePolicy
from macle.scheme.rules import Outcome, Stage, breach, rule
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from macle.scheme.applications import Application
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import IssuingSetting

_SINCE = date(2003, 1, 1)
_APPLIED = (Stage.APPLICATION,)
_BOTH = (Stage.APPLICATION, Stage.VALIDATION)


@rule(
    "I.provenance",
    source="KPCS Core Document, Section I (country of provenance)",
    effective=_SINCE,
    stages=_BOTH,
)
def provenance(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the country of provenance is missing, or never was a Participant."""
    code = subject.country_of_provenance
    if code is not None and code in setting.participants:
        return []
    if code is None:
        if not isinstance(subject, Certificate) and subject.is_unreadable("country_of_provenance"):
            return []
        what, mend = "This is missing.", "Name the last Participant from which the shipment was exported."
    else:
        owners = setting.participants.participant_of(code, on=setting.on)
        what = f"{code} never was a Participant of its own."
        mend = f"Write {owners[0]}." if owners else "Goods from outside the Scheme cannot be certified."
    return breach("I.provenance", where="country_of_provenance", what=what, mend=mend)


@rule("I.synthetics", source="KPCS Core Document, Section I (diamond)", effective=_SINCE, stages=_APPLIED)
def synthetics(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if synthetic diamonds are declared: the Scheme certifies natural ones only."""
    if not subject.synthetics_declared:
        return []
    return breach(
        "I.synthetics",
        where="synthetics_declared",
        what="Synthetic diamonds are declared in this shipment.",
        mend="Take them out: no certificate covers them.",
    )


@rule(
    "IV.a.balance", source="KPCS Core Document, Section IV(a)", effective=_SINCE, stages=_APPLIED, outcome=Outcome.HOLD
)
def balance(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the goods' lawful sources do not cover their weight.

    It holds for an official's reasoned decision; refusing outright is a profile's choice.
    """
    weight = subject.carat_weight
    if weight is None or subject.is_unreadable("sources"):
        return []
    if setting.balance is not None:
        called, covered = "The trader's balance covers", setting.balance.hundredths
    else:
        called = "Lawful sources cover"
        covered = sum(source.carats.hundredths for source in subject.sources if source.carats is not None)
    if covered >= weight.hundredths:
        return []
    refuses = setting.profile.balance_policy is BalancePolicy.REFUSE
    return breach(
        "IV.a.balance",
        where="sources",
        what=f"{called} {Carats(covered)} of {weight} carats.",
        mend="Name the production records, import certificates or purchases that the rest came from.",
        outcome=Outcome.REFUSE if refuses else Outcome.HOLD,
    )


@rule("IV.c.container-seals", source="KPCS Core Document, Section IV(c)", effective=_SINCE, stages=_APPLIED)
def container_seals(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the container's seals are not recorded, or not so that a certificate can name them."""
    seals = subject.container_seals
    if subject.is_unreadable("container_seals") or (setting.before_sealing and not seals):
        return []
    if not seals:
        what, mend = "No container seal is recorded.", "Seal the container and record the number of each seal."
    elif len(set(seals)) != len(seals):
        what, mend = "A container seal is recorded twice.", "Record each seal once."
    elif len(seals) > MOST_SEALS:
        what, mend = f"A certificate names {MOST_SEALS} seals at most.", "Use fewer containers, or two certificates."
    elif any(len(seal) > LONGEST_SEAL for seal in seals):
        what, mend = f"A seal has more than {LONGEST_SEAL} characters.", "Record the number of the seal alone."
    else:
        return []
    return breach("IV.c.container-seals", where="container_seals", what=what, mend=mend)


@rule("AnnexII.licence", source="KPCS Core Document, Section IV and Annex II-13, 14", effective=_SINCE, stages=_APPLIED)
def licence(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the exporter's licence has ended, or is missing where the profile asks for one."""
    exporter = subject.exporter
    if exporter is None:
        return []
    if not exporter.licence:
        if not setting.profile.requires_licence or subject.is_unreadable("exporter.licence"):
            return []
        return breach(
            "AnnexII.licence",
            where="exporter.licence",
            what=f"{setting.profile.participant} lets licensed exporters apply only.",
            mend="Give the number of the exporter's licence.",
            source=setting.profile.sources.get("requires_licence", ""),
        )
    if exporter.licence_valid_until is None or exporter.licence_valid_until >= setting.on:
        return []
    return breach(
        "AnnexII.licence",
        where="exporter.licence_valid_until",
        what=f"The exporter's licence ended on {exporter.licence_valid_until}.",
        mend="Renew the licence before applying.",
    )


@rule(
    "AnnexII.suspension",
    source="KPCS Core Document, Section IV and Annex II-13, 14",
    effective=_SINCE,
    stages=_APPLIED,
)
def suspension(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the register says that the exporter is suspended on the day."""
    return of_suspension(suspended=setting.exporter_suspended)


def of_suspension(*, suspended: bool) -> list[Breach]:
    """Return the breach of a trader that is suspended; its register knows it before there is an application."""
    if not suspended:
        return []
    return breach(
        "AnnexII.suspension",
        where="exporter",
        what="The authority has suspended this trader.",
        mend="Ask the authority why, and when it lifts the suspension.",
    )


@rule("AnnexII.18.declaration", source="KPCS Core Document, Annex II-18", effective=_SINCE, stages=_APPLIED)
def declaration(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the exporter does not declare that the diamonds are not conflict diamonds."""
    if subject.not_conflict_diamonds or subject.is_unreadable("not_conflict_diamonds"):
        return []
    return breach(
        "AnnexII.18.declaration",
        where="not_conflict_diamonds",
        what="The exporter has not declared that these are not conflict diamonds.",
        mend="The exporter declares it; nobody else can.",
    )


@rule(
    "issuing.lines-add-up",
    source="Macle: totals are checked at issuing, an importer never adds up again",
    effective=_SINCE,
    stages=_APPLIED,
)
def lines_add_up(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if a stated total is not the exact sum of the lines; parcels are counted, not summed."""
    found: list[Breach] = []
    for where, total, of_lines in (
        ("total_carats", subject.total_carats, subject.carat_weight),
        ("total_value", subject.total_value, subject.value),
    ):
        if total is not None and of_lines is not None and total != of_lines:
            found += breach(
                "issuing.lines-add-up",
                where=where,
                what=f"The total is {total} and the lines add up to {of_lines}.",
                mend="Correct the line or the total that was mistyped.",
            )
    return found


@rule(
    "issuing.weight",
    source="Macle: what is measured is compared with what was applied for",
    effective=_SINCE,
    stages=_APPLIED,
    outcome=Outcome.REVIEW,
)
def weight(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the office measured another weight than was applied for; before it measured there is none.

    No text of the Scheme asks for this: a weight that was mistyped on either side is seen before it is signed.
    """
    return of_weight(measured=subject.carat_weight, applied_for=setting.weight_applied_for)


def of_weight(*, measured: Carats | None, applied_for: Carats | None) -> list[Breach]:
    """Return the breach of a measured weight that is not the one applied for, exactly; None is not known."""
    if measured is None or applied_for is None or measured == applied_for:
        return []
    difference = measured.hundredths - applied_for.hundredths
    share = abs(difference) * 100 // applied_for.hundredths if applied_for.hundredths else 0
    by = f"{Carats(abs(difference))} {'more' if difference > 0 else 'less'}" + (f" ({share} %)" if share else "")
    return breach(
        "issuing.weight",
        where="lines",
        what=f"Weighed {measured} carats, and {applied_for} were applied for: {by}.",
        mend="See that no figure was mistyped, and weigh again; if it stays so, say why in the remark.",
    )


@rule(
    "issuing.price",
    source="Macle: compared with published yearly figures",
    effective=_SINCE,
    stages=_APPLIED,
    outcome=Outcome.REVIEW,
)
def price(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the value a carat is far from what the one origin usually has."""
    weight, worth, origin, prices = subject.carat_weight, subject.value, subject.origin, setting.usual_prices
    if not weight or not worth or origin is None or prices is None:
        return []
    if origin.kind is not OriginKind.SINGLE or not origin.countries or not weight.hundredths:
        return []
    usual = prices.far_from_usual(origin.countries[0], carats=weight, value=worth)
    if usual is None:
        return []
    return breach(
        "issuing.price",
        where="lines",
        what=f"{worth.hundredths // weight.hundredths} US$ a carat is far from {origin.countries[0]}'s usual {usual}.",
        mend="Let a valuer look at it; special stones and cheap industrial goods are reasons.",
    )


@rule(
    "issuing.valuation",
    source="Macle: compared with the other valuations of the shipment",
    effective=_SINCE,
    stages=_APPLIED,
    outcome=Outcome.REVIEW,
)
def valuation(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the government's or an independent valuer found a higher value than is declared."""
    declared = subject.value
    if declared is None:
        return []
    return [
        found
        for where, valued in (
            ("government_value", subject.government_value),
            ("independent_value", subject.independent_value),
        )
        if valued is not None and valued > declared
        for found in breach(
            "issuing.valuation",
            where=where,
            what=f"The valuer found {valued} US$, and {declared} US$ is declared.",
            mend="Decide which value counts; in some Participants it is the highest.",
        )
    ]


@rule("certificate.refers-to", source="Macle: a replacement names what it replaces", effective=_SINCE, stages=_BOTH)
def refers_to(*, subject: Application | Certificate, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the kind is missing, or a replacement does not name the surrendered certificate.

    An authority replaces its own certificates only, and none by itself.
    """
    if subject.kind is CertificateKind.STANDARD or subject.kind is CertificateKind.TECHNICAL:
        return []
    if subject.kind is None:
        if subject.is_unreadable("kind"):
            return []
        where, what, mend = "kind", "This is missing.", "Write standard, technical or replacement."
    elif subject.refers_to is None:
        if not isinstance(subject, Certificate) and subject.is_unreadable("refers_to"):
            return []
        where, what = "refers_to.number", "A replacement does not say which certificate was surrendered."
        mend = "Give the number, and the identity if it was signed."
    elif subject.refers_to.number.participant != setting.profile.participant:
        where, what = "refers_to.number", f"{subject.refers_to.number} is not {setting.profile.participant}'s own."
        mend = "Its issuer replaces it; others ask that issuer, or write a technical certificate."
    elif subject.refers_to.number == subject.number:
        where, what = "refers_to.number", f"{subject.number} would replace itself."
        mend = "Reserve a new number: a number is never used again."
    else:
        return []
    return breach("certificate.refers-to", where=where, what=what, mend=mend)
