"""The commands of the how-tos do what the pages say: each block of shell is given, in its order, in one folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PASSPHRASES = {
    "MACLE_ROOT_PASSPHRASE": "a root of tests",
    "MACLE_PASSPHRASE": "a key of tests",
    "MACLE_STAMP_PASSPHRASE": "a stamp of tests",
}
"""What the pages let people type."""


def blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (HOW_TO / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def give(commands: list[str], *, folder: Path) -> str:
    """Give the commands in a shell that ends at the first that fails; absolute folders lie within the test's."""
    for place in ("srv", "run/secrets", "backups"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    stamp = folder / "run" / "secrets" / "stamp"
    stamp.write_text(PASSPHRASES["MACLE_STAMP_PASSPHRASE"] + "\n", encoding="utf-8")
    text = re.sub(r"(?<![\w.])/(srv|run|backups)/", rf"{folder}/\1/", "\n".join(commands))
    macle = shlex.join([sys.executable, "-c", "from macle.cli import main; main()"])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MACLE_", "DJANGO_"))}
    done = subprocess.run(
        ["/bin/bash", "-euc", f'macle() {{ {macle} "$@"; }}\n{text}'],
        cwd=folder,
        env={**kept, **PASSPHRASES},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class TestRunANode:
    def test_makes_a_node_with_keys_an_administrator_and_a_backup_and_without_the_root(self, tmp_path: Path) -> None:
        said = give(blocks("run-a-node.md"), folder=tmp_path)
        assert "The node of BW is ready" in said
        assert "joren.pell is u-" in said
        assert "none altered, removed or inserted" in said
        assert (tmp_path / "backups" / "node.tar").exists()
        assert '"signed"' in (tmp_path / "backups" / "heads.json").read_text(encoding="utf-8")
        assert (tmp_path / "bw" / "root.key.pem").exists()
        assert not list((tmp_path / "srv").rglob("root.key.pem"))


class TestAppointAnOfficial:
    def test_the_record_names_a_further_key(self, tmp_path: Path) -> None:
        first = 'macle keys new bw --participant BW --authority "Example Ministry of Minerals"'
        said = give([first, *blocks("appoint-an-official.md")], folder=tmp_path)
        assert "official-08, office Port Selle" in said


def test_each_setting_that_a_page_names_is_one() -> None:
    settings = (HOW_TO.parent / "reference" / "settings.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^## (MACLE_NODE_\w+)", settings, re.MULTILINE))
    for page in HOW_TO.glob("*.md"):
        assert set(re.findall(r"MACLE_NODE_[A-Z0-9_]*[A-Z0-9]", page.read_text(encoding="utf-8"))) <= known, page.name


class TestMoveIn:
    def test_takes_over_the_examples_but_their_mistakes(self, tmp_path: Path) -> None:
        for example in (HOW_TO.parents[1] / "examples" / "moving-in").iterdir():
            shutil.copy(example, tmp_path)
        settings = ["export MACLE_NODE_PARTICIPANT=BW MACLE_NODE_HOME=node", "macle node init"]
        # A row that cannot be taken ends the command with 1, and the shell of this test with it.
        commands = [
            re.sub(r"(?m)^(macle node move-in .*)$", r"\1 || [ $? -eq 1 ]", each) for each in blocks("move-in.md")
        ]
        said = give([*settings, *commands], folder=tmp_path)
        assert "5  taken" in said
        assert "1: a day cannot be read, or cannot be" in said
        assert "1: it differs from what is there" in said
        assert "4  taken" in said
        assert "row 5, Mining area: This is empty." in said
        assert "none altered, removed or inserted" in said
