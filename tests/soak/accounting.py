"""The accountant: what became of every number, from the tables and the keys' own log alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Sum

from macle.node.audit import queries as audit
from macle.node.exchange.models import Kind, Letter
from macle.node.exporting import queries
from macle.node.exporting.models import Application, Block, Certificate, Content, Gap, Intent, Number, Use
from macle.node.registry import keys as node_keys
from macle.node.traders import queries as traders
from macle.node.traders.models import BalanceEntry, EntryKind
from macle.proof import codec, cose
from macle.scheme import lifecycle
from macle.scheme.lifecycle import CertificateState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Account:
    """What was found; ``others`` are faults that have no count of their own, a sentence each."""

    validations: int = 0
    duplicates: list[str] = field(default_factory=list)
    unaccounted: list[str] = field(default_factory=list)
    signed_twice: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Return whether nothing was found."""
        return not (self.duplicates or self.unaccounted or self.signed_twice or self.others)


def account(signatures: Path | None, *, work_goes_on: bool = False) -> Account:
    """Go through all tables once.

    Without the keys' log, what was signed and not recorded is not known. As long as work goes on, a number may be
    reserved.
    """
    return Account(
        validations=Certificate.objects.count(),
        duplicates=[*_duplicates()],
        unaccounted=[*_unaccounted(work_goes_on=work_goes_on)],
        signed_twice=[*_signed_twice(signatures)],
        others=[*_certificate_faults(), *_book_faults(), *_letter_faults(), *_node_faults()],
    )


def _duplicates() -> Iterator[str]:
    """Give each number that was given out, or used, more than once."""
    for table in (Number, Certificate, Application):
        rows = table._default_manager.exclude(number="").order_by().values("number")
        for each in rows.annotate(times=Count("pk")).filter(times__gt=1):
            yield f"{each['number']} {each['times']} times"
    for block in Block.objects.all():
        taken = Counter(Number.objects.filter(block=block).values_list("counter", flat=True))
        for gap in Gap.objects.filter(block=block):
            taken.update(range(gap.first, gap.last + 1))
        yield from (f"{block.national(counter)} {times} times" for counter, times in taken.items() if times > 1)


def _unaccounted(*, work_goes_on: bool) -> Iterator[str]:
    """Give each number without a record, and each of which the record says not what became of it, or untruly."""
    for block in Block.objects.all():
        yield from (f"{block.national(counter)} has no record" for counter in queries.unaccounted(block))
        beyond = Number.objects.filter(block=block).exclude(counter__range=(block.first, block.next - 1))
        yield from (f"{each} lies outside of its block" for each in beyond)
    certified = set(Certificate.objects.values_list("number", flat=True))
    for number in Number.objects.select_related("application"):
        matter = number.application
        if matter is None or matter.number != number.number:
            yield f"{number} belongs to no application"
        elif number.use == Use.ISSUED:
            if number.number not in certified:
                yield f"{number} is issued, and there is no certificate"
        elif number.use == Use.RESERVED:
            if not work_goes_on or matter.state not in {CertificateState.RESERVED, CertificateState.SEALED}:
                yield f"{number} is reserved, and its application {matter.state}"
        elif not lifecycle.is_terminal(matter.status):
            yield f"{number} is {number.use}, and its application {matter.state}"


def _signed_twice(signatures: Path | None) -> Iterator[str]:
    """Give each number under which two different things were given to a key, consented to, or recorded."""
    identities: dict[str, set[str]] = defaultdict(set)
    if signatures is not None and signatures.exists():
        for line in signatures.read_text().splitlines():
            number, identity = line.split()
            identities[number].add(identity)
    signed = {number: set(each) for number, each in identities.items()}
    for number, identity in Intent.objects.filter(consented_at__isnull=False).values_list("number", "identity"):
        identities[number].add(identity)
    for number, identity in Certificate.objects.values_list("number", "identity"):
        identities[number].add(identity)
        if signatures is not None and identity not in signed.get(number, ()):
            yield f"{number} was recorded, and no key was asked for it"
    yield from (f"{number} stands for {len(each)} contents" for number, each in identities.items() if len(each) > 1)


def _certificate_faults() -> Iterator[str]:
    """Give what is wrong with a certificate: its bytes, its signature, what was consented to."""
    keys = {key.public_key.key_id.hex(): key.public_key for key in node_keys.record().keys}
    consented = dict(Intent.objects.filter(consented_at__isnull=False).values_list("number", "identity"))
    for content in Content.objects.select_related("certificate").iterator(chunk_size=500):
        certificate = content.certificate
        signed = cose.read(bytes(content.cose))
        typed = codec.decode_certificate(signed.payload)
        if consented.get(certificate.number) != certificate.identity:
            yield f"{certificate} is not what was consented to"
        if signed.identity.hex() != certificate.identity or str(typed.number) != certificate.number:
            yield f"{certificate} is recorded under bytes of something else"
        if not keys[certificate.key_id].has_signed(signed.to_be_signed, signed.signature):
            yield f"{certificate} is not signed"
    without = Certificate.objects.filter(content__isnull=True)
    yield from (f"{each} has no bytes" for each in without)


def _book_faults() -> Iterator[str]:
    """Give what is wrong with the traders' books."""
    for fault in traders.balance_faults():
        yield f"the balance of {fault.trader} is {fault.held}, its entries {fault.entered}"
    kinds = [EntryKind.EXPORT, EntryKind.EXPORT_RETURNED]
    rows = BalanceEntry.objects.filter(kind__in=kinds).order_by().values_list("reference")
    drawn = dict(rows.annotate(Sum("carats_hundredths")))
    for number in Number.objects.select_related("application"):
        matter = number.application
        charged = matter if number.use in {Use.ISSUED, Use.RESERVED} else None
        expected = -charged.carats_hundredths if charged is not None else 0
        if drawn.get(number.number) != expected:
            yield f"{number} drew {drawn.get(number.number)} instead of {expected}"


def _letter_faults() -> Iterator[str]:
    """Give each certificate of which the partner was not written to exactly once, and letters out of their order."""
    letters = Counter(Letter.objects.filter(kind=Kind.CERTIFICATE.value).values_list("about", flat=True))
    expected = Counter(f"certificate:{number}" for number in Certificate.objects.values_list("number", flat=True))
    yield from (
        f"{about} has {letters[about]} letters instead of {expected[about]}"
        for about in sorted({*letters, *expected})
        if letters[about] != expected[about]
    )
    withdrawn = set(Letter.objects.filter(kind=Kind.WITHDRAWAL.value).values_list("about", flat=True))
    voided = Certificate.objects.filter(number__in=Number.objects.exclude(use=Use.ISSUED).values("number"))
    yield from (f"{each} is void, and nobody was told" for each in voided if each.subject not in withdrawn)
    numbered = sorted(Letter.objects.exclude(partner="").values_list("partner", "sequence"))
    for partner in {each for each, _ in numbered}:
        if [number for each, number in numbered if each == partner] != [*range(1, len(numbered) + 1)]:
            yield f"the letters to {partner} are not numbered without a gap"


def _node_faults() -> Iterator[str]:
    """Give what the node itself finds."""
    yield from (f"audit line {fault.number}: {fault.what}" for fault in audit.faults())
    yield from (f"{reference} is not in the state of its steps" for reference in queries.faults())
