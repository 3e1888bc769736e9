"""How fast the two desks are: validations through the interface, and a picture brought to the presenting desk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from bench import node_pages
from bench.asking import Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COUNT: Final = 60
"""Validations of each official."""
WARM: Final = 5
_MODULE: Final = "/usr/lib/softhsm/libsofthsm2.so"
_UTIL: Final = shutil.which("softhsm2-util") or "softhsm2-util"
_SO_PIN: Final = "161803"
HOLDERS: Final = ("official-31", "official-32", "official-33", "official-34")
PIN: Final = "271828"


@contextmanager
def filled(backend: str) -> Iterator[tuple[node_pages.Node, Path]]:
    """Fill a node on SQLite or PostgreSQL, with keys in tokens; give it and the folder of pictures."""
    with tempfile.TemporaryDirectory(prefix="macle-bench-") as folder:
        Path(folder).chmod(0o755)
        home, pictures = Path(folder) / "node", Path(folder) / "pictures"
        home.mkdir(mode=0o700)
        pictures.mkdir()
        environment = node_pages.environment_of(home) | _tokens(Path(folder))
        if backend == "postgresql":
            with node_pages.database(home) as address:
                yield _filled(environment | {"MACLE_NODE_DATABASE_URL": address}, pictures), pictures
        else:
            yield _filled(environment, pictures), pictures


def _tokens(folder: Path) -> dict[str, str]:
    """Make a token for each official; return what a process must know to find them."""
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n", encoding="ascii")
    environment = {"SOFTHSM2_CONF": str(configuration)}
    for holder in HOLDERS:
        subprocess.run(
            [_UTIL, "--init-token", "--free", "--label", f"of-{holder}", "--so-pin", _SO_PIN, "--pin", PIN],
            check=True,
            capture_output=True,
            env=os.environ | environment,
        )
    return environment | {"MACLE_NODE_PKCS11_MODULE": _MODULE, "MACLE_NODE_TOKEN": "of-{holder}"}


def _filled(environment: Mapping[str, str], pictures: Path) -> node_pages.Node:
    node_pages.run([str(Path(sys.executable).with_name("macle")), "node", "init"], environment)
    command = [sys.executable, "-m", "bench.desks_house", _MODULE, str(COUNT + WARM), str(pictures)]
    said = node_pages.run(command, environment)
    return node_pages.Node(environment, json.loads(said.splitlines()[-1]))


def validations_per_second(node: node_pages.Node) -> float:
    """Return the validations a second, with their PDFs and letters, of all officials at a time."""
    with node_pages.answering(node) as port:
        officials = [Official(port, each) for each in node.filled["officials"]]
        for each in officials:
            each.validate(WARM)
        begun = time.perf_counter()
        threads = [threading.Thread(target=each.validate, args=(COUNT,)) for each in officials]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = time.perf_counter() - begun
    if problems := [problem for each in officials for problem in each.problems]:
        raise RuntimeError(f"Not everything was validated: {problems[0]}")
    return len(officials) * COUNT / taken


class Official:
    """An official's program: prepares, looks, and consents with the PIN."""

    def __init__(self, port: int, given: Mapping[str, Any]) -> None:
        self.person = Person(port, "", token=given["token"])
        self.secret = given["secret"]
        self.left: list[str] = list(given["references"])
        self.problems: list[str] = []

    def validate(self, count: int) -> None:
        """Validate so many of the shipments that are left."""
        for _ in range(count):
            address = f"/api/v1/applications/{self.left.pop()}/validation"
            prepared = self._sent(address, {})
            self._sent(f"{address}/sign", {"identity": prepared.get("identity", "0" * 64), "secret": self.secret})

    def _sent(self, address: str, body: Mapping[str, str]) -> dict[str, Any]:
        answer = self.person.send(
            address, json.dumps(body).encode(), {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
        )
        said: dict[str, Any] = json.loads(answer.text)
        if answer.status >= 400:
            self.problems.append(f"{address}: {said}")
        return said


def presented(node: node_pages.Node, pictures: Path) -> list[float]:
    """Return the seconds from each picture to its report, sorted; nothing is used."""
    seconds = []
    with node_pages.answering(node) as port:
        person = Person(port, node.filled["importing"]["login"])
        person.sign_in(password=node.filled["importing"]["password"], secret=node.filled["importing"]["secret"])
        token = person.token_of("/shipments/present")
        for place, picture in enumerate(sorted(pictures.iterdir())):
            boundary = uuid4().hex
            body = b"".join(
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
                + value
                + b"\r\n"
                for name, more, value in (
                    ("csrfmiddlewaretoken", "", token.encode()),
                    ("do", "", b"read"),
                    ("what", "", b""),
                    ("file", '; filename="code.png"\r\nContent-Type: image/png', picture.read_bytes()),
                )
            )
            headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept-Encoding": "gzip"}
            begun = time.perf_counter()
            answer = person.send("/shipments/present", body + f"--{boundary}--\r\n".encode(), headers)
            if place >= WARM:
                seconds.append(time.perf_counter() - begun)
            if answer.status != 200 or "this certificate, and it has not been changed" not in answer.text:
                raise RuntimeError(f"The picture was not read: {answer.status} {answer.text[:2000]}")
    return sorted(seconds)
