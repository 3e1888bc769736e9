"""Hypothesis strategies: any certificate and any confirmation that the Scheme can hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from macle.scheme.certificates import (
    Certificate,
    CertificateKind,
    ConsentLevel,
    Line,
    Origin,
    OriginKind,
    Party,
    ProfileReference,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.confirmations import ConfirmationResult, Count, ImportConfirmation, SealState
from macle.scheme.terms import Carats, CertificateNumber, CountryCode, HSCode, ParticipantCode, USDollars

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PRINTABLE = st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S"), include_characters=" ")

codes = st.text(CAPITALS, min_size=2, max_size=2)
participants = codes.map(ParticipantCode)
countries = codes.map(CountryCode)
numbers = st.builds(
    CertificateNumber, participants, st.from_regex(r"[A-Z0-9]([A-Z0-9/.-]{0,18}[A-Z0-9])?", fullmatch=True)
)


def texts(longest: int = 120) -> st.SearchStrategy[str]:
    """Any text that prints, in any script, with single spaces inside."""
    return st.text(_PRINTABLE, min_size=1, max_size=longest).map(str.strip).filter(bool)


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The text, or none."""
    return st.one_of(st.just(""), strategy)


parties = st.builds(Party, texts(), texts(), countries, maybe(texts()), maybe(texts()))
lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(HSCode),
        st.builds(Carats, st.integers(1, 10**11 // 3)),
        st.builds(USDollars, st.integers(1, 10**15 // 3)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda line: line.hs,
).map(tuple)
references = st.builds(Reference, numbers, st.one_of(st.just(b""), st.binary(min_size=32, max_size=32)))
instants = st.integers(0, 253_402_300_799).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))

_scalars = st.one_of(
    st.integers(-(2**64), 2**64 - 1), st.text(max_size=8), st.binary(max_size=8), st.booleans(), st.none()
)
values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.integers(-(2**64), 2**64 - 1), st.text(max_size=4)), inner, max_size=3),
    ),
    max_leaves=8,
)
"""Anything that the codec encodes, nested a few levels deep."""

new_keys = st.one_of(st.integers(19, 2**64 - 1), st.integers(-(2**64), -1))
extensions = st.dictionaries(new_keys, values, max_size=3)


@st.composite
def origins(draw: st.DrawFn) -> Origin:
    """Draw one country, two to twelve, or none that is disclosed."""
    kind = draw(st.sampled_from(OriginKind))
    least, most = {OriginKind.SINGLE: (1, 1), OriginKind.MIXED_LISTED: (2, 12)}.get(kind, (0, 0))
    listed = draw(st.lists(countries, min_size=least, max_size=most, unique=True))
    return Origin(kind, tuple(listed), draw(maybe(texts(40))))


@st.composite
def validations(draw: st.DrawFn) -> Validation:
    """Draw a kind with the officials or the reference that it needs."""
    kind = draw(st.sampled_from(ValidationKind))
    least = {ValidationKind.ONE_OFFICIAL: 1, ValidationKind.CUSTOMS_REFERENCE: 0}.get(kind, 2)
    officials = draw(st.lists(texts(20), min_size=least, max_size=4, unique=True))
    needed = kind is ValidationKind.CUSTOMS_REFERENCE
    return Validation(kind, tuple(officials), draw(texts(40) if needed else maybe(texts(40))))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    """Draw any certificate: every field, every kind, and fields of a later version."""
    kind = draw(st.sampled_from(CertificateKind))
    replaces = kind is CertificateKind.REPLACEMENT
    expiry = draw(st.dates(date(1971, 1, 1), date(9998, 12, 31)))
    issuance = draw(st.dates(date(1970, 1, 2), date(9998, 12, 31)))
    return Certificate(
        number=draw(numbers),
        kind=kind,
        office=draw(texts()),
        issuing_authority=draw(texts()),
        validated_at=_midnight(issuance) + timedelta(seconds=draw(st.integers(-14 * 3600, 36 * 3600 - 1))),
        expires_at=_midnight(expiry) + timedelta(seconds=draw(st.integers(10 * 3600, 36 * 3600))),
        date_of_issuance=issuance,
        date_of_expiry=expiry,
        exporter=draw(parties),
        importer=draw(parties),
        destination=draw(participants),
        country_of_provenance=draw(participants),
        origin=draw(origins()),
        lines=draw(lines),
        parcels=draw(st.integers(1, 10**6)),
        container_seals=tuple(draw(st.lists(texts(32), min_size=1, max_size=12, unique=True))),
        validation=draw(validations()),
        consent_level=draw(st.sampled_from(ConsentLevel)),
        profile=ProfileReference(draw(texts(20)), draw(texts(20))),
        status_index=draw(st.integers(0, 2**32 - 1)),
        record_digest=draw(st.binary(min_size=32, max_size=32)),
        refers_to=draw(references if replaces else st.one_of(st.none(), references)),
        extensions=draw(extensions),
    )


counts = st.builds(Count, st.integers(1, 10**6), lines)
confirmations = st.builds(
    ImportConfirmation,
    certificate=references,
    importing_participant=participants,
    office=texts(),
    importing_authority=texts(),
    confirmed_at=instants,
    date_of_receipt=st.dates(date(1970, 1, 1)),
    exporter=parties,
    importer=parties,
    declared=counts,
    measured=st.one_of(st.none(), counts),
    seals=st.sampled_from(SealState),
    result=st.sampled_from(ConfirmationResult),
    official=texts(),
    consent_level=st.sampled_from(ConsentLevel),
    remark=maybe(texts()),
    extensions=extensions,
)
