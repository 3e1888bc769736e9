"""An official adds a passkey and consents with it: what it signed proves the certificate, later and elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from macle.node.accounts import consent
from macle.node.audit import dossiers
from macle.node.exporting import consents
from macle.node.exporting.models import Certificate, Content
from macle.node.permissions import Role
from macle.node.registry import actions as registry
from macle.proof import codec, cose
from macle.scheme.certificates import ConsentLevel
from tests.journeys.house import a_house
from tests.support import node_registry
from tests.support.browsers import apart
from tests.support.node_accounts import PASSWORD
from tests.support.node_audit import AUDITOR
from tests.support.node_registry import ADMINISTRATOR, AT, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from playwright.sync_api import Page

    from macle.node.accounts.models import User
    from tests.journeys.conftest import Clock
    from tests.journeys.house import Person

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def node(node: str) -> str:
    """Return the address by its name: passkeys are bound to one, and browsers take this one for safe."""
    return node.replace("127.0.0.1", "localhost")


def _at_the_level_bound(user: User) -> None:
    registry.end_official(identifier=user.identifier, reason="A passkey from now on", by=ADMINISTRATOR, at=AT)
    node_registry.an_official(identifier=user.identifier, name=user.name, highest_level=ConsentLevel.BOUND)


def _has_an_authenticator(page: Page) -> None:
    """Give the browser an authenticator of its own, as a laptop has one."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def test_an_official_adds_a_passkey_and_validates_with_it(enter: Callable[..., Person], clock: Clock) -> None:
    with a_house() as house:
        matter = apart(house.sealed, clock.at)
        apart(_at_the_level_bound, house.users[Role.VALIDATING_OFFICIAL])
        official = enter(house, Role.VALIDATING_OFFICIAL)
        hand = official.hand
        _has_an_authenticator(hand.page)
        said: list[str] = []
        hand.page.on("pageerror", lambda error: said.append(str(error)))
        hand.follow("Validate", within="main")
        hand.sees("You consent by passkey, and you have none.")
        hand.follow("Add a passkey", within="main")
        assert hand.heading() == "Show that it is you"
        hand.write("Password", PASSWORD)
        hand.press("Continue")
        hand.write(re.compile("What you call it"), "This laptop")
        hand.press("Add")
        assert hand.heading() == "Recovery codes"
        official.open(f"/applications/{matter.reference}/validate")
        hand.press("Show me the exact document")
        hand.sees("You sign exactly what stands here, with your own key, once.")
        hand.write("Passphrase or PIN of your signing key", PASSPHRASE)
        hand.press("Validate with your passkey")
        hand.sees("BW00004001 is validated.", within="body")
        assert said == []
        apart(_is_proved, official.user.identifier, clock.at)
        apart(_is_found_when_changed)


def _is_proved(identifier: str, at: datetime) -> None:
    certificate = Certificate.objects.get()
    signed = cose.read(bytes(certificate.content.cose))
    assert codec.decode_certificate(signed.payload).consent_level is ConsentLevel.BOUND
    kept = certificate.content.consent
    assert kept["by"] == identifier
    consent.check_evidence(evidence=consent.read_evidence(consents.evidence_of(kept)), challenge=signed.identity)
    assert list(consents.findings()) == []
    with dossiers.dossier(f"certificate:{certificate.number}", by=AUDITOR, at=at) as file:
        assert b"/consent.cbor" in file.read()


def _is_found_when_changed() -> None:
    content = Content.objects.get()
    evidence = content.consent["evidence"]
    changed = evidence[:-2] + f"{int(evidence[-2:], 16) ^ 1:02x}"
    Content.objects.update(consent={**content.consent, "evidence": changed})
    assert [each.subject for each in consents.findings()] != []
