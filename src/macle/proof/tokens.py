"""Keys in a token or HSM, through PKCS#11: the key never leaves it.

The official's own PIN opens the token for a session and is not kept: that is the consent level *token*.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, cast

import pkcs11
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from macle import errors
from macle.proof.cose import Algorithm
from macle.proof.keys import KeyUnreadable, PassphraseWrong, PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkcs11 import Key, Session


class TokenUnavailable(errors.NotFound):
    """The module, the token or the key in it is not there."""

    code = "token-unavailable"


class TokenSigner:
    """A signer whose P-256 key is in a token; valid while its session is open."""

    def __init__(self, private: Key, public_key: PublicKey) -> None:
        """Take a private key object and the public key that belongs to it."""
        self._private = private
        self.public_key = public_key

    @property
    def algorithm(self) -> Algorithm:
        """Return ES256, the one algorithm that every token has."""
        return Algorithm.ES256

    @property
    def key_id(self) -> bytes:
        """Return the look-up hint of the key."""
        return self.public_key.key_id

    def sign(self, content: bytes) -> bytes:
        """Return r and s of the content; PKCS#11 takes the digest and gives them raw."""
        digest = hashlib.sha256(content).digest()
        return bytes(self._private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))  # type: ignore[attr-defined]


@contextlib.contextmanager
def opened(*, module: str, token: str, label: str, pin: str) -> Iterator[TokenSigner]:
    """Open the token, find the key of that label, and close it again.

    Raises `TokenUnavailable` or `PassphraseWrong`.
    """
    with opened_with(module=module, token=token, labels=(label,), pin=pin) as (signer,):
        yield signer


@contextlib.contextmanager
def opened_with(*, module: str, token: str, labels: tuple[str, ...], pin: str) -> Iterator[tuple[TokenSigner, ...]]:
    """Open the token once for several keys: a process logs in to a token one time.

    Raises `TokenUnavailable` or `PassphraseWrong`.
    """
    with _session(module=module, token=token, pin=pin) as session:
        yield tuple(_signer(session, token, label) for label in labels)


def _signer(session: Session, token: str, label: str) -> TokenSigner:
    try:
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=label)
    except pkcs11.PKCS11Error as error:
        raise TokenUnavailable(f"The token {token!r} holds no key {label!r}.", mend="Look at its labels.") from error
    return TokenSigner(private, _public(public))


def make_key(*, module: str, token: str, label: str, pin: str) -> PublicKey:
    """Make a P-256 key in the token, which will not give it out again; return its public half.

    Raises `TokenUnavailable`, `PassphraseWrong`, or Conflict if the label is taken.
    """
    with _session(module=module, token=token, pin=pin) as session:
        if list(
            session.get_objects({pkcs11.Attribute.LABEL: label, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})
        ):
            raise errors.Conflict(f"The token already holds a key {label!r}.", mend="Choose another label.")
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC,
            {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
            local=True,
        )
        public, _ = parameters.generate_keypair(store=True, label=label)
        return _public(public)


@contextlib.contextmanager
def _session(*, module: str, token: str, pin: str) -> Iterator[Session]:
    try:
        library = pkcs11.lib(module)
        found = library.get_token(token_label=token)
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise TokenUnavailable(
            f"The token {token!r} cannot be reached through {module}: {str(error) or type(error).__name__}.",
            mend="Insert it, or give the path of its PKCS#11 module.",
        ) from error
    try:
        session = found.open(rw=True, user_pin=pin)
    except pkcs11.PKCS11Error as error:
        raise PassphraseWrong(
            f"The PIN does not open the token {token!r}.", facts={"reason": type(error).__name__}
        ) from error
    with session:
        yield session


def _public(key: Key) -> PublicKey:
    try:
        public = serialization.load_der_public_key(encode_ec_public_key(cast("pkcs11.PublicKey", key)))
    except (ValueError, pkcs11.PKCS11Error) as error:
        raise KeyUnreadable("The token's public key cannot be read.") from error
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise KeyUnreadable("The token's key is not on an elliptic curve.", mend="Make a P-256 key.")
    return PublicKey(public)
