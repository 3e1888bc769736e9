"""Vectors of genuine certificates that are presented too late, or before they were validated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from macle.scheme.terms import ParticipantCode
from tests.vectors import good, world
from tests.vectors.vector import OUT_OF_DATE, Answers, Vector, certify, vector

if TYPE_CHECKING:
    from collections.abc import Iterator


def vectors() -> Iterator[Vector]:
    """Give all vectors that are genuine and out of date."""
    for name, about, certificate, trust in good.expiring():
        yield vector(
            f"expired-{name}",
            f"Presented in the first second after its validity: {about}",
            certify(certificate),
            OUT_OF_DATE,
            trust=trust,
            at=certificate.expires_at,
        )
    certificate = world.a_certificate()
    yield vector(
        "expired-weeks-ago",
        "Presented five weeks after it expired, from its QR code.",
        certify(certificate),
        OUT_OF_DATE,
        as_text=True,
        at=datetime(2027, 2, 5, 12, 0, tzinfo=UTC),
    )
    yield vector(
        "presented-a-second-too-early",
        "Presented one second before it says that it was validated: a clock is wrong.",
        certify(certificate),
        OUT_OF_DATE,
        at=certificate.validated_at - timedelta(seconds=1),
    )
    yield vector(
        "validated-in-the-future",
        "It says that it was validated next week.",
        certify(certificate),
        OUT_OF_DATE,
        at=datetime(2026, 10, 26, 12, 0, tzinfo=UTC),
    )
    yield vector(
        "printed-day-is-not-over-here",
        "The printed day has not ended where it is presented, but it has where it was issued: the instant governs.",
        certify(replace(certificate, destination=ParticipantCode("US"))),
        OUT_OF_DATE,
        asked={"importing": "US", "office": ""},
        at=datetime(2027, 1, 1, 23, 0, tzinfo=UTC),
    )
    yield vector(
        "expired-and-void",
        "Expired and known as void: the step that comes first is named, and both are answered.",
        certify(certificate),
        Answers("yes", "no", "no", 12, "III.b.in-date"),
        at=datetime(2027, 2, 5, 12, 0, tzinfo=UTC),
        known={"statuses": {"BW00004821": "void"}},
    )
    yield vector(
        "expired-and-standing-not-known",
        "Expired, and standing on that day is not known: the doubt stays a doubt.",
        certify(certificate),
        Answers("yes", "no", "cannot_decide", 12, "III.b.in-date"),
        trust="old-standing",
        at=datetime(2027, 2, 5, 12, 0, tzinfo=UTC),
    )
