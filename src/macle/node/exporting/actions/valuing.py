"""Valuing: the government's or an independent value beside the declared one; the profile says which counts.

Source: practice of South Africa and Sierra Leone, where a government valuer values every export; a legal profile names
the basis of value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from macle import errors
from macle.node.exporting.actions import desk, steps
from macle.node.permissions import Act
from macle.scheme.lifecycle import CertificateState
from macle.scheme.terms import Carats, HSCode, USDollars

if TYPE_CHECKING:
    from datetime import datetime

    from macle.node.exporting.models import Examination
    from macle.node.permissions import Actor

VALUABLE = (CertificateState.UNDER_EXAMINATION, CertificateState.HELD)


class NotUnderExamination(errors.Conflict):
    """The goods are not weighed yet, or their value is fixed by now."""

    code = "not-under-examination"


class ValuationMissing(errors.Malformed):
    """No value was given."""

    code = "valuation-missing"


def value(
    *, reference: str, government: USDollars | None, independent: USDollars | None, by: Actor, at: datetime
) -> Examination:
    """Record one valuation or both beside what was weighed; a value that is not given stays as it was.

    Raises `NotUnderExamination` or `ValuationMissing`.
    """
    if government is None and independent is None:
        raise ValuationMissing("No value was given.", where="government", mend="Give one of the two, or both.")
    with transaction.atomic():
        application = steps.reached(reference, Act.APPLICATION_VALUE, by)
        last = application.examinations.first()
        if last is None or application.status not in VALUABLE:
            raise NotUnderExamination(
                "The goods are not under examination.",
                where="reference",
                mend="An examiner weighs them first; once a number is reserved the value stays as it is.",
            )
        measured = desk.Measured(
            parcels=last.parcels,
            lines={HSCode(line["hs"]): (Carats(line["carats"]), USDollars(line["declared"])) for line in last.lines},
            government=government or _held(last.government_cents),
            independent=independent or _held(last.independent_cents),
            synthetics_screened=last.synthetics_screened,
            remark=last.remark,
        )
        valued = desk.enter(application, measured, by=by, at=at)
        application.save()
        steps.note(
            application,
            tag=Act.APPLICATION_VALUE,
            by=by,
            at=at,
            facts={
                "government": valued.government_cents or 0,
                "independent": valued.independent_cents or 0,
                "value": application.value_cents,
                "valued_by": valued.valued_by,
            },
        )
    return valued


def _held(cents: int | None) -> USDollars | None:
    return None if cents is None else USDollars(cents)
