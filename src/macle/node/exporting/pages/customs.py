"""The one screen of customs where goods leave: may this leave, and why not. Looking changes nothing.

What stands in the book decides; a code is verified for real with this authority's own record, and its identity is
compared with the book's, so that neither a copied number nor a stolen key passes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from macle import errors
from macle.node.audit import pictures
from macle.node.desk import pages, sentences
from macle.node.desk import words as desk_words
from macle.node.exporting import counter_forms, queries
from macle.node.exporting.actions import notices
from macle.node.exporting.models import Certificate, Gap, LegacyCertificate, LegacyState, Notice, Number, Use
from macle.node.permissions import Act
from macle.node.registry import keys
from macle.node.registry import queries as registry
from macle.proof import codec, cose, qr, trust, verification
from macle.proof.verification import Answer, Result
from macle.scheme import participants, profiles
from macle.scheme.lifecycle import CertificateState
from macle.scheme.terms import CertificateNumber

if TYPE_CHECKING:
    from datetime import datetime

    from django.http.response import HttpResponseBase

    from macle.node.desk.pages import Request
    from macle.proof.trust import Trust
    from macle.proof.verification import Report
    from macle.scheme.certificates import Certificate as TypedCertificate

_LABEL: Final = re.compile(
    re.escape(qr.LABEL_PREFIX) + r"(?P<number>[A-Z]{2}[A-Z0-9/.-]{1,20}):(?P<identity>[0-9A-F]{64})"
)

_LEAVING: Final = (CertificateState.VALIDATED, CertificateState.DISPATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of the answers: the mark, the question, the answer in words, and a line more."""

    mark: str
    question: str
    answer: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What customs sees: one word, one sentence, what to do, and what the certificate says."""

    number: str
    mark: str
    word: str
    then: str
    todo: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    certificate: TypedCertificate | None = None
    office: Any = None
    verified: Report | None = None
    steps: tuple[tuple[str, str], ...] = field(default=())

    @property
    def may_leave(self) -> bool:
        """Return whether nothing stands against it."""
        return self.mark == "valid"


@pages.page(Act.CUSTOMS_LOOK, post=True)
def look(request: Request) -> HttpResponseBase:
    """Ask for one certificate; everything is shown and nothing is written."""
    form = counter_forms.LookForm()
    seen = None
    if request.method == "POST":
        form = counter_forms.LookForm(request.POST, request.FILES)
    elif request.GET.get("number"):
        form = counter_forms.LookForm({"what": request.GET["number"]})
    if form.is_bound and form.is_valid():
        try:
            seen = seen_of(_brought(form), at=request.at)
        except errors.MacleError as error:
            form.take(error)
    if form.is_bound and not form.errors:
        # The next one is scanned without touching the field first.
        form = counter_forms.LookForm()
    status = 422 if form.is_bound and form.errors else 200
    return pages.render(request, "exporting/counter/customs.html", {"form": form, "seen": seen}, status=status)


class NothingBrought(errors.Malformed):
    """Neither a number nor a picture was given."""

    code = "nothing-brought"


def _brought(form: counter_forms.LookForm) -> str:
    """Return the text of the code in the picture, or what was typed."""
    picture = form.cleaned_data.get("picture")
    if not picture:
        if not form.cleaned_data.get("what"):
            raise NothingBrought("Nothing was given.", where="what", mend="Type the number, or scan a code.")
        return str(form.cleaned_data["what"]).strip()
    texts = pictures.codes_in(picture.read(), where="picture")
    for prefix in (qr.PREFIX, qr.LABEL_PREFIX):
        for text in texts:
            if text.startswith(prefix):
                return text
    raise NothingBrought(
        "No code of a certificate was found in the picture.",
        where="picture",
        mend="Take it again, flat and in focus, or type the number.",
    )


def seen_of(text: str, *, at: datetime) -> Seen:
    """Return what this authority knows of what was brought: the text of a code, of a label, or a number."""
    if text.upper().startswith(qr.PREFIX):
        return _of_code(text, at=at)
    label = _LABEL.fullmatch("".join(text.split()).upper())
    if label:
        return _of_book(label["number"], at=at, identity=label["identity"].lower(), is_label=True)
    plain = "".join(text.split()).upper()
    own = settings.CONFIGURATION.participant
    try:
        number = str(CertificateNumber.parse(plain, where="what"))
    except errors.MacleError:
        # Digits alone are a number of this house.
        number = str(CertificateNumber.parse(f"{own}{plain}", where="what"))
    return _of_book(number, at=at)


def _own_trust(at: datetime) -> Trust:
    """Return what this authority believes of its own keys: its record as it stands now."""
    record = keys.record()
    known = participants.load()
    source = trust.Source(
        record=record, as_of=at, reaches_until=max(record.reaches_until, at + timedelta(days=1)), how="own record"
    )
    return trust.Trust(
        sources={record.participant: source},
        participants=known,
        standing_as_of=at,
        standing_reaches_until=at + trust.STANDING_LIFE,
    )


def _of_code(text: str, *, at: datetime) -> Seen:
    report = verification.report(
        text,
        circumstances=verification.Circumstances(trust=_own_trust(at), profiles=profiles.load(), at=at),
        carrier=_("the text of a code"),
    )
    certificate = report.certificate or report.claim
    number = str(certificate.number) if certificate is not None else ""
    steps = tuple(
        (
            {Result.PASSED: "valid", Result.FAILED: "not-valid"}.get(step.result, "cannot-decide"),
            sentences.said(step.reason),
        )
        for step in report.steps
        if step.definition.question is verification.Question.GENUINE and step.result is not Result.NOT_JUDGED
    )
    own = settings.CONFIGURATION.participant
    if report.genuine is not Answer.YES:
        failing = report.failing
        is_other = certificate is not None and str(certificate.issuer) != own
        if is_other:
            return Seen(
                number=number,
                mark="cannot-decide",
                word=_("Cannot decide"),
                then=_("It is not a certificate of this authority. Nothing here says that it is false."),
                todo=(_("Ask an importing official to verify it."),),
                verified=report,
                steps=steps,
            )
        return Seen(
            number=number,
            mark="not-valid" if report.genuine is Answer.NO else "cannot-decide",
            word=_("Not valid") if report.genuine is Answer.NO else _("Cannot decide"),
            then=sentences.said(failing.reason) if failing is not None else _("The code could not be read."),
            todo=(
                _("Stop: keep the goods and the paper together, seals closed."),
                *((sentences.said(failing.advice),) if failing is not None and failing.advice else ()),
                _("Call the office that is named on the paper."),
            ),
            verified=report,
            steps=steps,
        )
    identity = report.signed.identity.hex() if report.signed is not None else ""
    return _of_book(number, at=at, identity=identity, verified=report, steps=steps)


def _of_book(
    number: str,
    *,
    at: datetime,
    identity: str = "",
    is_label: bool = False,
    verified: Report | None = None,
    steps: tuple[tuple[str, str], ...] = (),
) -> Seen:
    """Return what stands in the book under the number, and whether the identity that was brought is the book's."""
    own = settings.CONFIGURATION.participant
    if not number.startswith(own):
        return Seen(
            number=number,
            mark="cannot-decide",
            word=_("Cannot decide"),
            then=_("It was issued by %(name)s, not by this authority. Nothing here says that it is false.")
            % {"name": desk_words.participant(number[:2])},
            todo=(_("Ask an importing official to verify it."),),
        )
    held = Certificate.objects.filter(number=number).select_related("application", "content").first()
    if held is None:
        earlier = LegacyCertificate.objects.filter(number=number).select_related("names").first()
        if earlier is not None and verified is None:
            return _on_paper(earlier, at=at, is_label=is_label)
        return _not_validated(number, is_signed=verified is not None, steps=steps)
    common: dict[str, Any] = {
        "number": number,
        "office": registry.offices().filter(name=held.office).order_by("-since").first(),
        "verified": verified,
        "steps": steps,
        "certificate": codec.decode_certificate(cose.read(bytes(held.content.cose)).payload)
        if held.content.cose
        else None,
    }
    call = _call(common["office"], held.office)
    if identity and identity != held.identity:
        said = (
            _("The label names another certificate than the one in this authority's book.")
            if is_label
            else _("This authority's book has another certificate under this number.")
        )
        return Seen(
            mark="not-valid", word=_("Stop"), then=said, todo=(_keep(), call), lines=_lines(held, at=at), **common
        )
    word, mark, then, todo = _judged(held, at=at, call=call)
    if is_label and mark == "valid":
        todo = (_("The label proves nothing: scan the code on the certificate too, or compare the paper."), *todo)
    return Seen(mark=mark, word=word, then=then, todo=todo, lines=_lines(held, at=at), **common)


def _keep() -> str:
    return _("Keep the goods and the paper together, seals closed.")


def _call(office: Any, name: str) -> str:  # noqa: ANN401
    telephone = getattr(office, "telephone", "")
    if telephone:
        return _("Call %(office)s: %(telephone)s.") % {"office": name, "telephone": telephone}
    return _("Call %(office)s.") % {"office": name}


def _judged(held: Certificate, *, at: datetime, call: str) -> tuple[str, str, str, tuple[str, ...]]:
    """Return word, mark, sentence and what to do, from the book alone."""
    matter = held.application
    if queries.is_suspected(matter):
        return _("Stop"), "cannot-decide", _("It is under examination."), (_keep(), call)
    if notice := _open_notice(held):
        about = _("its sheet") if notice.block_id else _("the key that signed it")
        return (
            _("Stop"),
            "cannot-decide",
            _("A theft notice of %(day)s concerns %(what)s, and the office has not confirmed it yet.")
            % {"day": desk_words.day(notice.issued_at), "what": about},
            (_keep(), call),
        )
    if matter.status in _LEAVING:
        if at >= held.expires_at:
            return (
                _("Expired"),
                "expired",
                _("It was good until %(day)s. An official decides what happens; it is not a forgery.")
                % {"day": desk_words.day(held.date_of_expiry)},
                (_keep(), call),
            )
        said = _("Validated, in date, and not used.")
        if matter.status is CertificateState.DISPATCHED:
            said = _("Validated and in date. It left the office on %(at)s.") % {"at": desk_words.instant(matter.since)}
        return (
            _("May leave"),
            "valid",
            said,
            (_("The number, the weight and the seals below must be those on the paper and the container."),),
        )
    sentences = {
        CertificateState.VOID: _("It is void."),
        CertificateState.LOST: _("It was reported lost."),
        CertificateState.REPLACED: _("It was replaced by another certificate."),
        CertificateState.INVALIDATED: _("It was invalidated."),
        CertificateState.EXPIRED: _("It expired without being used."),
        CertificateState.REFUSED: _("The importing authority refused it."),
        CertificateState.CONFIRMED: _("It was used: its import is confirmed already."),
        CertificateState.ARCHIVED: _("It was used: its import is confirmed already."),
        CertificateState.FRAUD_CONFIRMED: _("Fraud is confirmed."),
    }
    mark = "expired" if matter.status is CertificateState.EXPIRED else "not-valid"
    said = sentences.get(matter.status, _("It is presented for import already."))
    return _("Stop"), mark, said, (_keep(), call)


def _open_notice(held: Certificate) -> Notice | None:
    """Return a notice that concerns it and for which nobody said that it is ours."""
    for notice in Notice.objects.filter(ended_at=None):
        if not notices.in_the_air(notice).filter(pk=held.pk).exists():
            continue
        answer = held.reconfirmations.filter(notice=notice).first()
        if answer is None or not answer.is_ours:
            return notice
    return None


def _on_paper(held: LegacyCertificate, *, at: datetime, is_label: bool) -> Seen:
    """Return what the old records say of a certificate that was issued before this node: never that it is valid."""
    call = _("Call the office that is named on the paper.")
    on = timezone.localtime(at).date()
    is_over = held.date_of_expiry is not None and held.date_of_expiry < on
    ended = {
        LegacyState.VOID: _("It is void."),
        LegacyState.LOST: _("It was reported lost."),
        LegacyState.REPLACED: _("It was replaced by another certificate."),
        LegacyState.REFUSED: _("The importing authority refused it."),
        LegacyState.CONFIRMED: _("It was used: its import is confirmed already."),
    }.get(LegacyState(held.state), "")
    before = _("It was issued on paper before this node.")
    lines = (
        Line(
            mark="not-judged",
            question=_("When was it issued?"),
            answer=desk_words.day(held.date_of_issuance) or _("not known"),
            more=_("Until %(day)s") % {"day": desk_words.day(held.date_of_expiry)} if held.date_of_expiry else "",
        ),
        Line(
            mark="not-judged",
            question=_("Which goods?"),
            answer=_("%(weight)s carats") % {"weight": desk_words.carats(held.carats)},
            more=_("US$ %(value)s") % {"value": desk_words.dollars(held.value)},
        ),
        Line(
            mark="not-judged",
            question=_("From whom, and where to?"),
            answer=held.names.exporter or _("not known"),
            more=desk_words.participant(held.destination) if held.destination else "",
        ),
    )
    common: dict[str, Any] = {"number": held.number, "lines": lines}
    if is_label:
        said = _("It was issued on paper before this node, and no label with a code was ever printed for it.")
        return Seen(mark="not-valid", word=_("Stop"), then=said, todo=(_keep(), call), **common)
    if ended:
        return Seen(mark="not-valid", word=_("Stop"), then=f"{before} {ended}", todo=(_keep(), call), **common)
    if is_over or held.state == LegacyState.EXPIRED:
        said = f"{before} {_('It expired without being used.')}"
        return Seen(mark="expired", word=_("Expired"), then=said, todo=(_keep(), call), **common)
    said = f"{before} {_('Nothing of it is signed, so nothing can be verified here.')}"
    compare = _("Compare the paper itself with what the old records say, above.")
    return Seen(mark="cannot-decide", word=_("Cannot decide"), then=said, todo=(compare, call), **common)


def _not_validated(number: str, *, is_signed: bool, steps: tuple[tuple[str, str], ...]) -> Seen:
    """Return what is known of a number without a certificate: reserved, void, stolen, or nothing."""
    taken = Number.objects.filter(number=number).select_related("application", "block").first()
    office = taken.block.office if taken is not None else ""
    todo = (_keep(), _call(None, office) if office else _("Read the number again. Then call the office on the paper."))
    if is_signed:
        said = _("It is signed with a key of this authority, and this authority's book does not have it.")
        return Seen(number=number, mark="not-valid", word=_("Stop"), then=said, todo=todo, steps=steps)
    if taken is not None and taken.use in {Use.VOID, Use.SPOILED}:
        said = _("Its number is void, and no certificate was ever validated under it.")
        return Seen(number=number, mark="not-valid", word=_("Stop"), then=said, todo=todo)
    if taken is not None:
        said = _("Its number is reserved. The certificate is not validated yet.")
        return Seen(number=number, mark="cannot-decide", word=_("Stop"), then=said, todo=todo)
    if _is_skipped(number):
        said = _("Its sheet was reported stolen, or its number was skipped. It was never issued.")
        return Seen(number=number, mark="not-valid", word=_("Stop"), then=said, todo=todo)
    said = _("This authority never issued a certificate with this number.")
    return Seen(number=number, mark="not-valid", word=_("Unknown"), then=said, todo=todo)


def _is_skipped(number: str) -> bool:
    national = number[2:]
    for gap in Gap.objects.select_related("block"):
        counter = counter_forms.counter_in(national, code="", lead=gap.block.lead)
        if counter is not None and gap.first <= counter <= gap.last and gap.block.national(counter) == national:
            return True
    return False


def _lines(held: Certificate, *, at: datetime) -> tuple[Line, ...]:
    matter = held.application
    seals = _(", ").join(matter.seals)
    left = (held.expires_at - at).days
    in_date = at < held.expires_at
    return (
        Line(
            mark="valid",
            question=_("Is it validated?"),
            answer=_("Validated"),
            more=_("%(at)s, %(office)s") % {"at": desk_words.instant(held.validated_at), "office": held.office},
        ),
        Line(
            mark="until" if in_date else "expired",
            question=_("Is it in date?"),
            answer=(_("Until %(day)s") if in_date else _("Expired on %(day)s"))
            % {"day": desk_words.day(held.date_of_expiry)},
            more=_("%(days)s left") % {"days": desk_words.days(left)} if in_date else "",
        ),
        Line(mark="waits", question=_("Which seals?"), answer=seals or _("none recorded")),
    )
