"""The consent that a passkey signed: kept, handed out, and looked at again."""

from __future__ import annotations

import io
import json
import re
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.urls import reverse

from macle.node.accounts import actions, consent, passkeys
from macle.node.audit import checks, dossiers
from macle.node.audit.models import Line
from macle.node.exporting import consents
from macle.node.exporting.actions import validation
from macle.node.exporting.models import Approval, Certificate, Content
from macle.node.permissions import Role
from macle.node.registry import actions as registry
from macle.proof import codec
from macle.scheme.certificates import ConsentLevel, ValidationKind
from tests.node.test_exporting_pages import asked, text_of
from tests.support import node_exporting as made
from tests.support import node_registry
from tests.support.node_accounts import OPERATOR, Passkey, a_holder, a_passkey, actor_of, an_administrator
from tests.support.node_audit import AUDITOR
from tests.support.node_exporting import later
from tests.support.node_registry import ADMINISTRATOR, OFFICE, PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.node.accounts.models import User
    from macle.node.exporting.models import Intent
    from tests.support.node_exporting import House

pytestmark = pytest.mark.django_db

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "check-a-consent.md"


@contextmanager
def a_house() -> Iterator[tuple[House, User]]:
    """Open an office whose official consents at the level *bound*, with an account of their own."""
    with made.a_house() as house:
        user = a_holder(Role.VALIDATING_OFFICIAL, "vale", office=OFFICE)
        registry.end_official(identifier="user-vale", reason="New level", by=ADMINISTRATOR, at=made.AT)
        node_registry.an_official(identifier=user.identifier, highest_level=ConsentLevel.BOUND)
        yield house, user


def consented(user: User, passkey: Passkey, intent: Intent, *, minute: int = 5) -> consent.Consent:
    challenge = bytes.fromhex(intent.identity)
    response = passkey.sign(challenge)
    return consent.given_bound(
        user_identifier=user.identifier, challenge=challenge, response=response, at=later(minute)
    )


def validated(house: House, user: User, passkey: Passkey) -> Certificate:
    application, by = made.sealed(house), actor_of(user, later(4))
    intent = validation.prepare(reference=application.reference, by=by, at=later(4))
    given = consented(user, passkey, intent)
    return made.sign(intent, by=by, consent=given)


def said() -> list[str]:
    return [finding.what for finding in consents.findings()]


def changed(certificate: Certificate, **parts: Any) -> None:
    """Change what is kept of the consent, as somebody does who writes into the database."""
    evidence = consent.read_evidence(consents.evidence_of(certificate.content.consent))
    plain = {name: getattr(evidence, name) for name in evidence.__slots__} | parts
    kept = {**certificate.content.consent, "evidence": consent.Evidence(**plain).encode().hex()}
    Content.objects.filter(certificate=certificate).update(consent=kept)


class TestFindings:
    def test_a_consent_as_it_was_given_holds(self) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            assert certificate.level == ConsentLevel.BOUND
            assert said() == []
            line = Line.objects.get(subject=f"certificate:{certificate.number}", facts__act="validate")
            assert re.fullmatch(r"[0-9a-f]{64}", line.facts["evidence"])
            assert "Consents by passkey: each signs its certificate." in map(str, checks.sentences())

    @pytest.mark.parametrize("part", ["client_data", "authenticator_data", "signature"])
    def test_a_changed_part_is_found(self, part: str) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            before = getattr(consent.read_evidence(consents.evidence_of(certificate.content.consent)), part)
            changed(certificate, **{part: before[:-2] + bytes([before[-2] ^ 1]) + before[-1:]})
            found = said()
            assert found[0].endswith("is not the one that was recorded.")
            assert found[1].startswith(f"It does not prove that {user.identifier} consented.")

    @pytest.mark.parametrize("kept", [{}, {"evidence": ""}, {"evidence": None}])
    def test_missing_evidence_is_found(self, kept: dict[str, Any]) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            Content.objects.filter(certificate=certificate).update(consent=kept)
            assert said() == [f"The evidence that {user.identifier} consented is not there."]

    @pytest.mark.parametrize("kept", [{"evidence": "zz"}, {"evidence": 5}, {"evidence": "80"}, [5], "80"])
    def test_what_cannot_be_read_is_found(self, kept: object) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            Content.objects.filter(certificate=certificate).update(consent=kept)
            assert len(said()) == 2
            with opened(certificate) as archive:
                assert any(name.endswith("/consent.json") for name in archive.namelist())

    def test_evidence_of_another_certificate_is_found(self) -> None:
        with a_house() as (house, user):
            passkey = a_passkey(user)
            one, other = validated(house, user, passkey), validated(house, user, passkey)
            Content.objects.filter(certificate=one).update(consent=other.content.consent)
            found = list(consents.findings())
            assert {each.subject for each in found} == {f"certificate:{one.number}"}
            assert [each.what for each in found][1].endswith("Something else was signed.")

    def test_signed_bytes_of_another_certificate_are_found(self) -> None:
        with a_house() as (house, user):
            passkey = a_passkey(user)
            one, other = validated(house, user, passkey), validated(house, user, passkey)
            Content.objects.filter(certificate=one).update(cose=other.content.cose)
            assert said() == ["The signed bytes are not those that were recorded."]
            for content in (b"\xd2", b""):
                Content.objects.filter(certificate=one).update(cose=content)
                assert said() == ["The signed bytes are not those that were recorded."]

    def test_a_certificate_that_is_gone_is_found(self) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            Content.objects.filter(certificate=certificate).delete()
            assert said() == [f"What {user.identifier} consented to is not there."]

    def test_a_passkey_that_was_put_in_beside_the_audit_is_found(self) -> None:
        with a_house() as (house, user):
            passkey = Passkey()
            WebAuthn.add(user, "Key", passkey.register(b"beside the audit"))
            validated(house, user, passkey)
            assert said() == [f"The passkey that signed was not registered for {user.identifier} then."]

    def test_a_passkey_that_was_removed_later_still_proves(self) -> None:
        with a_house() as (house, user):
            passkey = a_passkey(user)
            validated(house, user, passkey)
            row = Authenticator.objects.get(user=user, type=Authenticator.Type.WEBAUTHN)
            name = passkeys.digest(row)
            row.delete()
            actions.note(actions.Event.FACTOR_REMOVE, user=user, at=later(30), how="webauthn", passkey=name)
            assert said() == []

    def test_a_passkey_that_was_taken_away_before_proves_nothing(self) -> None:
        with a_house() as (house, user):
            an_administrator("administrator")
            passkey = a_passkey(user)
            kept = Authenticator.objects.get(user=user, type=Authenticator.Type.WEBAUTHN).data
            actions.reset_second_factor(user=user.identifier, reason="Lost", by=OPERATOR, at=made.AT)
            Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=kept)
            validated(house, user, passkey)
            assert said() == [f"The passkey that signed was not registered for {user.identifier} then."]

    def test_the_approval_of_a_further_official_is_looked_at_too(self) -> None:
        with a_house() as (house, user), made.law(validation_kinds=made.sourced(["two_officials"])):
            made.a_second_official(house.home)
            second = a_holder(Role.VALIDATING_OFFICIAL, "calder", office=OFFICE)
            registry.end_official(identifier="user-calder", reason="New level", by=ADMINISTRATOR, at=made.AT)
            node_registry.an_official(
                identifier=second.identifier, holder="official-09", highest_level=ConsentLevel.BOUND
            )
            application, by = made.sealed(house), actor_of(user, later(4))
            mine, theirs = a_passkey(user), a_passkey(second)
            intent = validation.prepare(reference=application.reference, by=by, at=later(4), second=second.identifier)
            named = codec.decode_certificate(bytes(intent.payload)).validation
            assert named.kind is ValidationKind.TWO_OFFICIALS
            validation.approve(
                reference=application.reference,
                identity=intent.identity,
                secret=PASSPHRASE,
                consent=consented(second, theirs, intent),
                by=actor_of(second, later(5)),
                at=later(5),
            )
            certificate = made.sign(intent, by=by, consent=consented(user, mine, intent))
            assert said() == []
            with opened(certificate) as archive:
                names = {name.rpartition("/")[2] for name in archive.namelist()}
            assert {"approval-official-09-consent.json", "approval-official-09-consent.cbor"} <= names
            Approval.objects.update(evidence=certificate.content.consent)
            assert len(said()) == 2
            Approval.objects.all().delete()
            assert said() == [f"What {second.identifier} consented to is not there."]


def opened(certificate: Certificate) -> zipfile.ZipFile:
    with dossiers.dossier(f"certificate:{certificate.number}", by=AUDITOR, at=later(60)) as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


class TestDossier:
    def test_a_third_party_checks_the_consent_with_what_is_in_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
    ) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            a_passkey(user)
            with opened(certificate) as archive:
                for name in archive.namelist():
                    (tmp_path / name.rpartition("/")[2]).write_bytes(archive.read(name))
        lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
        of_account = [line for line in lines if line["subject"].startswith("account:")]
        assert [line["tag"] for line in of_account] == [actions.Event.FACTOR_ADD]
        (program,) = re.findall(r"^```python\n(.*?)^```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        monkeypatch.chdir(tmp_path)
        with django_db_blocker.block():
            exec(program, {})  # noqa: S102 (the documentation's own)
            told = json.loads((tmp_path / "consent.json").read_text())
            (tmp_path / "consent.json").write_text(json.dumps(told | {"signature": told["signature"][:-2] + "00"}))
            with pytest.raises(Exception, match=r"^$"):
                exec(program, {})  # noqa: S102

    def test_says_of_evidence_that_cannot_be_read_that_it_cannot(self) -> None:
        with a_house() as (house, user):
            certificate = validated(house, user, a_passkey(user))
            Content.objects.filter(certificate=certificate).update(consent={"evidence": "80"})
            with opened(certificate) as archive:
                (name,) = [name for name in archive.namelist() if name.endswith("/consent.json")]
                assert "unreadable" in json.loads(archive.read(name))

    def test_of_a_pilot_tells_when_it_was_given_and_that_nothing_proves_it(self) -> None:
        with made.a_house() as house, opened(made.validated(house)) as archive:
            (name,) = [name for name in archive.namelist() if "consent" in name]
            told = json.loads(archive.read(name))
            assert (told["level"], told["by"], "signature" in told) == (ConsentLevel.PILOT, "user-vale", False)


class TestPage:
    def test_leads_an_official_without_a_passkey_to_where_one_is_added(self) -> None:
        with a_house() as (house, user):
            application = made.sealed(house)
            by = actor_of(user, later(4))
            for post in (None, {"do": "prepare"}):
                page = asked(by, "validate", application.reference, post=post)
                assert page.status_code == (200 if post is None else 422)
                assert "You consent by passkey, and you have none." in text_of(page)
                assert f'href="{reverse("mfa_add_webauthn")}"' in page.content.decode()  # type: ignore[attr-defined]
            assert not application.intents.exists()
            a_passkey(user)
            assert "Show me the exact document" in text_of(asked(by, "validate", application.reference))
