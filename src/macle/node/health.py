"""Whether the node lives, and whether it is ready: for whoever restarts it, or sends people to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 (Django's own)
    """Answer: this process answers."""
    return JsonResponse({"live": True})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer whether the database is there and as this version needs it; 503 if not."""
    if why := what_is_missing():
        return JsonResponse({"ready": False, "why": why}, status=503)
    return JsonResponse({"ready": True})


def what_is_missing() -> str:
    """Return in a sentence why the database does not serve this version; nothing if it does."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "The database cannot be reached."
    return "The database is not of this version." if missing else ""
