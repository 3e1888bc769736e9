"""The app of the audit."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Keeps what happened."""

    name = "macle.node.audit"
    label = "audit"
