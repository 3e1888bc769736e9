"""The table of permissions: complete, and the same as its page."""

from __future__ import annotations

import pytest

from macle.node.permissions import TABLE, WRITES_NOTHING, Act, ActForbidden, Actor, Held, OutOfReach, Reach, Role
from tests.permissions import pages

READS = ("read", "search", "export")
OF_ONES_OWN = {Act.OWN_ACCOUNT_CHANGE, Act.TOKEN_MAKE, Act.TOKEN_REVOKE}
"""Acts on one's own account: they change nothing of the Participant's."""
OFFICE, TRADER = "Port Selle", "T-0001"


def test_the_page_is_written_from_the_table() -> None:
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page(), "Write it: python -m tests.permissions.pages"


def test_every_act_is_in_the_table() -> None:
    assert list(TABLE) == list(Act)


@pytest.mark.parametrize("role", sorted(WRITES_NOTHING))
def test_who_writes_nothing_only_reads(role: Role) -> None:
    acts = {act for act, roles in TABLE.items() if role in roles} - OF_ONES_OWN
    assert {act for act in acts if not act.endswith(READS)} == set()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", list(Act))
def test_a_role_may_do_what_the_table_says_and_as_far(role: Role, act: Act) -> None:
    actor = Actor(identifier="u-x", held=(Held(role=role, office=OFFICE, trader=TRADER),))
    reach = TABLE[act].get(role)
    if reach is None:
        with pytest.raises(ActForbidden):
            actor.require(act, office=OFFICE, trader=TRADER)
        return
    actor.require(act, office=OFFICE, trader=TRADER)
    if reach is not Reach.PARTICIPANT:
        with pytest.raises(OutOfReach):
            actor.require(act, office="Redwater", trader="T-0002")
