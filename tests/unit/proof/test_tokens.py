"""A real token: SoftHSM2, made anew for these tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.util.ec import encode_named_curve_parameters

from macle import errors
from macle.proof import cose, tokens
from macle.proof.cose import Algorithm
from macle.proof.keys import KeyUnreadable, PassphraseWrong, PublicKey
from macle.proof.tokens import TokenUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
MODULE = str(next((path for path in MODULES if path.exists()), MODULES[0]))
TOKEN, PIN = "macle-test", "271828"

pytestmark = pytest.mark.skipif(
    not Path(MODULE).exists() or shutil.which("softhsm2-util") is None, reason="SoftHSM2 is not installed"
)


@pytest.fixture(scope="session", autouse=True)
def token_of_this_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make a token, once a process: the library reads where its tokens are when it is first opened, and never again.

    Tests of this module may come in several portions, so a fixture of the module would be made more than once.
    """
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "314159", "--pin", PIN],
        check=True,
        capture_output=True,
    )
    yield
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture(scope="session", name="key")
def key_in_the_token(token_of_this_process: None) -> PublicKey:  # noqa: ARG001 (the token must be there first)
    """Return the public half of a key that was made in the token."""
    return tokens.make_key(module=MODULE, token=TOKEN, label="official-07", pin=PIN)


class TestTokenSigner:
    def test_signs_what_cryptography_verifies(self, key: PublicKey) -> None:
        with tokens.opened(module=MODULE, token=TOKEN, label="official-07", pin=PIN) as signer:
            signatures = {signer.sign(b"content"): b"content", signer.sign(b""): b""}
        public = serialization.load_der_public_key(key.spki)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        for signature, content in signatures.items():
            assert len(signature) == 64
            der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
            public.verify(der, content, ec.ECDSA(hashes.SHA256()))
            assert key.has_signed(content, signature)
            assert not key.has_signed(content + b"x", signature)

    def test_signs_objects_as_a_file_does(self, key: PublicKey) -> None:
        with tokens.opened(module=MODULE, token=TOKEN, label="official-07", pin=PIN) as signer:
            assert (signer.algorithm, signer.key_id) == (Algorithm.ES256, key.key_id)
            signed = cose.sign(signer=signer, typ=cose.CERTIFICATE, payload=b"payload")
        read = cose.read(signed.to_bytes())
        assert read.header.key_id == key.key_id
        assert key.has_signed(read.to_be_signed, read.signature)

    @pytest.mark.parametrize("pin", ["000000", "", "27182", PIN + "1"])
    @pytest.mark.usefixtures("key")
    def test_stays_shut_for_a_wrong_pin(self, pin: str) -> None:
        with (
            pytest.raises(PassphraseWrong),
            tokens.opened(module=MODULE, token=TOKEN, label="official-07", pin=pin),
        ):
            pytest.fail("The token opened.")

    def test_says_which_key_the_token_does_not_hold(self) -> None:
        with pytest.raises(TokenUnavailable) as raised, tokens.opened(module=MODULE, token=TOKEN, label="no", pin=PIN):
            pytest.fail("There is such a key.")
        assert "'no'" in raised.value.what

    @pytest.mark.parametrize(
        ("module", "token"), [(MODULE, "absent"), ("/nowhere/module.so", TOKEN), (__file__, TOKEN)]
    )
    def test_says_which_token_cannot_be_reached(self, module: str, token: str) -> None:
        with pytest.raises(TokenUnavailable), tokens.opened(module=module, token=token, label="official-07", pin=PIN):
            pytest.fail("The token opened.")


class TestMakeKey:
    @pytest.mark.usefixtures("key")
    def test_makes_a_key_that_the_token_does_not_give_out(self) -> None:
        found = pkcs11.lib(MODULE).get_token(token_label=TOKEN)
        with found.open(rw=True, user_pin=PIN) as session:
            private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label="official-07")
            assert private[pkcs11.Attribute.EXTRACTABLE] is False
            assert private[pkcs11.Attribute.SENSITIVE] is True
            assert private[pkcs11.Attribute.NEVER_EXTRACTABLE] is True
            with pytest.raises(pkcs11.PKCS11Error):
                assert private[pkcs11.Attribute.VALUE]

    @pytest.mark.usefixtures("key")
    def test_makes_no_second_key_of_one_label(self) -> None:
        with pytest.raises(errors.Conflict):
            tokens.make_key(module=MODULE, token=TOKEN, label="official-07", pin=PIN)

    def test_makes_another_key_for_another_label(self, key: PublicKey) -> None:
        other = tokens.make_key(module=MODULE, token=TOKEN, label="official-08", pin=PIN)
        assert other != key
        with tokens.opened(module=MODULE, token=TOKEN, label="official-08", pin=PIN) as signer:
            assert signer.public_key == other

    def test_stays_shut_for_a_wrong_pin(self) -> None:
        with pytest.raises(PassphraseWrong):
            tokens.make_key(module=MODULE, token=TOKEN, label="official-09", pin="000000")


def test_a_key_on_another_curve_is_refused() -> None:
    found = pkcs11.lib(MODULE).get_token(token_label=TOKEN)
    with found.open(rw=True, user_pin=PIN) as session:
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp384r1")}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        parameters.generate_keypair(store=True, label="wide")
    with pytest.raises(KeyUnreadable), tokens.opened(module=MODULE, token=TOKEN, label="wide", pin=PIN):
        pytest.fail("A P-384 key was accepted.")
