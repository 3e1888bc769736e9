"""Fill a node with what its two desks work on: sealed shipments to validate, and certificates to present.

`python -m bench.desks_house MODULE COUNT FOLDER` fills the node of its environment, which must be empty: officials
whose keys are in the token of their holder, an importing official, COUNT sealed applications for each validating one,
and pictures of a partner's certificates in FOLDER. Prints as JSON who acts how.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import django

django.setup()

from bench.desks import HOLDERS, PIN  # noqa: E402 (Django first)
from macle.node import clock  # noqa: E402
from macle.node.accounts import actions as accounts  # noqa: E402
from macle.node.permissions import Role  # noqa: E402
from macle.node.registry import actions as registry  # noqa: E402
from macle.proof import qr, tokens  # noqa: E402
from macle.proof.keys import Usage  # noqa: E402
from macle.scheme.certificates import ConsentLevel  # noqa: E402
from tests.support import (  # noqa: E402
    node_accounts,
    node_exporting,
    node_importing,
    node_interface,
    node_registry,
    node_traders,
)
from tests.support.node_registry import ADMINISTRATOR, OFFICE, ROOT_PASSPHRASE, SINCE  # noqa: E402

PICTURES: Final = 60
PASSWORD: Final = "brindle-alluvials-sorted-twice"  # noqa: S105 (of an invented person)


def main(module: str, count: int, folder: Path) -> None:
    """Fill the node."""
    home = Path(os.environ["MACLE_NODE_HOME"])
    authority = node_registry.keys_in(home)
    house = node_exporting.furnished(home, carats="9999999.00")
    officials = []
    for holder in HOLDERS:
        public = tokens.make_key(module=module, token=f"of-{holder}", label=holder, pin=PIN)
        authority.enter_key(
            public_key=public,
            usage=Usage.VALIDATE,
            holder=holder,
            office=OFFICE,
            root_passphrase=ROOT_PASSPHRASE,
            at=SINCE,
        )
        user = somebody(Role.VALIDATING_OFFICIAL, login=holder.replace("-", "."))
        node_registry.an_official(
            identifier=user.identifier, holder=holder, name=user.name, highest_level=ConsentLevel.TOKEN
        )
        officials.append(
            {
                "token": node_interface.a_token(user, at=clock.now()).secret,
                "secret": PIN,
                "references": [node_exporting.sealed(house).reference for _ in range(count)],
            }
        )
    print(json.dumps({"officials": officials, "importing": importing(home, folder)}))


def somebody(role: Role, *, login: str) -> Any:  # noqa: ANN401 (Django's own)
    """Make a person with this role at the office."""
    user = node_accounts.a_user(login, password=PASSWORD, name="Tamsin Vale")
    accounts.grant(user=user.identifier, role=role, office=OFFICE, by=node_accounts.OPERATOR, at=node_accounts.AT)
    return user


def importing(home: Path, folder: Path) -> dict[str, str]:
    """Believe a partner, write pictures of what it issues, and return who presents them."""
    node_registry.a_partner()
    partner = node_registry.an_authority(home / "partners")
    registry.pin_record(of="ZA", data=partner.record, words=partner.words, by=ADMINISTRATOR, at=SINCE)
    desk = node_importing.House(partner, node_traders.a_trader())
    for place in range(PICTURES):
        signed = desk.signed(number=f"ZA{4800 + place:08}")
        (folder / f"{place}.png").write_bytes(qr.code_of(qr.to_text(signed)).to_png())
    user = somebody(Role.IMPORTING_OFFICIAL, login="importing.official")
    return {"login": user.login, "password": PASSWORD, "secret": node_accounts.an_authenticator(user)}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
