"""What holds for every test: no haste for Hypothesis, no language left behind, none left out if MACLE_NO_SKIPS=1."""

import os

import hypothesis
import pytest
from django.utils import translation

from macle.proof import keys

# Cores are shared with other tests, so the time one example takes says nothing.
hypothesis.settings.register_profile("macle", deadline=None, print_blob=True)
hypothesis.settings.load_profile("macle")


# Keys of tests are made and opened by the hundred; tests/unit/proof/test_keys.py holds the rounds of real ones.
keys.ROUNDS = 1000


def pytest_runtest_teardown() -> None:
    """Leave no language behind: a request of one test in Arabic is none of the next one's business."""
    translation.deactivate()


def left_out(config: pytest.Config) -> list[str]:
    """Return each test that was skipped or expected to fail, with its reason; empty on an xdist worker."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return []
    return [
        f"{report.nodeid}: {outcome}: {reason(report)}"
        for outcome in ("skipped", "xfailed")
        for report in reporter.stats.get(outcome, [])
    ]


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why the test was left out, as its author put it."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return getattr(report, "wasxfail", "")


def no_skips() -> bool:
    """Tell whether every test has to run, as it has before a change lands."""
    return os.environ.get("MACLE_NO_SKIPS") == "1"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session in which a test was left out although none may be."""
    if no_skips() and session.exitstatus == pytest.ExitCode.OK and left_out(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the tests left out although none may be."""
    if no_skips() and (names := left_out(config)):
        terminalreporter.section("MACLE_NO_SKIPS=1: these tests were left out, so the session failed", red=True)
        for name in names:
            terminalreporter.line(name)
