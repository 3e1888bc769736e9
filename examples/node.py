"""An example node with a year of invented shipments: made, started, and shown to whoever wants to try it.

Run it with ``make demo``; ``--once`` tries it over HTTP and ends by itself. The node is in ``demo/node``, made anew
each time, with SQLite; its letters go into a folder and reach nobody. Passwords, passphrases and codes are printed
because nothing here is a secret.
"""

from __future__ import annotations

import argparse
import http.cookiejar
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.ministry import House

HOME: Final = Path(__file__).parents[1] / "demo" / "node"
AUTHORITY: Final = "Example Ministry of Minerals"
SHIPMENTS, FEW = 200, 120
SEED: Final = 2026
PATIENCE: Final = 60
"""Seconds after which a node that does not answer has failed."""

MACLE: Final = (sys.executable, "-c", "from macle.cli import main; main()")


class UntrueError(Exception):
    """Something that was about to be shown is not so."""


def check(holds: object, what: str) -> None:
    """Raise `UntrueError` unless it holds."""
    if not holds:
        raise UntrueError(what)


# --- Making it --------------------------------------------------------------------------------------


def environment(home: Path) -> dict[str, str]:
    """Return what the node is told: its folder, whose it is, and a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {name: value for name, value in os.environ.items() if not name.startswith("MACLE_")}
    return told | {
        "MACLE_NODE_HOME": str(home.resolve()),
        "MACLE_NODE_PARTICIPANT": "BW",
        "MACLE_NODE_AUTHORITY": AUTHORITY,
        "MACLE_NODE_HTTPS": "no",
        "MACLE_NODE_PORT": str(port),
        "MACLE_NODE_MAIL_FROM": "kp@ministry.example",
        "DJANGO_SETTINGS_MODULE": "macle.node.settings",
    }


def make(told: dict[str, str], *, shipments: int) -> House:
    """Make the node as an operator does, and let its people work for a year."""
    shutil.rmtree(told["MACLE_NODE_HOME"], ignore_errors=True)
    subprocess.run([*MACLE, "node", "init"], env=told, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own)
    os.environ.update(told)
    import django  # noqa: PLC0415 (the node's settings are read when it starts)

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from examples import ministry, year  # noqa: PLC0415
    from macle.node import clock  # noqa: PLC0415
    from macle.node.exchange import carriers, worker  # noqa: PLC0415

    carrier, now = carriers.configured(settings.CONFIGURATION), clock.now()

    def evening(at: datetime) -> None:
        worker.run(carrier=carrier, now=lambda: at, stop=Event(), once=True)

    with connection.cursor() as cursor:
        # Should the power fail now, the example is made again: no act need wait for the disk.
        cursor.execute("PRAGMA synchronous=OFF")
    house = ministry.found(Path(told["MACLE_NODE_HOME"]), begun=now - timedelta(days=372), until=now)
    year.tell(house, shipments=shipments, seed=SEED, evening=evening)
    connection.close()
    return house


# --- Running it -------------------------------------------------------------------------------------


@contextmanager
def running(told: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run server and worker, as an operator does, until whoever runs them goes on; both then end in peace."""
    processes = {}
    try:
        for what in ("run", "worker"):
            with (Path(told["MACLE_NODE_HOME"]) / f"{what}.log").open("wb") as log:
                # In sessions of their own: an interruption reaches us, and we end them.
                processes[what] = subprocess.Popen(  # noqa: S603 (our own)
                    [*MACLE, "node", what], env=told, stdout=log, stderr=log, start_new_session=True
                )
        yield processes
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGINT)
        for process in processes.values():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def require_alive(processes: dict[str, subprocess.Popen[bytes]], home: Path) -> None:
    """Raise `UntrueError` if the server or the worker has ended by itself."""
    for what, process in processes.items():
        check(process.poll() is None, f"`macle node {what}` ended by itself; see {home / what}.log")


def wait_until_ready(address: str, processes: dict[str, subprocess.Popen[bytes]], home: Path) -> None:
    """Wait until the node says that it is ready."""
    until = time.monotonic() + PATIENCE
    while True:
        require_alive(processes, home)
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=PATIENCE) as answer:  # noqa: S310 (our own)
                check(json.load(answer) == {"ready": True}, "The node is ready.")
                return
        except (urllib.error.URLError, ConnectionError):
            check(time.monotonic() < until, "The node answers.")
            time.sleep(0.1)


# --- Showing it -------------------------------------------------------------------------------------


def code(house: House, login: str) -> str:
    """Return what somebody's telephone shows at this moment."""
    from macle.node import clock  # noqa: PLC0415
    from macle.node.accounts import codes  # noqa: PLC0415

    return codes.code_of(house.secrets[login], step=codes.step_of(clock.now()))


def show(house: House, address: str) -> None:
    """Print where the node is and who may sign in, with the codes of this moment."""
    from examples import ministry  # noqa: PLC0415

    rows = [("Name", "Role", "Office or traders", "Login", "Code", "Signing key opens with")]
    rows += [
        (
            each.name,
            each.role.value,
            each.place,
            each.login,
            code(house, each.login),
            each.passphrase,
        )
        for each in ministry.PEOPLE
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n   {address}/    everybody's password: {ministry.PASSWORD}\n")
    for row in rows:
        print("   " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"\n   Codes of {datetime.now(UTC):%H:%M:%S} UTC; each serves once, for about a minute.", flush=True)


def keep_running(house: House, address: str, processes: dict[str, subprocess.Popen[bytes]], home: Path) -> None:
    """Run until interrupted; show the codes anew whenever somebody presses Return."""
    show(house, address)
    print("   Return shows new codes, Ctrl-C ends it.", flush=True)
    listening = [sys.stdin] if sys.stdin.isatty() else []
    while True:
        require_alive(processes, home)
        asked, _, _ = select.select(listening, [], [], 2)
        if asked:
            if not sys.stdin.readline():
                listening = []
                continue
            show(house, address)


# --- Trying it --------------------------------------------------------------------------------------


class Browser:
    """What a browser does, as far as signing in needs it: cookies, pages and forms."""

    def __init__(self, address: str) -> None:
        """Begin without a cookie."""
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.place = ""
        self.page = ""

    def get(self, path: str) -> int:
        """Open a page; follow where it leads."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.address, path)))  # noqa: S310 (our own)

    def send(self, **fields: str) -> int:
        """Fill in the form of this page and send it."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        check(found, f"There is a form at {self.place}.")
        token = found.group(1) if found else ""
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return self._open(urllib.request.Request(self.place, data, {"Referer": self.place}))  # noqa: S310 (our own)

    def _open(self, request: urllib.request.Request) -> int:
        try:
            answer = self.opener.open(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.place, self.page = answer.url, answer.read().decode()
            return int(answer.status)


def try_it(house: House, address: str) -> None:
    """Sign in as an examiner, over HTTP with password and code, and look at what waits."""
    from django.urls import NoReverseMatch, reverse  # noqa: PLC0415

    from examples import ministry  # noqa: PLC0415

    examiner = ministry.person("joren.pell")
    browser = Browser(address)
    check(browser.get("/account") == 200, "Whoever is not signed in is led to a page.")
    check("/sign-in" in browser.place, "That page is for signing in.")
    browser.send(login=examiner.login, password=ministry.PASSWORD)
    check("/sign-in/code" in browser.place, f"After the password the code is asked, not {browser.place}.")
    browser.send(code=code(house, examiner.login))
    check("/sign-in" not in browser.place, "The code is taken.")
    try:
        page = reverse("exporting:queue")
    except NoReverseMatch:
        page = reverse("accounts:own")
    status = browser.get(page)
    check(status == 200 and "/sign-in" not in browser.place, f"{page} answers with {status}.")
    print(f"   {examiner.name} signed in with password and code, and {page} answered.")


def told_of(house: House) -> str:
    """Return in a sentence what the node holds."""
    from examples import ministry  # noqa: PLC0415
    from macle.node.audit import queries as audit  # noqa: PLC0415
    from macle.node.exporting import queries  # noqa: PLC0415
    from macle.node.exporting.models import Application, Certificate  # noqa: PLC0415

    check(not list(audit.faults()) and not list(queries.faults()), "Nothing in the audit or in a state is wrong.")
    waits = queries.waiting_for(house.who("joren.pell", at=house.until), at=house.until).count()
    lines = sum(head.length for head in audit.heads())
    return (
        f"{Application.objects.count()} shipments of {len(ministry.FIRMS) - 1} traders, {Certificate.objects.count()} "
        f"certificates, {lines:,} lines of audit; {waits} shipments wait for {ministry.person('joren.pell').name}."
    )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    """Make the node, start it, and show it or try it."""
    parser = argparse.ArgumentParser(description="Make an example node and run it.")
    parser.add_argument("--once", action="store_true", help="try it and end by itself")
    parser.add_argument("--shipments", type=int, help=f"about how many ({SHIPMENTS}, with --once {FEW})")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    began, home = time.monotonic(), HOME
    told = environment(home)
    print("\nAn example node\n---------------", flush=True)
    try:
        house = make(told, shipments=given.shipments or (FEW if given.once else SHIPMENTS))
        print(f"   {told_of(house)}\n   Made in {time.monotonic() - began:.0f} s, in {home}.", flush=True)
        address = f"http://127.0.0.1:{told['MACLE_NODE_PORT']}"
        with running(told) as processes:
            wait_until_ready(address, processes, home)
            if not given.once:
                keep_running(house, address, processes, home)
            show(house, address)
            try_it(house, address)
            require_alive(processes, home)
        ended = [f"{what} with {process.returncode}" for what, process in processes.items() if process.returncode]
        check(not ended, f"Server and worker end in peace: {ended}.")
    except UntrueError as error:
        print(f"\nThis is not so: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n   The node is ended.")
        return 0
    print(f"   All of it was true. It took {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
