"""Taking a step: the only place where an application's state changes."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from macle import errors
from macle.node.audit import actions as audit
from macle.node.exchange import actions as exchange
from macle.node.exchange import webhooks
from macle.node.exchange.models import Kind
from macle.node.exporting import queries, words
from macle.node.exporting.models import Application, Reason, Step
from macle.node.traders import actions as traders
from macle.node.traders import queries as register
from macle.scheme import lifecycle, terms
from macle.scheme.lifecycle import CertificateAct, CertificateState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from macle.node.permissions import Act, Actor

LONGEST_REASON = 2000


class ReasonMissing(errors.Malformed):
    """An act that needs a reason was done without one."""

    code = "reason-missing"


class WordsUnfit(errors.Malformed):
    """These words cannot be kept: too many, or with characters that do not print."""

    code = "words-unfit"


def new_reference() -> str:
    """Return a reference that nobody can guess from another one, in letters and digits that are not confused."""
    return "A-" + "".join(secrets.choice("23456789BCDFGHJKMNPQRSTVWXYZ") for _ in range(8))


def locked(reference: str) -> Application:
    """Return the application, locked until the transaction ends; raise `queries.ApplicationMissing`."""
    try:
        return Application.objects.select_for_update().get(reference=reference)
    except Application.DoesNotExist:
        raise queries.no_application() from None


def reached(reference: str, act: Act, by: Actor, *, lock: bool = True) -> Application:
    """Return the application for this act of this actor, locked until the transaction ends unless told otherwise.

    Raises `ActForbidden` if none of the actor's roles may do it at all, whatever is named. What is out of the act's
    reach, and the draft of a trader for whom the actor does not act, is missing exactly as what does not exist.
    """
    require_may(act, by)
    application = (
        locked(reference) if lock else Application.objects.filter(reference=reference).select_related("trader").first()
    )
    if application is None or not queries.is_within(application, act, by):
        raise queries.no_application()
    return application


def require_may(act: Act, by: Actor) -> None:
    """Raise `ActForbidden` unless some role of the actor may do this, before anything is looked for."""
    if not by.may(act):
        by.require(act)


def given(reason: str, *, where: str = "reason") -> str:
    """Return the reason without spaces around it; raise `ReasonMissing` if there is none, or `WordsUnfit`."""
    text = fit(reason, where=where)
    if not text:
        raise ReasonMissing("This needs a reason.", where=where, mend="Say why, so that others understand it later.")
    return text


def fit(words: str, *, where: str, most: int = LONGEST_REASON) -> str:
    """Return words of one or several lines without spaces around them; raise `WordsUnfit`."""
    text = words.replace("\r\n", "\n").strip()
    if len(text) > most:
        raise WordsUnfit(
            f"This has at most {most} characters.", where=where, mend="Put the rest into a file beside it."
        )
    if not all(terms.is_printable(part) for line in text.splitlines() for part in line.split("\t")):
        raise WordsUnfit("This has characters that do not print.", where=where, mend="Type it anew.")
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
    webhooks.tell(
        f"certificate.{act.value}",
        office=application.office,
        at=at,
        said={"application": application.reference, "number": application.number, "state": state.value},
    )
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
    """Tell the trader, in the portal and by e-mail to whoever speaks for it.

    Under a suspicion the trader learns nothing but that it is under examination.
    """
    if application.suspicions.filter(until__isnull=True).exists():
        code, facts = "under-examination", {}
    told = {"reference": application.reference, "number": application.number, **facts}
    traders.tell(trader=application.trader, code=code, subject=application.subject, facts=told, at=at)
    for contact in register.contacts_on(application.trader, at.date()):
        with translation.override(contact.language):
            sentence = words.message(code, told)
            exchange.post(
                to=exchange.ToTrader(application.trader_id, contact.email),
                kind=Kind.MESSAGE,
                about=application.subject,
                subject=f"{application.number or application.reference}: {words.state(application.state)}"
                if code != "under-examination"
                else application.number or application.reference,
                text=f"{sentence}\n\n{gettext('Sign in to read more.')}\n",
                office=application.office,
                language=contact.language,
                at=at,
                by_identifier=NODE,
            )


NODE = "node"
"""Who writes to traders: the node itself, of what somebody did."""


def is_ended(application: Application) -> bool:
    """Return whether nothing more can be done with it."""
    return lifecycle.is_terminal(CertificateState(application.state))
