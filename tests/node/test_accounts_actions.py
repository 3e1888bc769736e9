"""Who may sign in with which roles: grants, deputies, closing, and what nobody does to themself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from macle.node.accounts import actions, queries
from macle.node.accounts.models import Deputy, Grant, GrantUnalterable, User
from macle.node.audit import queries as audit
from macle.node.permissions import TABLE, Act, ActForbidden, Actor, Held, Role
from tests.support.node_accounts import AT, OPERATOR, PASSWORD, a_holder, a_user, actor_of, an_administrator

pytestmark = pytest.mark.django_db
SELLE = "Port Selle"
ADMINISTRATORS_ACTS = [
    Act.ACCOUNT_CREATE,
    Act.ACCOUNT_GRANT,
    Act.ACCOUNT_END_GRANT,
    Act.ACCOUNT_DEPUTISE,
    Act.ACCOUNT_RESET,
    Act.ACCOUNT_CLOSE,
]


def do(act: Act, by: Actor) -> None:
    """Do one act of an administrator upon somebody made for it."""
    user = a_user("somebody").identifier
    a_holder(Role.EXAMINER, "absent", office=SELLE)
    match act:
        case Act.ACCOUNT_CREATE:
            actions.create(login="new", name="New", by=by, at=AT)
        case Act.ACCOUNT_GRANT:
            actions.grant(user=user, role=Role.EXAMINER, office=SELLE, by=by, at=AT)
        case Act.ACCOUNT_END_GRANT:
            given = actions.grant(user=user, role=Role.AUDITOR, by=OPERATOR, at=AT)
            actions.end_grant(grant=given.pk, reason="moved", by=by, at=AT)
        case Act.ACCOUNT_DEPUTISE:
            absent = User.objects.get(login="absent").identifier
            actions.deputise(absent=absent, deputy=user, role=Role.EXAMINER, office=SELLE, reason="leave", by=by, at=AT)
        case Act.ACCOUNT_RESET:
            actions.reset_second_factor(user=user, reason="lost", by=by, at=AT)
            actions.reset_password(user=user, reason="forgot", by=by, at=AT)
            actions.unlock(user=user, by=by, at=AT)
        case Act.ACCOUNT_CLOSE:
            actions.close(user=user, reason="left", by=by, at=AT)


class TestPermissions:
    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize("act", ADMINISTRATORS_ACTS)
    def test_each_role_does_what_the_table_says(self, role: Role, act: Act) -> None:
        by = Actor(identifier="u-x", held=(Held(role=role, office=SELLE, trader="T-0001"),))
        an_administrator()
        if role in TABLE[act]:
            do(act, by)
            assert any(line.tag == act.value for line in audit.search(actor="u-x"))
        else:
            with pytest.raises(ActForbidden):
                do(act, by)
            assert not list(audit.search(actor="u-x"))

    def test_accounts_are_read_by_whom_the_table_names(self) -> None:
        user = a_user()
        for role in Role:
            by = Actor(identifier="u-x", held=(Held(role=role),))
            if role in TABLE[Act.ACCOUNT_READ]:
                assert queries.user_for(user.identifier, by=by) == user
            else:
                with pytest.raises(ActForbidden):
                    queries.users(by=by, at=AT)


class TestCreate:
    def test_makes_a_first_password_that_serves_a_week(self) -> None:
        made = actions.create(login="Ada.Quill", name="Ada Quill", by=OPERATOR, at=AT)
        assert made.user.login == "ada.quill"
        assert made.user.check_password(made.first_password)
        assert made.user.first_password_until == AT + timedelta(days=7)

    def test_identifiers_say_nothing_about_the_person(self) -> None:
        user = a_user()
        assert user.identifier.startswith("u-")
        assert str(user) == user.identifier
        (line,) = audit.search(subject=f"account:{user.identifier}")
        assert "tamsin" not in f"{line.facts}{line.subject}{line.actor}".lower()

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"login": "two words"}, actions.LoginMalformed),
            ({"login": ""}, actions.LoginMalformed),
            ({"login": "x" * 65}, actions.LoginMalformed),
            ({"name": " "}, actions.NameMissing),
            ({"email": "nobody"}, actions.EmailMalformed),
            ({"password": "short"}, actions.PasswordWeak),
            ({"password": "passwordpassword"[:8]}, actions.PasswordWeak),
            ({"password": "tamsin.vale1"}, actions.PasswordWeak),
            ({"password": "102938475610"}, actions.PasswordWeak),
        ],
    )
    def test_refuses_what_is_not_sound(self, fields: dict[str, str], error: type[Exception]) -> None:
        sound = {"login": "tamsin.vale", "name": "Tamsin Vale", "password": PASSWORD}
        with pytest.raises(error):
            actions.create(**(sound | fields), by=OPERATOR, at=AT)
        assert not User.objects.exists()

    def test_a_login_name_is_given_once(self) -> None:
        a_user()
        with pytest.raises(actions.LoginTaken):
            actions.create(login="TAMSIN.VALE", name="Another", by=OPERATOR, at=AT)


class TestGrant:
    def test_holds_from_its_beginning_and_no_longer_at_its_end(self) -> None:
        user = a_user()
        until = AT + timedelta(days=30)
        actions.grant(user=user.identifier, role=Role.EXAMINER, office=SELLE, until=until, by=OPERATOR, at=AT)
        assert actor_of(user, AT - timedelta(seconds=1)).held == ()
        assert actor_of(user, AT).held == (Held(role=Role.EXAMINER, office=SELLE),)
        assert actor_of(user, until - timedelta(seconds=1)).roles == {Role.EXAMINER}
        assert actor_of(user, until).held == ()

    @pytest.mark.parametrize(
        ("role", "office", "trader"),
        [
            (Role.EXAMINER, "", ""),
            (Role.EXAMINER, SELLE, "T-0001"),
            (Role.EXPORTER, "", ""),
            (Role.EXPORTER, SELLE, ""),
            (Role.ADMINISTRATOR, SELLE, ""),
            (Role.AUDITOR, "", "T-0001"),
        ],
    )
    def test_is_for_an_office_or_a_trader_as_the_role_needs(self, role: Role, office: str, trader: str) -> None:
        with pytest.raises(actions.GrantIncomplete):
            actions.grant(user=a_user().identifier, role=role, office=office, trader=trader, by=OPERATOR, at=AT)

    def test_nobody_gives_a_role_to_themself(self) -> None:
        user = an_administrator()
        with pytest.raises(actions.OwnAccount):
            actions.grant(user=user.identifier, role=Role.VALIDATING_OFFICIAL, office=SELLE, by=actor_of(user), at=AT)

    def test_the_same_role_is_not_held_twice(self) -> None:
        user = a_holder(Role.EXAMINER, office=SELLE)
        with pytest.raises(actions.GrantHeld):
            actions.grant(user=user.identifier, role=Role.EXAMINER, office=SELLE, by=OPERATOR, at=AT)
        actions.grant(user=user.identifier, role=Role.EXAMINER, office="Redwater", by=OPERATOR, at=AT)

    def test_is_ended_with_a_reason_and_can_be_given_again(self) -> None:
        user = a_holder(Role.EXAMINER, office=SELLE)
        later = AT + timedelta(days=1)
        ended = actions.end_grant(grant=user.grants.get().pk, reason="Moved away", by=OPERATOR, at=later)
        assert (ended.until, ended.ended_because, ended.ended_by) == (later, "Moved away", "operator")
        assert actor_of(user, later).held == ()
        with pytest.raises(actions.GrantEnded):
            actions.end_grant(grant=ended.pk, reason="Moved away", by=OPERATOR, at=later)
        actions.grant(user=user.identifier, role=Role.EXAMINER, office=SELLE, by=OPERATOR, at=later)
        assert len(actor_of(user, later).held) == 1

    def test_is_never_deleted(self) -> None:
        a_holder(Role.EXAMINER, office=SELLE)
        with pytest.raises(GrantUnalterable):
            Grant.objects.all().delete()
        with pytest.raises(GrantUnalterable):
            Grant.objects.get().delete()
        with pytest.raises(GrantUnalterable):
            Deputy.objects.all().delete()

    def test_an_act_without_a_reason_is_refused(self) -> None:
        user = a_holder(Role.EXAMINER, office=SELLE)
        with pytest.raises(actions.NameMissing):
            actions.end_grant(grant=user.grants.get().pk, reason=" ", by=OPERATOR, at=AT)


class TestDeputise:
    def deputy(self, **fields: object) -> tuple[User, User]:
        absent = a_holder(Role.VALIDATING_OFFICIAL, "absent", office=SELLE)
        deputy = a_holder(Role.EXAMINER, "deputy", office=SELLE)
        known = {"reason": "Leave", "by": OPERATOR, "at": AT, "role": Role.VALIDATING_OFFICIAL, "office": SELLE}
        actions.deputise(absent=absent.identifier, deputy=deputy.identifier, **(known | fields))  # type: ignore[arg-type]
        return absent, deputy

    def test_the_deputy_holds_the_role_and_says_for_whom(self) -> None:
        absent, deputy = self.deputy(until=AT + timedelta(days=14))
        actor = actor_of(deputy)
        assert actor.roles == {Role.EXAMINER, Role.VALIDATING_OFFICIAL}
        actor.require(Act.CERTIFICATE_VALIDATE, office=SELLE)
        assert actor.deputises(Act.CERTIFICATE_VALIDATE, office=SELLE) == absent.identifier
        assert actor.deputises(Act.APPLICATION_EXAMINE, office=SELLE) == ""
        assert actor_of(deputy, AT + timedelta(days=14)).roles == {Role.EXAMINER}

    def test_the_deputy_loses_it_with_the_absent_official(self) -> None:
        absent, deputy = self.deputy()
        actions.end_grant(grant=absent.grants.get().pk, reason="Left", by=OPERATOR, at=AT + timedelta(hours=1))
        assert actor_of(deputy, AT + timedelta(hours=1)).roles == {Role.EXAMINER}

    def test_the_deputy_loses_it_when_it_is_ended(self) -> None:
        _, deputy = self.deputy()
        at = AT + timedelta(hours=1)
        actions.end_deputyship(deputyship=deputy.deputyships.get().pk, reason="Back", by=OPERATOR, at=at)
        assert actor_of(deputy, at).roles == {Role.EXAMINER}

    def test_one_query_finds_who_somebody_is_and_whom_they_stand_in_for(self) -> None:
        absent, deputy = self.deputy()
        for user in (absent, deputy):
            with CaptureQueriesContext(connection) as captured:
                actor_of(user)
            assert len(captured) == 1

    def test_own_roles_come_before_those_of_others(self) -> None:
        _, deputy = self.deputy()
        assert [each.role for each in actor_of(deputy).held] == [Role.EXAMINER, Role.VALIDATING_OFFICIAL]

    def test_the_deputy_loses_it_when_the_absent_official_has_no_account_any_more(self) -> None:
        absent, deputy = self.deputy()
        User.objects.filter(pk=absent.pk).update(closed_at=AT)
        assert actor_of(deputy).roles == {Role.EXAMINER}

    def test_nobody_holds_a_role_whose_account_is_closed(self) -> None:
        _, deputy = self.deputy()
        deputy.closed_at = AT
        assert not actor_of(deputy).held

    @pytest.mark.parametrize(
        "fields",
        [{"role": Role.EXAMINER}, {"office": "Redwater"}, {"role": Role.EXPORTER, "office": ""}, {"until": AT}],
    )
    def test_refuses_what_the_absent_official_does_not_hold(self, fields: dict[str, object]) -> None:
        with pytest.raises(actions.DeputyshipImpossible):
            self.deputy(**fields)

    def test_nobody_makes_themself_a_deputy(self) -> None:
        administrator = an_administrator()
        absent = a_holder(Role.VALIDATING_OFFICIAL, "absent", office=SELLE)
        with pytest.raises(actions.OwnAccount):
            actions.deputise(
                absent=absent.identifier,
                deputy=administrator.identifier,
                role=Role.VALIDATING_OFFICIAL,
                office=SELLE,
                reason="Leave",
                by=actor_of(administrator),
                at=AT,
            )


class TestReset:
    def test_takes_the_second_factor_and_ends_sessions(self) -> None:
        user = a_holder(Role.EXAMINER, office=SELLE)
        before = user.get_session_auth_hash()
        actions.reset_second_factor(user=user.identifier, reason="Telephone lost", by=OPERATOR, at=AT)
        user.refresh_from_db()
        assert not Authenticator.objects.filter(user=user).exists()
        assert user.get_session_auth_hash() != before

    def test_a_new_first_password_replaces_the_old_one(self) -> None:
        user = a_holder(Role.EXAMINER, office=SELLE)
        first = actions.reset_password(user=user.identifier, reason="Forgotten", by=OPERATOR, at=AT)
        user.refresh_from_db()
        assert user.check_password(first)
        assert not user.check_password(PASSWORD)
        assert Authenticator.objects.filter(user=user).exists()

    def test_nobody_resets_themself(self) -> None:
        user = an_administrator()
        with pytest.raises(actions.OwnAccount):
            actions.reset_second_factor(user=user.identifier, reason="Lost", by=actor_of(user), at=AT)
        with pytest.raises(actions.OwnAccount):
            actions.reset_password(user=user.identifier, reason="Lost", by=actor_of(user), at=AT)


class TestClose:
    def test_ends_roles_deputyships_and_sessions(self) -> None:
        an_administrator()
        absent = a_holder(Role.VALIDATING_OFFICIAL, "absent", office=SELLE)
        deputy = a_holder(Role.EXAMINER, "deputy", office=SELLE)
        actions.deputise(
            absent=absent.identifier,
            deputy=deputy.identifier,
            role=Role.VALIDATING_OFFICIAL,
            office=SELLE,
            reason="Leave",
            by=OPERATOR,
            at=AT,
        )
        at = AT + timedelta(days=1)
        actions.close(user=absent.identifier, reason="Retired", by=OPERATOR, at=at)
        absent.refresh_from_db()
        assert not absent.is_active
        assert actor_of(absent, at).held == ()
        assert actor_of(deputy, at).roles == {Role.EXAMINER}
        assert absent.grants.get().until == at
        with pytest.raises(actions.AccountClosed):
            actions.grant(user=absent.identifier, role=Role.EXAMINER, office=SELLE, by=OPERATOR, at=at)

    def test_the_last_administrator_remains(self) -> None:
        first = an_administrator()
        with pytest.raises(actions.LastAdministrator):
            actions.close(user=first.identifier, reason="Left", by=OPERATOR, at=AT)
        with pytest.raises(actions.LastAdministrator):
            actions.end_grant(grant=first.grants.get().pk, reason="Left", by=OPERATOR, at=AT)
        an_administrator("second")
        actions.close(user=first.identifier, reason="Left", by=OPERATOR, at=AT)

    def test_an_administrator_for_a_time_does_not_count(self) -> None:
        first = an_administrator()
        second = a_user("second")
        actions.grant(user=second.identifier, role=Role.ADMINISTRATOR, until=AT + timedelta(days=1), by=OPERATOR, at=AT)
        with pytest.raises(actions.LastAdministrator):
            actions.close(user=first.identifier, reason="Left", by=OPERATOR, at=AT)

    def test_nobody_closes_their_own_account(self) -> None:
        user = an_administrator()
        an_administrator("second")
        with pytest.raises(actions.OwnAccount):
            actions.close(user=user.identifier, reason="Left", by=actor_of(user), at=AT)


class TestSavedFilters:
    def test_are_each_persons_own(self) -> None:
        mine, other = a_holder(Role.EXAMINER, office=SELLE), a_holder(Role.EXAMINER, "other", office=SELLE)
        actions.save_filter(of="certificates", title="Late  ones", query="late=1", by=actor_of(mine))
        actions.save_filter(of="certificates", title="Late ones", query="late=2", by=actor_of(mine))
        assert queries.saved_filters(mine, of="certificates") == [queries.View("Late ones", "late=2")]
        assert queries.saved_filters(other, of="certificates") == []
        actions.forget_filter(of="certificates", title="Late ones", by=actor_of(other))
        assert queries.saved_filters(mine, of="certificates")
        actions.forget_filter(of="certificates", title="Late ones", by=actor_of(mine))
        assert not queries.saved_filters(mine, of="certificates")
