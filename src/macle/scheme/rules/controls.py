"""Sections I and IV and Annex II: what an exporter shows before anybody signs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from macle.scheme.certificates import CertificateKind, OriginKind
from macle.scheme.profiles import BalancePolicy
from macle.scheme.rules import Outcome, Stage, breach, rule
from macle.scheme.terms import Carats

if TYPE_CHECKING:
    from macle.scheme.applications import Application
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import IssuingSetting

_SINCE = date(2003, 1, 1)
_APPLIED = (Stage.APPLICATION,)


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
    covered = setting.balance
    if covered is None:
        covered = Carats(sum(source.carats.hundredths for source in subject.sources if source.carats is not None))
    if covered >= weight:
        return []
    refuses = setting.profile.balance_policy is BalancePolicy.REFUSE
    return breach(
        "IV.a.balance",
        where="sources",
        what=f"Lawful sources cover {covered} of {weight} carats.",
        mend="Name the production records, import certificates or purchases that the rest came from.",
        outcome=Outcome.REFUSE if refuses else Outcome.HOLD,
    )


@rule("IV.c.container-seals", source="KPCS Core Document, Section IV(c)", effective=_SINCE, stages=_APPLIED)
def container_seals(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the container's seals are not recorded, or one is recorded twice."""
    if subject.is_unreadable("container_seals"):
        return []
    if not subject.container_seals:
        what, mend = "No container seal is recorded.", "Seal the container and record the number of each seal."
    elif len(set(subject.container_seals)) != len(subject.container_seals):
        what, mend = "A container seal is recorded twice.", "Record each seal once."
    else:
        return []
    return breach("IV.c.container-seals", where="container_seals", what=what, mend=mend)


@rule("AnnexII.licence", source="KPCS Core Document, Section IV and Annex II-13, 14", effective=_SINCE, stages=_APPLIED)
def licence(*, subject: Application, setting: IssuingSetting) -> list[Breach]:
    """Return a breach if the exporter's licence has ended, or is missing where the profile asks for one."""
    exporter = subject.exporter
    if exporter is None or subject.is_unreadable("exporter"):
        return []
    if not exporter.licence:
        if not setting.profile.requires_licence:
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


@rule("issuing.lines-add-up", source="Macle: V05, at issuing only", effective=_SINCE, stages=_APPLIED)
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
    "issuing.price",
    source="Macle: V11, against published yearly figures",
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


@rule("certificate.refers-to", source="Macle: a replacement names what it replaces", effective=_SINCE, stages=_APPLIED)
def refers_to(*, subject: Application, setting: IssuingSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the kind is missing, or a replacement does not name the surrendered certificate."""
    if subject.kind is None:
        if subject.is_unreadable("kind"):
            return []
        return breach(
            "certificate.refers-to",
            where="kind",
            what="This is missing.",
            mend="Write standard, technical or replacement.",
        )
    if subject.kind is not CertificateKind.REPLACEMENT or subject.refers_to or subject.is_unreadable("refers_to"):
        return []
    return breach(
        "certificate.refers-to",
        where="refers_to.number",
        what="A replacement does not say which certificate was surrendered.",
        mend="Give the number, and the identity if it was signed.",
    )
