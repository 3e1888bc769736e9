"""Builders of accounts: people with roles, their second factors, and codes as their telephones show them."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from macle.node.accounts import actions, codes, passkeys, queries
from macle.node.permissions import Actor, Held, Role

if TYPE_CHECKING:
    from macle.node.accounts.models import User

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PASSWORD = "brindle-alluvials-sorted-twice"
OPERATOR = Actor(identifier="operator", held=(Held(role=Role.ADMINISTRATOR),))


def a_user(login: str = "tamsin.vale", *, password: str = PASSWORD, at: datetime = AT, **fields: Any) -> User:
    """Make a user without roles and without a second factor."""
    fields = {"name": "Tamsin Vale", "email": f"{login}@ministry.example"} | fields
    return actions.create(login=login, password=password, by=OPERATOR, at=at, **fields).user


def a_holder(
    role: Role, login: str = "tamsin.vale", *, office: str = "", trader: str = "", at: datetime = AT, **fields: Any
) -> User:
    """Make a user with one role and an authenticator."""
    user = a_user(login, at=at, **fields)
    actions.grant(user=user.identifier, role=role, office=office, trader=trader, by=OPERATOR, at=at)
    an_authenticator(user)
    return user


def an_administrator(login: str = "joren.pell", **fields: Any) -> User:
    return a_holder(Role.ADMINISTRATOR, login, **({"name": "Joren Pell"} | fields))


def actor_of(user: User, at: datetime = AT) -> Actor:
    return queries.actor(user, at=at)


def an_authenticator(user: User) -> str:
    """Give the user an authenticator application, and return its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    Authenticator.objects.filter(user=user).update(created_at=user.created_at)
    return secret


def code_of(user: User, at: datetime) -> str:
    """Return what the user's telephone shows at this instant."""
    authenticator = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return codes.code_of(decrypt(authenticator.data["secret"]), step=codes.step_of(at))


ORIGIN = "http://localhost"
PRESENT = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass
class Passkey:
    """A passkey in software: registers and signs as an authenticator with a browser does."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    origin: str = ORIGIN
    relying_party: str = "localhost"
    counter: int = 0

    def register(self, challenge: bytes) -> dict[str, Any]:
        """Answer `navigator.credentials.create`, as JSON."""
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        attested = AttestedCredentialData.create(b"\x00" * 16, self.credential, public)
        data = AuthenticatorData.create(
            hashlib.sha256(self.relying_party.encode()).digest(),
            PRESENT | AuthenticatorData.FLAG.AT,
            self.counter,
            attested,
        )
        return self._plain(
            {
                "clientDataJSON": websafe_encode(self.client_data("webauthn.create", challenge)),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            }
        ) | {"clientExtensionResults": {"credProps": {"rk": True}}}

    def sign(
        self,
        challenge: bytes,
        *,
        flags: AuthenticatorData.FLAG = PRESENT,
        kind: str = "webauthn.get",
        user_handle: bytes | None = None,
    ) -> dict[str, Any]:
        """Answer `navigator.credentials.get`, as JSON."""
        self.counter += 1
        data = AuthenticatorData.create(hashlib.sha256(self.relying_party.encode()).digest(), flags, self.counter)
        client = self.client_data(kind, challenge)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        if user_handle is not None:
            response["userHandle"] = websafe_encode(user_handle)
        return self._plain(response) | {"clientExtensionResults": {}}

    def client_data(self, kind: str, challenge: bytes) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": websafe_encode(challenge), "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _plain(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": websafe_encode(self.credential),
            "rawId": websafe_encode(self.credential),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": response,
        }


def a_passkey(user: User, **fields: Any) -> Passkey:
    """Give the user a passkey."""
    passkey = Passkey(**fields)
    added = WebAuthn.add(user, "Key", passkey.register(secrets.token_bytes(32))).instance
    actions.note(actions.Event.FACTOR_ADD, user=user, at=AT, how=str(added.type), passkey=passkeys.digest(added))
    return passkey
