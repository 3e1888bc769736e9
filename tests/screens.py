"""Writes the picture of a node in docs/pictures, as a browser shows the example: python -m tests.screens."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from examples import node
from tests.pictures import save

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from examples.ministry import House

SHIPMENTS = 20
WIDTH, HEIGHT = 1280, 1040
_COLOURS = 128


def main() -> None:
    """Make the example node, sign in as an official, and take the page of a certificate that came home."""
    from PIL import Image  # noqa: PLC0415 (with the browser)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        home, taken = Path(folder) / "node", Path(folder) / "page.png"
        told = node.environment(home)
        house = node.make(told, shipments=SHIPMENTS)
        address = f"http://127.0.0.1:{told['MACLE_NODE_PORT']}"
        certificate = confirmed()
        with node.running(told) as processes, sync_playwright() as playwright:
            node.wait_until_ready(address, processes, home)
            # The loop of the browser runs in this thread; the database may be asked for all that.
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            taken.write_bytes(picture(browser, house, address, f"certificates/{certificate}/"))
            browser.close()
        with Image.open(taken) as page:
            save("node-certificate.png", page.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE))


def confirmed() -> str:
    """Return the number of the newest certificate whose confirmation agrees with it."""
    from macle.node.exporting.models import Certificate  # noqa: PLC0415 (once there is a node)

    agrees = Certificate.objects.filter(confirmation__isnull=False, confirmation__differs=[], office="Gaborone")
    return str(agrees.order_by("-number").values_list("number", flat=True)[0]).replace("/", "_")


def picture(browser: Browser, house: House, address: str, path: str) -> bytes:
    """Return a page as the official sees it."""
    from examples import ministry  # noqa: PLC0415 (once there is a node)

    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(f"{address}/{path}")
    page.get_by_label("Login name").fill("tamsin.vale")
    page.get_by_label("Password", exact=True).fill(ministry.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(node.code(house, "tamsin.vale"))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{address}/{path}")
    return page.screenshot()


if __name__ == "__main__":
    main()
