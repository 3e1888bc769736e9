"""The import confirmation against its certificate: Section III(b), Annex II-22 and 23, and the tolerance.

What was found on arrival is compared where the shipment was simply accepted. Not opened is a legal answer,
and a difference is no breach where the shipment was refused for it, or accepted after an endorsement.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from macle.scheme.certificates import Party
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.rules import Outcome, Stage, breach, rule
from macle.scheme.terms import Carats, CertificateNumber

if TYPE_CHECKING:
    from collections.abc import Iterable

    from macle.scheme.certificates import Line
    from macle.scheme.confirmations import Count, ImportConfirmation
    from macle.scheme.rules import Breach
    from macle.scheme.rules.settings import ConfirmationSetting

_SINCE = date(2003, 1, 1)
_III_B = "KPCS Core Document, Section III(b)"
_CONFIRMED = (Stage.CONFIRMATION,)


@rule(
    "profile.tolerance",
    source="the importing Participant's legal profile",
    effective=_SINCE,
    stages=_CONFIRMED,
    outcome=Outcome.HOLD,
)
def tolerance(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:
    """Return a breach if the measured weight is not the declared one, within the tolerance of the profile.

    The weight of the shipment is compared, and then that of each heading, lest one make up for another. No
    tolerance of the Scheme is known: without one in the profile the weights are compared exactly.
    """
    measured = _accepted_as_measured(subject)
    if measured is None:
        return []
    allowed = setting.profile.tolerance

    def differ(declared: Carats, found: Carats) -> bool:
        return declared != found and not (allowed is not None and allowed.covers(declared=declared, measured=found))

    pairs = [("in all", setting.certificate.carat_weight, measured.carat_weight)]
    if not differ(*pairs[0][1:]):
        declared_by, measured_by = _weights(setting.certificate.lines), _weights(measured.lines)
        nothing = Carats(0)
        pairs = [
            (f"of {heading}", declared_by.get(heading, nothing), measured_by.get(heading, nothing))
            for heading in sorted(declared_by.keys() | measured_by.keys())
        ]
    return [
        found
        for called, declared, weighed in pairs
        if differ(declared, weighed)
        for found in breach(
            "profile.tolerance",
            where="measured.lines",
            what=f"Measured {weighed} carats {called}, declared {declared}.",
            mend="Weigh again; then detain, or ask the issuing authority for its consent to an endorsement.",
            source="" if allowed is None else allowed.source,
        )
    ]


@rule(
    "AnnexII.22.seals",
    source="KPCS Core Document, Annex II-22",
    effective=_SINCE,
    stages=_CONFIRMED,
    outcome=Outcome.HOLD,
)
def seals(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the shipment is accepted although its seals were broken."""
    if subject.seals is not SealState.BROKEN or subject.result is not ConfirmationResult.ACCEPTED:
        return []
    return breach(
        "AnnexII.22.seals",
        where="seals",
        what="The seals were broken on arrival.",
        mend="Open the container and weigh; then detain, or ask the issuing authority.",
    )


@rule(
    "AnnexII.23.contents",
    source="KPCS Core Document, Annex II-23",
    effective=_SINCE,
    stages=_CONFIRMED,
    outcome=Outcome.HOLD,
)
def contents(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:
    """Return a breach if another number of parcels was counted than is declared."""
    measured = _accepted_as_measured(subject)
    if measured is None or measured.parcels == setting.certificate.parcels:
        return []
    return breach(
        "AnnexII.23.contents",
        where="measured.parcels",
        what=f"Counted {measured.parcels} parcels, declared {setting.certificate.parcels}.",
        mend="Count again; then detain, or ask the issuing authority for its consent to an endorsement.",
    )


def _accepted_as_measured(confirmation: ImportConfirmation) -> Count | None:
    """Return what was measured if the container was opened and the shipment accepted without an endorsement."""
    return confirmation.measured if confirmation.result is ConfirmationResult.ACCEPTED else None


def _weights(lines: Iterable[Line]) -> dict[str, Carats]:
    return {line.hs: line.carats for line in lines}


@rule("III.b.confirmation-content", source=_III_B, effective=_SINCE, stages=_CONFIRMED)
def confirmation_content(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:  # noqa: ARG001
    """Return a breach if the confirmed weight is nought; without the other least content there is no confirmation."""
    if subject.declared.carat_weight.hundredths:
        return []
    return breach("III.b.confirmation-content", where="declared.lines", what="The weight is nought.", mend="State it.")


@rule("III.b.confirmation-matches", source=_III_B, effective=_SINCE, stages=_CONFIRMED)
def confirmation_matches(*, subject: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:
    """Return each way in which the confirmation disagrees with its certificate; figures are compared exactly.

    What was measured may differ: that is `profile.tolerance` and `AnnexII.23.contents`.
    """
    certificate = setting.certificate
    named = subject.certificate.identity
    pairs = (
        ("certificate.number", subject.certificate.number, certificate.number),
        ("certificate.identity", named, setting.identity if named and setting.identity else named),
        ("importing_participant", subject.importing_participant, certificate.destination),
        ("exporter", subject.exporter, certificate.exporter),
        ("importer", subject.importer, certificate.importer),
        ("declared.parcels", subject.declared.parcels, certificate.parcels),
        ("declared.lines", _figures(subject.declared.lines), _figures(certificate.lines)),
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
            confirmed=_plain(confirmed),
            certified=_plain(certified),
        )
    ] + _out_of_order(subject, setting)


def _plain(value: object) -> object:
    """Return a fact as plain data, as programs pass it on."""
    if isinstance(value, Party):
        return [value.name, value.latin_name, value.town, value.country, value.licence]
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, CertificateNumber) else value


def _out_of_order(confirmation: ImportConfirmation, setting: ConfirmationSetting) -> list[Breach]:
    """Return a breach for each date that cannot be: validated, received and confirmed follow each other."""
    certificate, received = setting.certificate, confirmation.date_of_receipt
    confirmed_on = setting.profile.day_of(confirmation.confirmed_at, office=confirmation.office)
    found: list[Breach] = []
    if confirmation.confirmed_at < certificate.validated_at:
        found += breach(
            "III.b.confirmation-matches",
            where="confirmed_at",
            what=f"Confirmed on {confirmation.confirmed_at:%Y-%m-%d %H:%M} UTC, before it was validated "
            f"({certificate.validated_at:%Y-%m-%d %H:%M} UTC).",
            mend="Look at the clocks of both sides.",
        )
    # Across the date line a shipment can arrive the day before it left.
    if not certificate.date_of_issuance - _DATE_LINE <= received <= confirmed_on:
        found += breach(
            "III.b.confirmation-matches",
            where="date_of_receipt",
            what=f"Received on {received}, issued on {certificate.date_of_issuance} and confirmed on {confirmed_on}.",
            mend="Correct the date of receipt.",
        )
    return found


_DATE_LINE = timedelta(days=1)


def _figures(lines: Iterable[Line]) -> list[tuple[str, int, int]]:
    """Return the lines' figures by heading: their order on the paper says nothing."""
    return sorted((line.hs, line.carats.hundredths, line.value.hundredths) for line in lines)
