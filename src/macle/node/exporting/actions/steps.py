"""Taking a step: the only place where an application's state changes."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings

from macle import errors
from macle.node.audit import actions as audit
from macle.node.exporting.models import Application, Reason, Step
from macle.node.traders import actions as traders
from macle.scheme import lifecycle
from macle.scheme.lifecycle import CertificateAct, CertificateState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from macle.node.permissions import Act, Actor

LONGEST_REASON = 2000


class ApplicationMissing(errors.NotFound):
    """There is no such application."""

    code = "application-missing"


class ReasonMissing(errors.Malformed):
    """An act that needs a reason was done without one."""

    code = "reason-missing"


def new_reference() -> str:
    """Return a reference that nobody can guess from another one, in letters and digits that are not confused."""
    return "A-" + "".join(secrets.choice("23456789BCDFGHJKMNPQRSTVWXYZ") for _ in range(8))


def locked(reference: str) -> Application:
    """Return the application, locked until the transaction ends; raise `ApplicationMissing`."""
    try:
        return Application.objects.select_for_update().get(reference=reference)
    except Application.DoesNotExist:
        raise ApplicationMissing(
            "There is no such application.", where="reference", mend="Look for it in the list of applications."
        ) from None


def allowed_to(application: Application, act: Act, by: Actor) -> None:
    """Raise `ActForbidden` or `OutOfReach` unless the actor may do this to this application."""
    by.require(act, office=application.office, trader=application.trader_id)


def given(reason: str, *, where: str = "reason") -> str:
    """Return the reason without spaces around it; raise `ReasonMissing` if there is none."""
    text = reason.strip()
    if not text:
        raise ReasonMissing("This needs a reason.", where=where, mend="Say why, so that others understand it later.")
    if len(text) > LONGEST_REASON:
        raise ReasonMissing(
            f"A reason has at most {LONGEST_REASON} characters.",
            where=where,
            mend="Put the rest into a file beside it.",
        )
    return text


def acts_of(application: Application) -> list[CertificateAct]:
    """Return the acts that were accepted so far, first to last."""
    return [CertificateAct(act) for act in application.steps.order_by("sequence").values_list("act", flat=True)]


def require_allowed(application: Application, act: CertificateAct) -> None:
    """Raise `macle.scheme.lifecycle.ActNotAllowed` unless the act is allowed now."""
    lifecycle.state_after([*acts_of(application), act])


def take(
    application: Application,
    act: CertificateAct,
    *,
    tag: Act,
    by: Actor,
    at: datetime,
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> Step:
    """Accept an act: add the step, move the state, add the line of the audit.

    ``reason`` is kept apart from the step; the audit holds its digest. The application must be locked. Raises
    `macle.scheme.lifecycle.ActNotAllowed`.
    """
    before = acts_of(application)
    state = lifecycle.state_after([*before, act])
    plain = dict(facts or {})
    deputises_for = by.deputises(tag, office=application.office)
    step = Step.objects.create(
        application=application,
        sequence=len(before) + 1,
        act=act,
        at=at,
        actor=by.identifier,
        deputises_for=deputises_for,
        facts=plain,
    )
    if reason:
        Reason.objects.create(step=step, text=reason)
        plain |= {"reason": hashlib.sha256(reason.encode()).hexdigest()}
    if deputises_for:
        plain |= {"deputises_for": deputises_for}
    application.state, application.since = state, at
    application.save()
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag,
        actor=by.identifier,
        subject=subject_of(application),
        at=at,
        office=application.office,
        facts={"application": application.reference, "step": step.sequence, "act": str(act), **plain},
    )
    return step


def note(
    application: Application, *, tag: Act, by: Actor, at: datetime, facts: Mapping[str, object] | None = None
) -> None:
    """Add the line of an act that changes no state."""
    plain = dict(facts or {})
    if deputises_for := by.deputises(tag, office=application.office):
        plain |= {"deputises_for": deputises_for}
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag,
        actor=by.identifier,
        subject=subject_of(application),
        at=at,
        office=application.office,
        facts={"application": application.reference, **plain},
    )


def subject_of(application: Application) -> str:
    """Return how the audit names it: by the certificate's number as soon as there is one."""
    return f"certificate:{application.number}" if application.number else application.subject


def tell(application: Application, code: str, *, at: datetime, **facts: object) -> None:
    """Tell the trader, who under a suspicion learns nothing but that it is under examination."""
    if application.suspicions.filter(until__isnull=True).exists():
        code, facts = "under-examination", {}
    traders.tell(
        trader=application.trader,
        code=code,
        subject=application.subject,
        facts={"reference": application.reference, "number": application.number, **facts},
        at=at,
    )


def is_ended(application: Application) -> bool:
    """Return whether nothing more can be done with it."""
    return lifecycle.is_terminal(CertificateState(application.state))
