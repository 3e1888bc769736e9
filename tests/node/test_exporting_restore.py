from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.node.test_audit_backup import another, backed_up, restored
from tests.node.test_commands import environment_of
from tests.unit.cli.desk import process

BEGIN = """
import json, os
import django
django.setup()
from django.conf import settings
from macle.node.audit import queries as audit
from macle.node.exporting import queries
from macle.node.exporting.actions import certificates, confirmations, numbers
from macle.node.exporting.models import Application, Block, Certificate, Intent, Number
from macle.node.traders import queries as traders
from tests.support import node_exporting as made, node_registry
from tests.support.node_exporting import EXAMINER, OFFICIAL
"""

FIRST = """
node_registry.keys_in(settings.CONFIGURATION.home)
house = made.furnished(settings.CONFIGURATION.home)
used = made.validated(house)
certificates.dispatch(reference=used.application.reference, by=OFFICIAL, at=made.later(6))
confirmations.record(slip=made.a_slip(used), by=OFFICIAL, at=made.later(60 * 24 * 20))
made.validated(house)
made.sealed(house)
"""

LATER = """
from macle.node.permissions import Held, Role, Actor
from macle.node.traders.models import Trader
trader = Trader.objects.get()
house = made.House(trader, Actor(identifier="person-1", held=(Held(role=Role.EXPORTER, trader=trader.reference),)),
                   settings.CONFIGURATION.home)
"""

AFTER_BACKUP = LATER + "made.validated(house)\nprint(Certificate.objects.latest('pk').number)\n"

AFTER_RESTORE = (
    LATER
    + """
# Passphrases are in no backup: whoever restores a node brings them.
(settings.CONFIGURATION.home / "stamp-passphrase").write_text(node_registry.STAMP_PASSPHRASE)
from macle.node.exporting.actions.numbers import NoNumbers
try:
    made.validated(house)
    refused = False
except NoNumbers:
    refused = True
made.a_block(first=6001, last=6099)
made.validated(house)
print(json.dumps({
    "refused": refused,
    "numbers": sorted(Number.objects.values_list("number", flat=True)),
    "used": Application.objects.get(number="BW00004001").state,
    "fresh": sorted(Application.objects.filter(state="validated").values_list("number", flat=True)),
    "unaccounted": [n for block in Block.objects.all() for n in queries.unaccounted(block)],
    "faults": [*map(str, audit.faults()), *queries.faults(), *map(str, traders.balance_faults())],
}))
"""
)


def script(text: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + text],
        env={**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class TestRestore:
    def test_nothing_is_numbered_twice_and_no_used_certificate_is_fresh(self, tmp_path: Path) -> None:
        node = environment_of(tmp_path)
        assert process("node", "init", **node).returncode == 0
        script(FIRST, node)
        file = backed_up(node, tmp_path)
        lost = script(AFTER_BACKUP, node).strip()
        after = another(node, tmp_path)
        done = restored(after, file)
        assert done.returncode == 0, done.stderr
        told = json.loads(script(AFTER_RESTORE, after))
        assert told["refused"], "A number was given out that may have been used since the backup."
        assert lost not in told["numbers"]
        assert told["used"] == "confirmed"
        assert told["fresh"] == ["BW00004002", "BW00006001"]
        assert told["unaccounted"] == told["faults"] == []
