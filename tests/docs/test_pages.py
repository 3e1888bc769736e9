"""The reference of pages is written from the addresses of a node."""

from tests.docs import pages


def test_the_page_is_written_from_the_addresses() -> None:
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page()
