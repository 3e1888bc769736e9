"""Signing with a key in a real token, as a process of its own: a process reads once where SoftHSM's tokens are.

Prints one line for each thing that happened. The arguments are the PKCS#11 module and the label of the token.
"""

from __future__ import annotations

import sys

import django

django.setup()

from macle.node.registry import keys  # noqa: E402 (Django first)
from macle.node.registry.models import Official  # noqa: E402
from macle.proof import tokens  # noqa: E402
from macle.proof.keys import PassphraseWrong, Usage  # noqa: E402
from macle.scheme.certificates import ConsentLevel  # noqa: E402
from tests.support.node_registry import AT, OFFICE, ROOT_PASSPHRASE, SINCE, configured, keys_in  # noqa: E402

PIN = "271828"


def main(module: str, token: str) -> None:
    """Make a key in the token, enter it in the record, and sign with it."""
    from pathlib import Path  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as home, configured(home=Path(home), pkcs11_module=module, token="of-{holder}"):
        authority = keys_in(Path(home))
        public = tokens.make_key(module=module, token=token, label="official-10", pin=PIN)
        authority.enter_key(
            public_key=public,
            usage=Usage.VALIDATE,
            holder="official-10",
            office=OFFICE,
            root_passphrase=ROOT_PASSPHRASE,
            at=SINCE,
        )
        official = Official(holder="official-10", office=OFFICE, highest_level=ConsentLevel.TOKEN)
        with keys.signer(official, secret=PIN, at=AT) as signer:
            print("signed" if public.has_signed(b"content", signer.sign(b"content")) else "not signed")
        try:
            with keys.signer(official, secret="314159", at=AT):
                print("opened with a wrong PIN")
        except PassphraseWrong:
            print("a wrong PIN is refused")
        with keys.signer(official, secret=PIN, at=AT):
            print("opened again")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
