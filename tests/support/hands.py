"""Two ways of using a page: with a mouse, and with the keyboard alone. A journey is the same steps with either."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from playwright.sync_api import Locator, Page

MOST_STEPS = 250
"""Presses of a key after which a control counts as out of reach."""

PATIENCE = 15_000
"""Milliseconds: the machine is shared."""


class OutOfReach(AssertionError):
    """The keyboard did not get there."""


class Hand(ABC):
    """Somebody's hand at one page; what they look for they look for by the words that they read."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE)

    def go(self, address: str) -> None:
        """Type an address."""
        self.page.goto(address)

    def follow(self, name: str | re.Pattern[str], *, within: str = "body") -> None:
        """Follow a link."""
        link = self.page.locator(within).get_by_role("link", name=name, exact=True)
        with self.page.expect_navigation():
            self._use(link.first)

    def press(self, name: str | re.Pattern[str], *, within: str = "main", is_far: bool = False) -> None:
        """Press a button that leads to a page; one that is far down is reached from the end."""
        button = self.page.locator(within).get_by_role("button", name=name, exact=isinstance(name, str))
        with self.page.expect_navigation():
            # Of two of one name the first is the one that Enter in a field means, and nobody sees it.
            self._use(button.last, is_far=is_far)

    def fetch(self, name: str | re.Pattern[str], to: Path, *, is_link: bool = False) -> Path:
        """Press a button, or follow a link, that hands out a file, and keep the file."""
        kind = self.page.get_by_role("link" if is_link else "button", name=name)
        with self.page.expect_download() as download:
            self._use(kind.first)
        download.value.save_as(to)
        return to

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        """Write into a field, over what stands there."""
        self.write_into(self._labelled(label), text)

    def write_into(self, field: Locator, text: str) -> None:
        """Write into a field that stands among others of its name."""
        self._into(field.first)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def _labelled(self, label: str | re.Pattern[str]) -> Locator:
        return self.page.locator("main").get_by_label(label, exact=isinstance(label, str)).first

    def bring(self, label: str | re.Pattern[str], file: Path) -> None:
        """Choose a file."""
        with self.page.expect_file_chooser() as chooser:
            self._use(self._labelled(label))
        chooser.value.set_files(file)

    def sees(self, text: str | re.Pattern[str], *, within: str = "main") -> None:
        """Hold that the page says this, where somebody can see it."""
        expect(self.page.locator(within).get_by_text(text).filter(visible=True).first).to_be_visible(timeout=PATIENCE)

    def heading(self) -> str:
        """Return the heading of the page."""
        return self.page.locator("h1").inner_text()

    @abstractmethod
    def date(self, label: str | re.Pattern[str], day: date) -> None:
        """Give a day."""

    @abstractmethod
    def pick(self, name: str | re.Pattern[str]) -> None:
        """Choose one of several that exclude each other."""

    @abstractmethod
    def tick(self, name: str | re.Pattern[str]) -> None:
        """Tick a box."""

    @abstractmethod
    def choose(self, label: str | re.Pattern[str], option: str) -> None:
        """Choose from a list that opens."""

    @abstractmethod
    def _use(self, control: Locator, *, is_far: bool = False) -> None:
        """Press, or follow."""

    @abstractmethod
    def _into(self, field: Locator) -> None:
        """Get into a field."""


class Mouse(Hand):
    """Points, and types into fields."""

    def date(self, label: str | re.Pattern[str], day: date) -> None:
        self._labelled(label).fill(f"{day:%Y-%m-%d}")

    def pick(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("radio", name=name).first.click()

    def tick(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("checkbox", name=name).first.click()

    def choose(self, label: str | re.Pattern[str], option: str) -> None:
        self._labelled(label).select_option(label=option)

    def _use(self, control: Locator, *, is_far: bool = False) -> None:
        del is_far
        control.click()

    def _into(self, field: Locator) -> None:
        field.click()


class Keyboard(Hand):
    """Never points: every control is reached from where one is by Tab, and used by Enter, Space and the arrows."""

    def date(self, label: str | re.Pattern[str], day: date) -> None:
        # As the browser of somebody in the United States takes it: month, day, year.
        self._into(self._labelled(label))
        self.page.keyboard.type(f"{day:%m%d%Y}")

    def pick(self, name: str | re.Pattern[str]) -> None:
        wanted = self.page.get_by_role("radio", name=name).first
        self._reach(
            wanted,
            "e => e === document.activeElement || (document.activeElement.type === 'radio' "
            "&& document.activeElement.name === e.name)",
        )
        if _is(wanted, "e => e === document.activeElement"):
            self.page.keyboard.press("Space")
        for _ in range(MOST_STEPS):
            if _is(wanted, "e => e.checked"):
                return
            self.page.keyboard.press("ArrowDown")
        raise OutOfReach(f"No arrow led to {wanted}")

    def tick(self, name: str | re.Pattern[str]) -> None:
        self._reach(self.page.get_by_role("checkbox", name=name).first)
        self.page.keyboard.press("Space")

    def choose(self, label: str | re.Pattern[str], option: str) -> None:
        field = self._labelled(label)
        self._reach(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)

    def _use(self, control: Locator, *, is_far: bool = False) -> None:
        self._reach(control, key="Shift+Tab" if is_far else "Tab")
        self.page.keyboard.press("Enter")

    def _into(self, field: Locator) -> None:
        self._reach(field)

    def _reach(self, control: Locator, there: str = "e => e === document.activeElement", *, key: str = "Tab") -> None:
        control.wait_for(state="visible")
        for _ in range(MOST_STEPS):
            if _is(control, there):
                return
            self.page.keyboard.press(key)
        raise OutOfReach(f"{MOST_STEPS} times {key} did not lead to {control}")


def _is(control: Locator, what: str) -> bool:
    return bool(control.evaluate(what))


HANDS: dict[str, type[Hand]] = {"mouse": Mouse, "keyboard": Keyboard}
