"""The app of the audit."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Keeps what happened."""

    name = "macle.node.audit"
    label = "audit"

    def ready(self) -> None:
        """Enter the audit in the bar of those who may search it."""
        from macle.node.desk import navigation  # noqa: PLC0415 (only once the apps are there)
        from macle.node.permissions import Act  # noqa: PLC0415

        navigation.enter(navigation.Entry(label=_("Audit"), url="audit:search", act=Act.AUDIT_SEARCH, order=900))
