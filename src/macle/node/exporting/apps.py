"""The app of this office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from macle.node.desk.navigation import Found
    from macle.node.permissions import Actor


class ExportingConfig(AppConfig):
    """The exporting desk: from an application to a certificate that is on its way and confirmed."""

    name = "macle.node.exporting"
    label = "exporting"

    def ready(self) -> None:
        """Enter the desk's pages in the bar, let the find box find its certificates, and let the clock work for it."""
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 (once the apps are there)

        from macle.node.audit import checks, dossiers, restoring  # noqa: PLC0415
        from macle.node.desk import navigation, pages  # noqa: PLC0415
        from macle.node.exchange import worker  # noqa: PLC0415
        from macle.node.exporting import consents, dossier, words  # noqa: PLC0415
        from macle.node.permissions import Act  # noqa: PLC0415
        from macle.node.traders import wording  # noqa: PLC0415

        navigation.enter(
            navigation.Entry(label=_("Desk"), url="exporting:queue", act=Act.APPLICATION_READ, order=10),
            navigation.Entry(label=_("Applications"), url="exporting:applications", act=Act.APPLICATION_READ, order=20),
            navigation.Entry(label=_("Certificates"), url="exporting:certificates", act=Act.CERTIFICATE_READ, order=30),
            navigation.Entry(
                label=_("Certificate needed?"),
                url="exporting:needs",
                act=pages.SIGNED_IN,
                order=80,
                hide_from=_applies_for_nobody,
            ),
            navigation.Entry(label=_("Customs"), url="exporting:customs", act=Act.CUSTOMS_LOOK, order=35),
            navigation.Entry(
                label=_("Confirmations"), url="exporting:confirmations", act=Act.CONFIRMATION_READ, order=40
            ),
            navigation.Entry(label=_("Numbers"), url="exporting:numbers", act=Act.NUMBERS_READ, order=45),
            navigation.Entry(label=_("Theft notices"), url="exporting:notices", act=Act.NOTICE_READ, order=50),
            navigation.Entry(label=_("Fees"), url="exporting:fees", act=Act.FEE_READ, order=55),
        )
        wording.say(words.MESSAGES)
        wording.lead("application", _address)
        navigation.answer_find("exporting", _find)
        worker.every(_HOUR, "expire certificates")(_expire)
        for kind, collect in (
            ("certificate", dossier.of_certificate),
            ("application", dossier.of_application),
            ("trader", dossier.of_trader),
        ):
            dossiers.register(kind, collect)
        checks.register(consents.findings, holds=_("Consents by passkey: each signs its certificate."))
        restoring.after(_skip_numbers)


_HOUR = 3600


def _expire(at: datetime) -> None:
    from macle.node.exporting.actions import certificates  # noqa: PLC0415

    certificates.expire(at=at)


def _skip_numbers(at: datetime) -> None:
    """End every block after a restoration: nobody knows which of its numbers were used since the backup."""
    from macle.node.exporting.actions import numbers  # noqa: PLC0415

    numbers.skip_rest(at=at, by_identifier=_RESTORED)


_RESTORED = "restore"


def _applies_for_nobody(actor: Actor) -> bool:
    """Return whether somebody is no trader: they find the page of questions elsewhere."""
    from macle.node.permissions import Act  # noqa: PLC0415

    return not actor.may(Act.APPLICATION_DRAFT)


def _address(reference: str) -> str:
    """Return the page of an application that a message is about."""
    from django.urls import reverse  # noqa: PLC0415

    return reverse("exporting:application", args=[reference])


def _find(text: str, *, by: Actor, at: datetime) -> Iterator[Found]:
    """Give the certificates and applications whose number, reference or seal it is."""
    from macle.node.exporting import finding  # noqa: PLC0415

    yield from finding.find(text, by=by, at=at)
