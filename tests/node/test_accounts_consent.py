"""Consent to one legal act: password and code, or a passkey that signs what is consented to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticatorData

from macle.node.accounts import actions, consent, throttle
from macle.node.permissions import Role
from macle.scheme.certificates import ConsentLevel
from tests.support.node_accounts import (
    AT,
    OPERATOR,
    PASSWORD,
    Passkey,
    a_holder,
    a_passkey,
    an_administrator,
    code_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from macle.node.accounts.consent import Consent
    from macle.node.accounts.models import User

pytestmark = pytest.mark.django_db
CHALLENGE = hashlib.sha256(b"what will be signed").digest()
OTHER = hashlib.sha256(b"something else").digest()


def an_official(login: str = "joren.pell") -> User:
    return a_holder(Role.VALIDATING_OFFICIAL, login, office="Port Selle")


def give(user: User, **fields: Any) -> Consent:
    at = fields.get("at", AT)
    known = {"password": PASSWORD, "code": code_of(user, at), "challenge": CHALLENGE, "at": at}
    return consent.given(user_identifier=user.identifier, **(known | fields))


class TestPilot:
    def test_password_and_code_prove_who_consents(self) -> None:
        user = an_official()
        given = give(user)
        assert (given.level, given.by, given.challenge) == (ConsentLevel.PILOT, user.identifier, CHALLENGE)

    def test_a_code_serves_once_even_within_its_half_minute(self) -> None:
        user = an_official()
        give(user)
        with pytest.raises(consent.ConsentRefused):
            give(user)
        with pytest.raises(consent.ConsentRefused):
            give(user, at=AT + timedelta(seconds=29), code=code_of(user, AT))
        give(user, at=AT + timedelta(seconds=30))

    @pytest.mark.parametrize(("late", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
    def test_a_clock_may_be_wrong_by_one_step(self, late: int, good: bool) -> None:
        user = an_official()
        code = code_of(user, AT + timedelta(seconds=late))
        if good:
            give(user, code=code)
        else:
            with pytest.raises(consent.ConsentRefused):
                give(user, code=code)

    def test_the_code_may_be_typed_with_a_space(self) -> None:
        user = an_official()
        code = code_of(user, AT)
        give(user, code=f"{code[:3]} {code[3:]}")

    @pytest.mark.parametrize("fields", [{"password": "wrong"}, {"code": "000000"}, {"code": ""}, {"code": "७७७७७७"}])
    def test_a_wrong_password_and_a_wrong_code_are_told_alike(self, fields: dict[str, str]) -> None:
        with pytest.raises(consent.ConsentRefused, match="does not prove who you are"):
            give(an_official(), **fields)

    def test_a_wrong_password_does_not_use_up_the_code(self) -> None:
        user = an_official()
        with pytest.raises(consent.ConsentRefused):
            give(user, password="wrong")
        give(user)

    def test_wrong_tries_lock_the_name_and_a_good_one_no_longer_helps(self) -> None:
        user = an_official()
        for _ in range(throttle.TRIES - 1):
            with pytest.raises(consent.ConsentRefused):
                give(user, password="wrong")
        with pytest.raises(throttle.SignInLocked):
            give(user, password="wrong")
        with pytest.raises(throttle.SignInLocked, match="09:45 UTC"):
            give(user)
        give(user, at=AT + throttle.LOCK)

    def test_another_persons_code_is_none(self) -> None:
        user, other = an_official(), an_official("ada.quill")
        with pytest.raises(consent.ConsentRefused):
            give(user, code=code_of(other, AT))

    def test_who_has_left_consents_to_nothing(self) -> None:
        an_administrator("administrator")
        user = an_official()
        actions.close(user=user.identifier, reason="Left", by=OPERATOR, at=AT)
        with pytest.raises(consent.ConsentRefused):
            give(user)

    @pytest.mark.django_db(transaction=True)
    def test_is_refused_within_the_transaction_of_an_act(self) -> None:
        user = an_official()
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            give(user)


def bound(user: User, passkey: Passkey, **fields: Any) -> Consent:
    """Sign as the page does: with what the options ask for."""
    options = consent.begin_bound(user_identifier=user.identifier, challenge=CHALLENGE)["publicKey"]
    assert options["challenge"] == websafe_encode(CHALLENGE)
    assert options["userVerification"] == "required"
    response = passkey.sign(fields.pop("challenge", CHALLENGE), **fields)
    return consent.given_bound(user_identifier=user.identifier, challenge=CHALLENGE, response=response, at=AT)


def flip(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


class TestBound:
    def test_a_passkey_signs_exactly_what_is_consented_to(self) -> None:
        user = an_official()
        given = bound(user, a_passkey(user))
        assert (given.level, given.by) == (ConsentLevel.BOUND, user.identifier)
        assert given.evidence is not None
        assert json.loads(given.evidence.client_data)["challenge"] == websafe_encode(CHALLENGE)

    def test_anybody_can_check_the_evidence_later_without_a_database(self, django_db_blocker: Any) -> None:
        user = an_official()
        evidence = bound(user, a_passkey(user)).evidence
        assert evidence is not None
        with django_db_blocker.block():
            again = consent.read_evidence(evidence.encode())
            assert again == evidence
            consent.check_evidence(evidence=again, challenge=CHALLENGE)
            with pytest.raises(consent.EvidenceInvalid):
                consent.check_evidence(evidence=again, challenge=OTHER)

    @pytest.mark.parametrize(
        ("passkey", "signs"),
        [
            ({}, {"challenge": OTHER}),
            ({}, {"kind": "webauthn.create"}),
            ({}, {"flags": AuthenticatorData.FLAG.UP}),
            ({}, {"flags": AuthenticatorData.FLAG.UV}),
            ({"origin": "https://elsewhere.example"}, {}),
            ({"origin": "http://127.0.0.1"}, {}),
            ({"relying_party": "elsewhere.example"}, {}),
        ],
        ids=[
            "something else was signed",
            "it was not asked to sign",
            "the user was not recognised",
            "the user was not there",
            "on a page of somebody else",
            "on a page that is not secure",
            "a passkey of another name",
        ],
    )
    def test_refuses(self, passkey: dict[str, Any], signs: dict[str, Any]) -> None:
        user = an_official()
        with pytest.raises(consent.ConsentRefused):
            bound(user, a_passkey(user, **passkey), **signs)

    def test_refuses_another_persons_passkey(self) -> None:
        user, other = an_official(), an_official("ada.quill")
        a_passkey(user)
        with pytest.raises(consent.ConsentRefused):
            bound(user, a_passkey(other))

    def test_refuses_a_passkey_that_was_not_registered(self) -> None:
        user = an_official()
        known = a_passkey(user)
        with pytest.raises(consent.ConsentRefused):
            bound(user, Passkey(credential=known.credential))

    @pytest.mark.parametrize("response", [{}, {"rawId": 5}, {"response": None}, {"rawId": "AAAA", "response": {}}])
    def test_refuses_what_is_no_answer(self, response: dict[str, Any]) -> None:
        user = an_official()
        a_passkey(user)
        with pytest.raises(consent.ConsentRefused):
            consent.given_bound(user_identifier=user.identifier, challenge=CHALLENGE, response=response, at=AT)

    def test_says_so_where_there_is_no_passkey(self) -> None:
        with pytest.raises(consent.PasskeyMissing):
            consent.begin_bound(user_identifier=an_official().identifier, challenge=CHALLENGE)

    def test_a_challenge_is_32_bytes(self) -> None:
        with pytest.raises(ValueError, match="SHA-256"):
            consent.begin_bound(user_identifier=an_official().identifier, challenge=b"short")

    @pytest.mark.parametrize("text", ["", "[]", "{", "[" * 9000, '{"a": ' + '"x"' * 9000 + "}"])
    def test_the_field_of_a_form_may_hold_anything(self, text: str) -> None:
        with pytest.raises(consent.ConsentRefused):
            consent.read_response(text)


class TestEvidence:
    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("client_data", lambda old: old.replace(b"http://localhost", b"https://elsewhere")),
            ("client_data", lambda old: old.replace(b"false", b"true")),
            ("client_data", lambda old: old + b" "),
            ("authenticator_data", flip),
            ("signature", flip),
            ("relying_party", lambda _: "elsewhere.example"),
        ],
    )
    def test_a_change_anywhere_is_found(self, field: str, change: Callable[[Any], Any]) -> None:
        user = an_official()
        evidence = bound(user, a_passkey(user)).evidence
        assert evidence is not None
        changed = dataclasses.replace(evidence, **{field: change(getattr(evidence, field))})
        with pytest.raises(consent.EvidenceInvalid):
            consent.check_evidence(evidence=changed, challenge=CHALLENGE)

    def test_another_key_did_not_sign_it(self) -> None:
        user = an_official()
        mine, others = bound(user, a_passkey(user)).evidence, bound(user, a_passkey(user)).evidence
        assert mine is not None
        assert others is not None
        with pytest.raises(consent.EvidenceInvalid, match="not that of the key"):
            consent.check_evidence(
                evidence=dataclasses.replace(mine, public_key=others.public_key), challenge=CHALLENGE
            )

    @pytest.mark.parametrize("content", [b"", b"\x80", b"\xff", b"\x86aaaaaa", b"x" * 70_000])
    def test_bytes_that_are_none_are_refused(self, content: bytes) -> None:
        with pytest.raises(consent.EvidenceMalformed):
            consent.read_evidence(content)

    @pytest.mark.parametrize("field", ["client_data", "authenticator_data", "public_key"])
    @pytest.mark.parametrize("content", [b"", b"{}", b"\xa0", b"null", b"[]", b"\xff" * 40])
    def test_parts_that_cannot_be_read_are_refused(self, field: str, content: bytes) -> None:
        user = an_official()
        evidence = bound(user, a_passkey(user)).evidence
        assert evidence is not None
        changed: dict[str, Any] = {field: content}
        with pytest.raises((consent.EvidenceMalformed, consent.EvidenceInvalid)):
            consent.check_evidence(evidence=dataclasses.replace(evidence, **changed), challenge=CHALLENGE)
