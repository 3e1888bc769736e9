"""An official's consent to one legal act: proved afresh, for exactly the bytes that will be signed.

The rules of this module:

- A session is no consent. For each act the official proves who they are once more, and the proof serves for one act.
- ``challenge`` is the SHA-256 of the COSE Sig_structure of what will be signed: 32 bytes.
- *Pilot*: password and a code, checked now. A code serves once, for whatever purpose. Wrong ones count to the lock.
- *Bound*: a passkey signs the challenge itself, after it has recognised its user (fingerprint, face or PIN). What it
  signed is evidence: `check_evidence` needs neither this node nor its database.
- What is counted must stay counted: call these functions outside the transaction of the act.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidSignature
from django.db import transaction
from fido2.cose import CoseKey, UnsupportedKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)

from macle import errors
from macle.node.accounts import actions, adapters, codes, passkeys, throttle
from macle.node.accounts.models import User
from macle.proof import codec
from macle.scheme.certificates import ConsentLevel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CHALLENGE_BYTES: Final = 32
LARGEST_RESPONSE: Final = 16 * 1024


class ConsentRefused(errors.NotPermitted):
    """Password, code or passkey did not prove who consents."""

    code = "consent-refused"


class PasskeyMissing(errors.Conflict):
    """The official has no passkey."""

    code = "passkey-missing"


class EvidenceInvalid(errors.Untrusted):
    """The evidence does not prove this consent."""

    code = "evidence-invalid"


class EvidenceMalformed(errors.Malformed):
    """These bytes are no evidence of a consent."""

    code = "evidence-malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a passkey signed, as it came: enough for anybody to check it later."""

    relying_party: str
    """The name to which the passkey is bound."""
    client_data: bytes
    """JSON of the browser: what was asked, and from which page."""
    authenticator_data: bytes
    signature: bytes
    public_key: bytes
    """The passkey's key as a COSE_Key."""
    credential: bytes
    """The id of the passkey."""

    def encode(self) -> bytes:
        """Return the evidence as deterministic CBOR."""
        return codec.encode(
            [
                self.relying_party,
                self.client_data,
                self.authenticator_data,
                self.signature,
                self.public_key,
                self.credential,
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That an official consented to one act; ``evidence`` only where the level is *bound*."""

    level: ConsentLevel
    by: str
    at: datetime
    challenge: bytes
    evidence: Evidence | None = None


def given(*, user_identifier: str, password: str, code: str, challenge: bytes, at: datetime) -> Consent:
    """Return the consent of somebody whose password and code are right now, at the level *pilot*.

    Raises `ConsentRefused` (without saying which was wrong), and `throttle.SignInLocked`.
    """
    _sound(challenge)
    user = _open_user(user_identifier)
    throttle.check(user.login, at=at)
    with transaction.atomic(durable=True):
        proved = user.check_password(password) and codes.check(user, code, at=at)
    if not proved:
        _refuse(user, at=at)
    throttle.clear(user.login)
    return Consent(level=ConsentLevel.PILOT, by=user.identifier, at=at, challenge=challenge)


def begin_bound(*, user_identifier: str, challenge: bytes) -> dict[str, Any]:
    """Return the options for ``navigator.credentials.get``, as plain JSON; raise `PasskeyMissing`."""
    _sound(challenge)
    user = _open_user(user_identifier)
    credentials = _credentials(user)
    if not credentials:
        raise PasskeyMissing(
            "You have no passkey.", where="passkey", mend="Add one on the page of your account, then come back here."
        )
    options, _state = _server().authenticate_begin(
        credentials=credentials, user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    plain: dict[str, Any] = json.loads(json.dumps(dict(options)))
    return plain


def given_bound(*, user_identifier: str, challenge: bytes, response: Mapping[str, Any], at: datetime) -> Consent:
    """Return the consent that a passkey of this user signed, at the level *bound*, with its evidence.

    ``response`` is what ``navigator.credentials.get`` answered, as JSON. Raises `ConsentRefused`.
    """
    _sound(challenge)
    user = _open_user(user_identifier)
    server = _server()
    _options, state = server.authenticate_begin(
        credentials=_credentials(user), user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    try:
        answer = AuthenticationResponse.from_dict(response)
        used = server.authenticate_complete(state, _credentials(user), answer)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused() from error
    evidence = Evidence(
        relying_party=adapters.relying_party(),
        client_data=bytes(answer.response.client_data),
        authenticator_data=bytes(answer.response.authenticator_data),
        signature=bytes(answer.response.signature),
        public_key=passkeys.encoded(used.public_key),
        credential=bytes(used.credential_id),
    )
    check_evidence(evidence=evidence, challenge=challenge)
    _note_use(user, used)
    return Consent(level=ConsentLevel.BOUND, by=user.identifier, at=at, challenge=challenge, evidence=evidence)


def check_evidence(*, evidence: Evidence, challenge: bytes) -> None:
    """Raise `EvidenceInvalid` unless a passkey with this key signed this challenge for its recognised user.

    Whose key it is must be known from elsewhere: the evidence proves what was signed and with which key.

    1. The browser was asked to sign, for exactly this challenge, on a page of the relying party.
    2. The authenticator answered for that relying party, and had its user present and recognised.
    3. The signature over both is that of the key.
    """
    try:
        client = CollectedClientData(evidence.client_data)
        authenticator = AuthenticatorData(evidence.authenticator_data)
        key = CoseKey.parse(codec.decode(evidence.public_key, what="public_key"))
        origin, kind, asked = client.origin, client.type, client.challenge
    except (ValueError, TypeError, KeyError, IndexError, errors.MacleError) as error:
        raise EvidenceMalformed("These bytes are no evidence of a consent.") from error
    if isinstance(key, UnsupportedKey):
        raise EvidenceInvalid("The key is of no kind that is known.", where="public_key")
    if kind != CollectedClientData.TYPE.GET:
        raise EvidenceInvalid("The browser was not asked to sign.", where="client_data")
    if asked != challenge:
        raise EvidenceInvalid("Something else was signed.", where="client_data")
    if client.cross_origin or not _is_page_of(evidence.relying_party, origin):
        raise EvidenceInvalid("It was signed on a page of somebody else.", where="client_data")
    if authenticator.rp_id_hash != hashlib.sha256(evidence.relying_party.encode()).digest():
        raise EvidenceInvalid("The passkey is bound to another name.", where="authenticator_data")
    if not (authenticator.is_user_present() and authenticator.is_user_verified()):
        raise EvidenceInvalid("The passkey did not recognise its user.", where="authenticator_data")
    try:
        key.verify(
            evidence.authenticator_data + hashlib.sha256(evidence.client_data).digest(),
            evidence.signature,
        )
    except (InvalidSignature, ValueError, KeyError, TypeError) as error:
        raise EvidenceInvalid("The signature is not that of the key.", where="signature") from error


def read_evidence(content: bytes) -> Evidence:
    """Return the evidence that `Evidence.encode` wrote; raise `EvidenceMalformed`."""
    try:
        plain = codec.decode(content, what="evidence")
    except errors.MacleError as error:
        raise EvidenceMalformed("These bytes are no evidence of a consent.") from error
    match plain:
        case [str(party), bytes(client), bytes(authenticator), bytes(signature), bytes(key), bytes(credential)]:
            return Evidence(
                relying_party=party,
                client_data=client,
                authenticator_data=authenticator,
                signature=signature,
                public_key=key,
                credential=credential,
            )
    raise EvidenceMalformed("These bytes are no evidence of a consent.")


def read_response(text: str) -> dict[str, Any]:
    """Return what a browser answered, from the field of a form; raise `ConsentRefused`."""
    try:
        plain = json.loads(text) if len(text) <= LARGEST_RESPONSE else None
    except (ValueError, RecursionError) as error:
        raise _refused() from error
    if not isinstance(plain, dict):
        raise _refused()
    return plain


def _server() -> Fido2Server:
    return Fido2Server(PublicKeyCredentialRpEntity(id=adapters.relying_party(), name="Macle"))


def _credentials(user: User) -> list[AttestedCredentialData]:
    rows = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    found = [row.wrap().authenticator_data.credential_data for row in rows]
    return [each for each in found if each is not None]


def _note_use(user: User, used: AttestedCredentialData) -> None:
    for row in Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN):
        if row.wrap().authenticator_data.credential_data.credential_id == used.credential_id:
            row.record_usage()


def _open_user(identifier: str) -> User:
    user = User.objects.filter(identifier=identifier, closed_at=None).first()
    if user is None:
        raise _refused()
    return user


def _sound(challenge: bytes) -> None:
    if len(challenge) != CHALLENGE_BYTES:
        raise ValueError("A consent is to the SHA-256 of what will be signed.")


def _is_page_of(relying_party: str, origin: str) -> bool:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
    return secure and (host == relying_party or host.endswith("." + relying_party))


def _refuse(user: User, *, at: datetime) -> None:
    if actions.count_failure(user.login, at=at):
        throttle.check(user.login, at=at)
    raise _refused()


def _refused() -> ConsentRefused:
    return ConsentRefused(
        "This does not prove who you are.",
        where="code",
        mend="See that the password is right, and wait for a new code: each serves once.",
    )
