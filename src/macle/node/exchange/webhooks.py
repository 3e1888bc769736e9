"""Telling other systems, such as customs and single windows, of what was done: webhooks.

The rules of this module:

- What is told is written in the transaction of the act, so that it leaves if and only if the act was done; the worker
  sends it. It holds identifiers and states and no names: who wants more asks the interface.
- It is signed in the manner of Standard Webhooks: ``webhook-id``, ``webhook-timestamp``, and in ``webhook-signature``
  the HMAC-SHA256 of both and the body. The same id and body come at each try, so that a repetition is known as one.
- It goes by HTTPS to public addresses alone, unless a setting of the node says otherwise, and follows nobody elsewhere.
  The address that was looked at is the one that is called: a name that changes its mind gets nothing.
- What is not taken is tried again, ever more slowly, for `GIVEN_UP_AFTER`; then it is given up, with a line in the
  audit and in the log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import random
import secrets
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID, uuid4

from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from macle import errors
from macle.node.audit import actions as audit
from macle.node.exchange.actions import pause_after
from macle.node.exchange.models import Notification, Subscription
from macle.node.permissions import Act
from macle.node.registry import queries as registry
from macle.scheme.lifecycle import CertificateAct, ShipmentAct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from macle.node.permissions import Actor

EVENTS: Final = frozenset(
    {
        *(f"certificate.{act.value}" for act in CertificateAct),
        *(f"shipment.{act.value}" for act in (*ShipmentAct, *CertificateAct)),
    }
)
"""Acts on an application and its certificate at the exporting desk, on a shipment and its certificate at the other."""

GIVEN_UP_AFTER: Final = timedelta(days=3)
LEASE: Final = timedelta(minutes=2)
"""How long a worker has a notification: longer than any try."""
PATIENCE: Final = 10.0
"""Seconds of one try."""
AT_A_TIME: Final = 100
MOST: Final = 50
"""Subscriptions of a node."""
_SECRET_BYTES: Final = 32
_LONGEST_URL: Final = 500

log = logging.getLogger("macle.node.webhooks")


class Event(StrEnum):
    """What happens by itself; it leaves a line in the audit."""

    GIVE_UP = "webhook:give-up"


class AddressRefused(errors.Refused):
    """Nothing is sent to this address."""

    code = "webhook-address-refused"


class EventUnknown(errors.Malformed):
    """There is no such act."""

    code = "webhook-event-unknown"


class SubscriptionMissing(errors.NotFound):
    """There is no such subscription, or it has ended."""

    code = "subscription-missing"


class TooManySubscriptions(errors.Refused):
    """The node has as many subscriptions as it may."""

    code = "too-many-subscriptions"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was made, and the secret that is shown once."""

    subscription: Subscription
    secret: str


def subscribe(*, url: str, events: Sequence[str], office: str, by: Actor, at: datetime) -> Subscribed:
    """Let a system be told of acts; its secret is shown once.

    Raises `AddressRefused`, `EventUnknown`, `TooManySubscriptions`, or `OfficeUnknown`.
    """
    by.require(Act.WEBHOOK_SUBSCRIBE, office=office)
    _parts(url)
    if strangers := sorted(set(events) - EVENTS):
        raise EventUnknown(
            f"There is no event {strangers[0][:64]!r}.", where="events", mend="See the list of them in the guide."
        )
    name = registry.office(office, at=at).name if office else ""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    with transaction.atomic():
        if Subscription.objects.filter(until__isnull=True).count() >= MOST:
            raise TooManySubscriptions(f"There are {MOST} subscriptions.", where="url", mend="End one of them.")
        made = Subscription.objects.create(
            url=url,
            secret=encrypt(secret),
            events=sorted(set(events)),
            office=name,
            since=at,
            made_by=by.identifier,
        )
        facts = {"host": urlsplit(url).hostname or "", "events": made.events}
        _record(Act.WEBHOOK_SUBSCRIBE, made, by=by.identifier, at=at, facts=facts)
    return Subscribed(made, secret)


def end(*, subscription: UUID, by: Actor, at: datetime) -> Subscription:
    """End a subscription; what still waits for it is given up. Raises `SubscriptionMissing`."""
    with transaction.atomic():
        held = Subscription.objects.select_for_update().filter(pk=subscription, until__isnull=True).first()
        if not by.may(Act.WEBHOOK_END):
            by.require(Act.WEBHOOK_END)
        if held is None or not by.reach(Act.WEBHOOK_END).covers(office=held.office):
            raise SubscriptionMissing("There is no such subscription.", where="subscription")
        held.until, held.ended_by = at, by.identifier
        held.save(update_fields=["until", "ended_by"])
        held.notifications.filter(due_at__isnull=False).update(due_at=None, given_up_at=at, code="ended")
        _record(Act.WEBHOOK_END, held, by=by.identifier, at=at, facts={})
    return held


def subscriptions_of(by: Actor) -> QuerySet[Subscription]:
    """Return the subscriptions in force that the actor may see."""
    reach = by.reach(Act.WEBHOOK_READ)
    rows = Subscription.objects.filter(until__isnull=True)
    return rows if reach.everything else rows.filter(office__in=reach.offices)


def tell(event: str, *, office: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Write down, in the transaction of an act, that subscriptions are told of it."""
    of_office = Q(office="") | Q(office=office)
    for each in Subscription.objects.filter(of_office, until__isnull=True):
        if each.events and event not in each.events:
            continue
        notification = Notification(id=uuid4(), subscription=each, event=event, created_at=at, due_at=at)
        notification.body = json.dumps(
            {"type": event, "timestamp": at.isoformat(), "data": {"office": office, **said}},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        notification.save(force_insert=True)


# --- Sending -----------------------------------------------------------------------------------------


def deliver(at: datetime) -> int:
    """Send what is due, and return how many were taken; for the worker, who may be one of several."""
    taken = 0
    due = list(Notification.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:AT_A_TIME])
    for key in due:
        notification = _leased(key, at=at)
        if notification is None:
            continue
        code = _tried(notification, at=at)
        taken += _reported(notification, code, at=at)
    return taken


def _leased(key: UUID, *, at: datetime) -> Notification | None:
    """Return a notification that nobody else sends now."""
    with transaction.atomic():
        held = Notification.objects.select_for_update().filter(pk=key, due_at__lte=at).first()
        if held is None:
            return None
        held.due_at, held.tries = at + LEASE, held.tries + 1
        held.save(update_fields=["due_at", "tries"])
    return held


def _tried(notification: Notification, *, at: datetime) -> str:
    """Return what a try came to, as a word; one that begins with http-2 was taken."""
    body = notification.body.encode()
    stamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "macle",
        "webhook-id": str(notification.pk),
        "webhook-timestamp": stamp,
        "webhook-signature": signature(
            decrypt(notification.subscription.secret), identifier=str(notification.pk), stamp=stamp, body=body
        ),
    }
    try:
        return f"http-{post(notification.subscription.url, body=body, headers=headers)}"
    except AddressRefused:
        return "not-public"
    except (OSError, http.client.HTTPException, ValueError):
        return "unreachable"


def signature(secret: str, *, identifier: str, stamp: str, body: bytes) -> str:
    """Return what stands in ``webhook-signature``: the version and the HMAC-SHA256 of id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((identifier.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _reported(notification: Notification, code: str, *, at: datetime) -> bool:
    """Write down what a try came to, and return whether it was taken."""
    with transaction.atomic():
        held = (
            Notification.objects.select_for_update(of=("self",)).select_related("subscription").get(pk=notification.pk)
        )
        if held.due_at is None:
            # The subscription ended in the meantime.
            return False
        held.code = code
        is_taken = code.startswith("http-2")
        if is_taken:
            held.due_at, held.sent_at = None, at
        elif at - held.created_at >= GIVEN_UP_AFTER:
            held.due_at, held.given_up_at = None, at
            facts = {"notification": str(held.pk), "event": held.event, "code": code}
            _record(Event.GIVE_UP, held.subscription, by=_WORKER, at=at, facts=facts)
            log.error("A notification was given up", extra={"tag": code, "reference": str(held.pk)})
        else:
            held.due_at = at + pause_after(held.tries, share=random.random())  # noqa: S311 (a pause)
        held.save(update_fields=["due_at", "sent_at", "given_up_at", "code"])
    return is_taken


_WORKER: Final = "worker"


def _record(
    tag: Act | Event, subscription: Subscription, *, by: str, at: datetime, facts: Mapping[str, object]
) -> None:
    audit.record(
        authority=settings.CONFIGURATION.participant,
        tag=tag.value,
        actor=by,
        subject=f"webhook:{subscription.pk}",
        at=at,
        office=subscription.office,
        facts=facts,
    )


# --- The way out -------------------------------------------------------------------------------------


def _parts(url: str) -> SplitResult:
    """Return the parts of an address to which something may be sent; raise `AddressRefused`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL
    if not is_plain or parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment:
        raise AddressRefused(
            "This is no address to which something is sent.",
            where="url",
            mend="Give one that begins with https://, without a name or password in it.",
        )
    return parts


def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of a host; raise `AddressRefused` unless every one of them is public, or the node may."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not settings.CONFIGURATION.webhooks_private and not all(_is_public(each) for each in found):
        raise AddressRefused("The address is not public.", where="url", mend="Give one that the whole world can reach.")
    return found


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return bool(found.is_global and inner.is_global and not inner.is_multicast)


class _Pinned(http.client.HTTPSConnection):
    """A connection to the address that was looked at, under the name of the host."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=PATIENCE, context=self._tls)
        self._address = address

    def connect(self) -> None:
        """Connect."""
        plain = socket.create_connection((self._address, self.port), timeout=PATIENCE)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> int:
    """Send the body, and return the status that was answered; nobody is followed elsewhere, and nothing is read.

    Raises `AddressRefused`, OSError or `http.client.HTTPException`.
    """
    parts = _parts(url)
    host, port = str(parts.hostname), parts.port or 443
    connection = _Pinned(host, port, addresses_of(host, port)[0])
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
        )
        return connection.getresponse().status
    finally:
        connection.close()
