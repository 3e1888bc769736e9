"""Pages of accounts: one's own, and the administrator's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    return render(request, "accounts/own.html")


@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Lead somebody without a second factor to one."""
    return render(request, "accounts/second_factor.html")
