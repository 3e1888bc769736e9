"""Webhooks for machines: who is told of what, and what came of it."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from macle.node.exchange import models, webhooks
from macle.node.interface.bearer import Asked
from macle.node.interface.fields import Given, Line, Shown
from macle.node.interface.routes import Routes
from macle.node.permissions import Act

routes = Routes("Webhooks")

Url = Annotated[str, StringConstraints(max_length=500)]


class Subscribe(Given):
    """Who is told of what."""

    url: Url
    """An address that begins with https:// and is public."""
    events: Annotated[list[Line], Field(max_length=len(webhooks.EVENTS))] = Field(default_factory=list)
    """Such as certificate.dispatch; none means all."""
    office: Line = ""
    """Only of this office; empty means of every one."""


class Subscription(Shown):
    """A system that is told of acts."""

    id: UUID
    url: str
    events: list[str]
    office: str
    since: datetime
    waiting: int
    """Notifications that were not taken yet."""
    given_up: int


class Subscribed(Subscription):
    """A subscription with its secret."""

    secret: str
    """Shown now and never again; notifications are signed with it, in the manner of Standard Webhooks."""


class Subscriptions(Shown):
    """All of them."""

    items: list[Subscription]


def _subscription(row: models.Subscription) -> Subscription:
    return Subscription(
        id=row.pk,
        url=row.url,
        events=row.events,
        office=row.office,
        since=row.since,
        waiting=row.notifications.filter(due_at__isnull=False).count(),
        given_up=row.notifications.filter(given_up_at__isnull=False).count(),
    )


@routes.reads("/webhooks", Act.WEBHOOK_READ)
def list_webhooks(request: Asked) -> Subscriptions:
    """List the subscriptions in force: there are at most fifty."""
    return Subscriptions(items=[_subscription(each) for each in webhooks.subscriptions_of(request.actor)])


@routes.writes("/webhooks", Act.WEBHOOK_SUBSCRIBE, status=HTTPStatus.CREATED)
def subscribe_webhook(request: Asked, given: Subscribe) -> Subscribed:
    """Let a system be told of acts from now on."""
    made = webhooks.subscribe(url=given.url, events=given.events, office=given.office, by=request.actor, at=request.at)
    return Subscribed(**_subscription(made.subscription).model_dump(), secret=made.secret)


@routes.writes("/webhooks/{subscription}/end", Act.WEBHOOK_END)
def end_webhook(request: Asked, subscription: UUID) -> Subscription:
    """End a subscription; what still waits for it is given up."""
    return _subscription(webhooks.end(subscription=subscription, by=request.actor, at=request.at))
