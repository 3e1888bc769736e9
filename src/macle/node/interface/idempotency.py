"""Doing a write once, however often it is sent: the same key with the same request gives the first answer again.

The rules of this module:

1. Claim: before anything is done the key is written down, with the digest of the request. The same key with another
   request is refused; while the first is under way the second is told so.
2. Act: where the act is one transaction, its answer is stored in that transaction: a process that is killed has done
   both or neither. Acts of several transactions (what is signed, what is read from a file) guard themselves against
   being done twice, and their answer is stored behind them.
3. A refusal is an answer too, and is given again. What failed unforeseen is none: the claim is taken back.
4. A claim whose process was killed is taken over after `LEASE`. Where the first is alive after all, its transaction
   holds the row, and the second finds the answer.

Answers are kept for two days at least.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.http import HttpResponse

from macle import errors
from macle.node.interface import problems
from macle.node.interface.models import LONGEST_KEY, Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from macle.node.interface.bearer import Asked

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
PATTERN: Final = rf"[!-~]{{1,{LONGEST_KEY}}}"
LEASE: Final = timedelta(minutes=2)
KEPT: Final = timedelta(days=2)

_KEY: Final = re.compile(PATTERN)


class KeyMissing(errors.Malformed):
    """A write came without an idempotency key, or with one that is none."""

    code = "idempotency-key-missing"


class KeyReused(errors.Refused):
    """The key was used for another request."""

    code = "idempotency-key-reused"


class UnderWay(errors.Conflict):
    """The first request with this key is not answered yet."""

    code = "idempotency-under-way"


def once(request: Asked, act: Callable[[], HttpResponse], *, whole: bool) -> HttpResponse:
    """Return the answer of the act, or the first one again.

    ``whole`` says that the act is one transaction. Raises `KeyMissing`, `KeyReused` or `UnderWay`.
    """
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise KeyMissing(
            f"A write has a header {HEADER}, of 1 to {LONGEST_KEY} characters without spaces.",
            where=f"header.{HEADER}",
            mend="Make a new one for each act, such as a UUID, and send the same one when you try again.",
        )
    claim = uuid4()
    row = _claimed(request, key, claim)
    if row.status is not None:
        return _again(row)
    try:
        if not whole:
            answer = _said(request, act)
            _keep(row, answer)
            return answer
        with transaction.atomic():
            held = _locked(row, claim)
            if held.status is not None:
                return _again(held)
            answer = _said(request, act)
            _keep(held, answer)
    except Exception:
        Answer.objects.filter(pk=row.pk, claim=claim, status=None).delete()
        raise
    return answer


def forget(*, at: datetime) -> int:
    """Forget answers that are older than they are kept, and return how many."""
    gone, _of_each = Answer.objects.filter(claimed_at__lt=at - KEPT).delete()
    return gone


def _claimed(request: Asked, key: str, claim: UUID) -> Answer:
    """Return the row of the key: ours to act on, or with the first answer."""
    digest = _digest(request)
    row = Answer.objects.filter(token=request.token, key=key).first()
    if row is None:
        try:
            with transaction.atomic():
                return Answer.objects.create(
                    token=request.token, key=key, digest=digest, claim=claim, claimed_at=request.at
                )
        except IntegrityError:
            # Somebody sent it at the same instant.
            row = Answer.objects.filter(token=request.token, key=key).first()
            if row is None:
                raise _under_way() from None
    if row.digest != digest:
        raise KeyReused(
            "This key was used for another request.", where=f"header.{HEADER}", mend="Make a new key for each act."
        )
    if row.status is not None:
        return row
    if request.at - row.claimed_at < LEASE:
        raise _under_way()
    with transaction.atomic():
        row = Answer.objects.select_for_update().get(pk=row.pk)
        if row.status is None:
            if request.at - row.claimed_at < LEASE:
                raise _under_way()
            row.claim, row.claimed_at = claim, request.at
            row.save(update_fields=["claim", "claimed_at"])
    return row


def _locked(row: Answer, claim: UUID) -> Answer:
    """Return the row as it stands now, locked until the transaction ends; raise `UnderWay` if it is another's."""
    held = Answer.objects.select_for_update().get(pk=row.pk)
    if held.status is None and held.claim != claim:
        raise _under_way()
    return held


def _under_way() -> UnderWay:
    return UnderWay(
        "The first request with this key is not answered yet.",
        where=f"header.{HEADER}",
        mend="Send it again in a few seconds.",
    )


def _said(request: Asked, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer, which may be a refusal: what was written before it, such as an alarm, stays."""
    try:
        return act()
    except errors.MacleError as error:
        return problems.of(request, error)


def _keep(row: Answer, answer: HttpResponse) -> None:
    row.status, row.media_type = answer.status_code, answer.headers["Content-Type"]
    row.body = answer.content
    row.save(update_fields=["status", "media_type", "body"])


def _again(row: Answer) -> HttpResponse:
    return HttpResponse(bytes(row.body), status=row.status, content_type=row.media_type, headers={REPLAYED: "true"})


def _digest(request: Asked) -> str:
    """Return what tells one request from another: where it goes, and all that it brings."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for name, values in sorted(request.POST.lists()):
        digest.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            held = hashlib.sha256()
            for chunk in file.chunks():
                held.update(chunk)
            file.seek(0)
            digest.update(repr((name, file.name, held.hexdigest())).encode())
    return digest.hexdigest()
