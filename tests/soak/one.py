"""Soak one database: open the office, let workers work and kill them at random, then account."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import django

django.setup()

from django.core.management import call_command  # noqa: E402 (after the settings)

from macle.node.traders.models import EntryKind  # noqa: E402
from tests.soak import accounting, working  # noqa: E402
from tests.support import node_exporting, node_registry, node_traders  # noqa: E402

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

WORKERS = 8
PAUSE = 0.7
"""Seconds from one kill to the next, on the average."""
MOST_BROKEN = 8
"""Workers that may end by themselves without being done."""
MOST_FAILURES = 1000
"""Lines about failures after which it ends."""
TRADERS = ("T-0001", "T-0002")
BOOK = "9999999.00"

_FORK = multiprocessing.get_context("fork")
"""Workers are forked from a process that has imported everything, so that one is back at work at once."""


def open_office(validations: int) -> None:
    """Make tables, keys, numbers in several blocks, and traders whose books cover all of it."""
    home = Path(os.environ["MACLE_NODE_HOME"])
    call_command("migrate", verbosity=0)
    node_registry.keys_in(home)
    node_registry.an_office()
    node_registry.an_official()
    node_registry.a_partner(participant="EU")
    first = 4001
    for share in (0.5, 0.3, 2):
        last = first + max(1, int(validations * share)) + WORKERS
        node_exporting.a_block(first=first, last=last)
        first = last + 1
    for reference in TRADERS:
        trader = node_traders.a_trader()
        if trader.reference != reference:
            raise RuntimeError(f"The first traders are {TRADERS}, and this is {trader.reference}.")
        node_traders.a_licence(trader)
        node_traders.an_entry(trader, BOOK, EntryKind.OPENING_STOCK)


def run(order: working.Order, *, seed: int) -> int:
    """Keep the workers at work until all have ended by themselves; return how many were killed."""
    chance = random.Random(seed)
    workers = {index: _start(order, index, chance) for index in range(order.workers)}
    kills = broken = 0
    at_next = time.monotonic() + _pause(chance)
    while workers and broken < MOST_BROKEN and not _hopeless(order):
        time.sleep(min(0.05, max(0.0, at_next - time.monotonic())))
        for index, worker in list(workers.items()):
            if worker.exitcode is None:
                continue
            if worker.exitcode == 0:
                del workers[index]
            else:
                working.append(order.failures, f"Worker {index} ended with {worker.exitcode}.")
                broken += 1
                workers[index] = _start(order, index, chance)
        if workers and time.monotonic() >= at_next:
            index = chance.choice(sorted(workers))
            workers[index].kill()
            workers[index].join()
            # One that ended by itself at the last instant was not killed.
            if workers[index].exitcode:
                kills += 1
                workers[index] = _start(order, index, chance)
            at_next = time.monotonic() + _pause(chance)
    for worker in workers.values():
        worker.kill()
        worker.join()
    return kills


def _pause(chance: random.Random) -> float:
    """Return how long until the next kill: longer where others keep the cores busy, so that workers get anywhere."""
    usual = WORKERS / (os.cpu_count() or 1)
    return chance.expovariate(1 / PAUSE) * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / usual)


def _hopeless(order: working.Order) -> bool:
    """Return whether so much went wrong that going on tells nothing more."""
    return order.failures.exists() and order.failures.read_bytes().count(b"\n") > MOST_FAILURES


def _start(order: working.Order, index: int, chance: random.Random) -> ForkProcess:
    worker = _FORK.Process(target=working.work, args=(order, index, chance.getrandbits(32)))
    worker.start()
    return worker


def alone(target: object, *arguments: object) -> None:
    """Do something in a process of its own, so that this one never opens the database before it forks."""
    process = _FORK.Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"{target} ended with {process.exitcode}.")


def main() -> int:
    """Soak, account, and print one line."""
    database, validations, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    begun = time.monotonic()
    alone(open_office, validations)
    order = working.Order(
        folder=Path(os.environ["MACLE_NODE_HOME"]), traders=TRADERS, validations=validations, workers=WORKERS
    )
    worked = time.monotonic()
    kills = run(order, seed=seed)
    if not order.failures.exists():
        alone(working.work, order, WORKERS, seed)
    ended = time.monotonic()
    found = accounting.account(order.signatures)
    failures = order.failures.read_text() if order.failures.exists() else ""
    met = Counter(order.remarks.read_text().splitlines() if order.remarks.exists() else [])
    print(
        f"# {database} seed {seed}: {ended - worked:.0f} s, {(ended - worked) / max(1, validations) * 1e3:.0f} ms a "
        f"validation; opening {worked - begun:.0f} s, accounting {time.monotonic() - ended:.0f} s"
    )
    print("# " + "; ".join(f"{what} {times}" for what, times in sorted(met.items())))
    for fault in (*found.duplicates, *found.unaccounted, *found.signed_twice, *found.others):
        print(f"# fault: {fault}")
    if found.validations < validations:
        print(f"# fault: {found.validations} certificates instead of {validations}")
    if failures:
        print(failures, file=sys.stderr)
    print(
        f"{database} validations {found.validations} kills {kills} duplicates {len(found.duplicates)} "
        f"unaccounted {len(found.unaccounted)} signed_twice {len(found.signed_twice)}",
        flush=True,
    )
    return 0 if found.is_sound and found.validations >= validations and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
