"""A real browser for tests, and how a thing is done beside it.

Playwright leaves a running event loop in the thread of the tests, and some of our actions run a loop of their own:
`apart` does them in another thread.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

P = ParamSpec("P")
T = TypeVar("T")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Nothing of Playwright's loop runs in the thread of the tests: the database may be asked there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, and end it with all that it left in this thread."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield started
        started.close()


def apart(do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what is done in a thread of its own, which leaves no connection behind."""

    def done() -> T:
        try:
            return do(*args, **kwargs)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()


@contextmanager
def served() -> Iterator[str]:
    """Serve the node from threads of this process, and give its address."""
    thread = LiveServerThread("127.0.0.1", lambda handler: handler)  # type: ignore[arg-type]
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()
