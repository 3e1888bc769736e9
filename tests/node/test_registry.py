from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from macle import errors
from macle.node.audit.models import Line
from macle.node.permissions import Act, ActForbidden
from macle.node.registry import actions, believing, keys, queries
from macle.node.registry.models import IntervalUnalterable, Office, Partner, Pin, Purpose
from macle.proof.keys import FileSigner, PassphraseWrong, Usage
from macle.proof.trust import Ended, HistoryRewritten, KeyNotPermitted, RolledBack, RootChanged
from macle.scheme.certificates import ConsentLevel
from tests.support.node_registry import (
    ADMINISTRATOR,
    AT,
    OFFICE,
    OFFICIAL,
    PASSPHRASE,
    ROOT_PASSPHRASE,
    SINCE,
    STRANGER,
    Authority,
    a_partner,
    an_authority,
    an_office,
    an_official,
    configured,
    keys_in,
)
from tests.unit.proof.test_tokens import MODULE

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=1)


@pytest.fixture
def home(tmp_path: Path) -> Any:
    """Keys of an authority in a node's folder of this test alone."""
    keys_in(tmp_path)
    with configured(home=tmp_path):
        yield tmp_path


class TestOffice:
    def test_opens_under_the_name_on_its_certificates(self) -> None:
        office = an_office()
        assert queries.office(OFFICE) == office
        assert office.spans(AT)
        line = Line.objects.get()
        assert (line.tag, line.subject, line.office) == (Act.OFFICE_OPEN, f"office:{OFFICE}", OFFICE)
        assert "Harbor" not in str(line.facts)

    def test_keeps_the_time_of_the_legal_profile(self) -> None:
        assert queries.zone(OFFICE, on=AT.date()).key == "Africa/Gaborone"

    def test_a_second_one_of_the_name_is_refused(self) -> None:
        an_office()
        with pytest.raises(actions.OfficeTaken):
            an_office()

    def test_another_address_leaves_the_first_in_the_history(self) -> None:
        an_office()
        actions.change_office(name=OFFICE, address="9 Quay", by=ADMINISTRATOR, at=AT)
        assert queries.office(OFFICE).address == "9 Quay"
        assert queries.office(OFFICE, at=AT - timedelta(seconds=1)).address == "1 Harbor Road\nPort Selle"
        assert [each.address[0] for each in queries.history(queries.office(OFFICE))] == ["9", "1"]

    def test_closes_and_is_still_found_as_it_was(self) -> None:
        an_office()
        actions.close_office(name=OFFICE, reason="Moved to the capital", by=ADMINISTRATOR, at=AT)
        assert not queries.offices().exists()
        assert queries.offices(at=AT - timedelta(seconds=1)).exists()
        assert queries.office(OFFICE).end_reason == "Moved to the capital"
        with pytest.raises(queries.OfficeUnknown):
            queries.office(OFFICE, at=AT)

    def test_does_not_close_while_officials_are_appointed(self, home: Path) -> None:  # noqa: ARG002
        an_office()
        an_official()
        with pytest.raises(actions.OfficeInUse):
            actions.close_office(name=OFFICE, reason="Moved", by=ADMINISTRATOR, at=LATER)

    def test_does_not_end_before_it_began(self) -> None:
        an_office(at=AT)
        with pytest.raises(actions.EndedBefore):
            actions.close_office(name=OFFICE, reason="Moved", by=ADMINISTRATOR, at=AT - timedelta(days=1))

    def test_is_not_deleted(self) -> None:
        office = an_office()
        with pytest.raises(IntervalUnalterable):
            office.delete()
        with pytest.raises(IntervalUnalterable):
            Office.objects.all().delete()

    @pytest.mark.parametrize(
        ("field", "text"),
        [
            ("name", ""),
            ("name", "x" * 81),
            ("name", "Port\u202eSelle"),
            ("address", " "),
            ("telephone", "call me"),
            ("email", "kp@selle.example\r\nBcc: x@y.example"),
        ],
    )
    def test_what_cannot_stand_there_is_refused_with_the_field(self, field: str, text: str) -> None:
        with pytest.raises(errors.Malformed) as refused:
            an_office(**{field: text})
        assert refused.value.where == field
        assert not Line.objects.exists()

    def test_only_an_administrator_opens_one(self) -> None:
        with pytest.raises(ActForbidden):
            an_office(by=OFFICIAL)

    def test_is_seen_by_those_who_work_there(self) -> None:
        an_office()
        assert list(queries.offices_of(OFFICIAL)) == [queries.office(OFFICE)]
        assert not queries.offices_of(STRANGER).exists()
        assert queries.offices_of(ADMINISTRATOR).exists()

    @pytest.mark.django_db(transaction=True)
    def test_two_at_the_same_moment_make_one(self) -> None:
        def attempt(_: int) -> bool:
            try:
                an_office()
            except actions.OfficeTaken:
                return False
            else:
                return True
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as several:
            assert sorted(several.map(attempt, range(4))) == [False, False, False, True]


class TestOfficial:
    def test_is_appointed_with_the_key_that_the_record_names(self, home: Path) -> None:  # noqa: ARG002
        an_office()
        official = an_official()
        assert queries.official_of("user-vale", at=AT) == official
        assert official.level is ConsentLevel.PILOT
        line = Line.objects.order_by("-number")[0]
        assert line.tag == Act.OFFICIAL_APPOINT
        assert line.facts["holder"] == "official-07"
        assert "Tamsin" not in str(line.facts)

    @pytest.mark.parametrize(
        ("holder", "why"),
        [("official-99", "names no key"), ("stamp-01", "names no key"), ("official-08", "of the office Quayside")],
    )
    def test_a_holder_who_may_not_validate_here_is_refused(self, home: Path, holder: str, why: str) -> None:  # noqa: ARG002
        an_office()
        with pytest.raises(KeyNotPermitted, match=why):
            an_official(holder=holder)

    def test_an_office_that_is_not_open_is_refused(self, home: Path) -> None:  # noqa: ARG002
        with pytest.raises(queries.OfficeUnknown):
            an_official()

    @pytest.mark.parametrize("change", [{"holder": "official-08"}, {"identifier": "user-pell"}])
    def test_one_person_has_one_key_and_one_key_one_person(self, home: Path, change: dict[str, str]) -> None:  # noqa: ARG002
        an_office()
        an_office(name="Quayside Office")
        an_official()
        with pytest.raises(actions.OfficialTaken):
            an_official(office="Quayside Office", **change)

    def test_an_appointment_ends_and_another_may_begin(self, home: Path) -> None:  # noqa: ARG002
        an_office()
        an_official()
        actions.end_official(identifier="user-vale", reason="Retired", by=ADMINISTRATOR, at=LATER)
        with pytest.raises(queries.OfficialUnknown):
            queries.official_of("user-vale", at=LATER)
        assert queries.official_of("user-vale", at=AT).end_reason == "Retired"
        an_official(identifier="user-pell", name="Joren Pell", at=LATER)
        assert [each.name for each in queries.officials()] == ["Joren Pell"]
        assert [each.name for each in queries.officials_of(OFFICIAL, at=AT)] == ["Tamsin Vale"]
        assert not queries.officials_of(STRANGER).exists()


class TestPartner:
    def test_is_added_with_the_authority_that_the_table_names(self) -> None:
        partner = a_partner(authority="")
        assert "Diamond" in partner.authority
        assert queries.partner("ZA") == partner

    def test_is_written_to_at_the_address_for_the_purpose(self) -> None:
        partner = a_partner()
        assert partner.addresses(Purpose.PRE_ADVICE) == ("kp@brindle.example",)
        assert partner.addresses(Purpose.CONFIRMATIONS) == ("confirm@brindle.example", "desk@brindle.example")
        assert partner.addresses(Purpose.ALERTS) == ("kp@brindle.example",)

    def test_a_change_and_an_end_leave_what_was(self) -> None:
        first = a_partner()
        changed = actions.change_partner(
            participant="ZA", authority="Brindle", pre_advice=("new@brindle.example",), by=ADMINISTRATOR, at=AT
        )
        actions.end_partner(participant="ZA", reason="Merged", by=ADMINISTRATOR, at=LATER)
        assert not queries.partners().exists()
        assert list(queries.history(changed)) == [changed, first]
        assert queries.partner("ZA", at=AT).pre_advice == ["new@brindle.example"]
        assert [line.facts["what"] for line in Line.objects.all()] == ["added", "changed", "ended"]
        assert "brindle" not in str([line.facts for line in Line.objects.all()])

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"participant": "BW"}, actions.OwnParticipant),
            ({"participant": "XX"}, errors.NotFound),
            ({"language": "eo"}, actions.LanguageUnknown),
            ({"pre_advice": ()}, errors.Malformed),
            ({"pre_advice": ("kp@brindle.example, all@elsewhere.example",)}, errors.Malformed),
            ({"alerts": ("@brindle.example",)}, errors.Malformed),
            ({"by": OFFICIAL}, ActForbidden),
        ],
    )
    def test_what_cannot_be_is_refused(self, change: dict[str, Any], expected: type[Exception]) -> None:
        with pytest.raises(expected):
            a_partner(**change)
        assert not Partner.objects.exists()

    def test_a_second_entry_is_refused(self) -> None:
        a_partner()
        with pytest.raises(actions.PartnerTaken):
            a_partner()


class TestKeys:
    def test_an_official_signs_with_their_own_passphrase(self, home: Path) -> None:  # noqa: ARG002
        an_office()
        with keys.signer(an_official(), secret=PASSPHRASE, at=AT) as signer:
            signature = signer.sign(b"content")
        key = keys.of("official-07", usage=Usage.VALIDATE, office=OFFICE, at=AT)
        assert key.public_key.has_signed(b"content", signature)

    def test_a_wrong_passphrase_opens_nothing_and_shows_no_path(self, home: Path) -> None:
        an_office()
        official = an_official()
        with pytest.raises(PassphraseWrong) as refused, keys.signer(official, secret="not this one", at=AT):
            raise AssertionError("It was opened.")
        assert str(home) not in str(refused.value)
        assert refused.value.where == "secret"

    def test_a_key_that_was_ended_meanwhile_is_refused(self, home: Path) -> None:  # noqa: ARG002
        an_office()
        official = an_official()
        key = keys.of("official-07", usage=Usage.VALIDATE, office=OFFICE, at=AT)
        keys.authority().end_key(
            key_id=key.public_key.key_id, why=Ended.COMPROMISED, since=AT, root_passphrase=ROOT_PASSPHRASE, at=LATER
        )
        with pytest.raises(KeyNotPermitted), keys.signer(official, secret=PASSPHRASE, at=LATER):
            raise AssertionError("It was opened.")

    def test_a_key_in_another_key_s_file_is_refused(self, home: Path) -> None:
        an_office()
        official = an_official()
        other = FileSigner.new().to_pem(passphrase=PASSPHRASE)
        (home / "authority" / "official-07.validate.key.pem").write_bytes(other)
        with pytest.raises(KeyNotPermitted), keys.signer(official, secret=PASSPHRASE, at=AT):
            raise AssertionError("It was opened.")

    def test_the_record_is_read_again_when_it_changed_only(self, home: Path) -> None:  # noqa: ARG002
        first = keys.record()
        assert keys.record() is first
        keys.authority().add_key(
            usage=Usage.VALIDATE,
            holder="official-09",
            office="",
            root_passphrase=ROOT_PASSPHRASE,
            passphrase=PASSPHRASE,
            at=AT,
        )
        assert keys.record().sequence == first.sequence + 1

    def test_the_stamp_of_the_office_is_opened_once(self, home: Path) -> None:
        opened = keys.stamp(office=OFFICE, at=AT)
        assert opened.holder == "stamp-01"
        (home / "stamp-passphrase").unlink()
        assert keys.stamp(office=OFFICE, at=AT).signer is opened.signer

    def test_a_stamp_without_its_passphrase_is_missing(self, home: Path) -> None:
        with configured(home=home, stamp_passphrase_file=home / "nowhere"), pytest.raises(keys.StampMissing):
            keys.stamp(office=OFFICE, at=AT)

    def test_a_stamp_that_is_not_in_force_yet_is_missing(self, home: Path) -> None:  # noqa: ARG002
        with pytest.raises(keys.StampMissing):
            keys.stamp(office=OFFICE, at=SINCE - timedelta(days=1))

    def test_a_token_that_the_node_was_not_told_of_is_said(self, home: Path) -> None:  # noqa: ARG002
        an_office()
        official = an_official(highest_level=ConsentLevel.TOKEN)
        with pytest.raises(keys.TokenUnset), keys.signer(official, secret="1234", at=AT):
            raise AssertionError("It was opened.")

    @pytest.mark.skipif(
        shutil.which("softhsm2-util") is None or not Path(MODULE).exists(), reason="SoftHSM2 is not installed"
    )
    def test_an_official_signs_in_a_token_of_their_own_with_their_pin(self, tmp_path: Path) -> None:
        (tmp_path / "tokens").mkdir()
        (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
        environment = {
            **os.environ,
            "SOFTHSM2_CONF": str(tmp_path / "softhsm2.conf"),
            "DJANGO_SETTINGS_MODULE": "macle.node.settings",
        }
        pins = ["--so-pin", "161803", "--pin", "271828"]
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "of-official-10", *pins],
            check=True,
            capture_output=True,
            env=environment,
        )
        signed = subprocess.run(
            [sys.executable, "-m", "tests.support.node_token", MODULE, "of-official-10"],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
        assert signed.stdout.splitlines() == ["signed", "a wrong PIN is refused", "opened again"], signed.stderr


@pytest.mark.usefixtures("home")
class TestRecordsOfPartners:
    @pytest.fixture
    def partner(self, tmp_path: Path) -> Authority:
        return an_authority(tmp_path / "partners")

    def pin(self, partner: Authority, **changes: Any) -> Pin:
        given: dict[str, Any] = {
            "of": "ZA",
            "data": partner.record,
            "words": partner.words,
            "by": ADMINISTRATOR,
            "at": AT,
        }
        return actions.pin_record(**(given | changes))

    def test_is_believed_after_its_words_were_read(self, partner: Authority) -> None:
        assert set(believing.all_known(at=AT).sources) == {"BW"}
        pin = self.pin(partner, words=f"  {partner.words.upper()} ")
        assert believing.record_of(pin) == partner.folder.record()
        assert set(believing.all_known(at=LATER).sources) == {"BW", "ZA"}
        assert set(believing.all_known(at=AT - timedelta(days=1)).sources) == {"BW"}
        assert set(believing.own(at=LATER).sources) == {"BW"}
        line = Line.objects.get(tag=Act.PARTNER_PIN)
        assert (line.subject, line.facts["sequence"]) == ("partner:ZA", pin.sequence)

    @pytest.mark.parametrize("words", ["", "abandon " * 23 + "art"])
    def test_is_not_believed_without_them(self, partner: Authority, words: str) -> None:
        with pytest.raises(actions.FingerprintWrong):
            self.pin(partner, words=words)
        assert not Pin.objects.exists()

    def test_a_newer_one_of_the_same_root_needs_none(self, partner: Authority) -> None:
        first = self.pin(partner)
        assert self.pin(partner, words="", at=LATER).pk == first.pk
        older = partner.record
        partner.appoint("official-02")
        second = self.pin(partner, words="", at=LATER)
        assert second.sequence > first.sequence
        first.refresh_from_db()
        assert first.until == second.since == LATER
        with pytest.raises(RolledBack):
            self.pin(partner, data=older, at=LATER)

    def test_another_root_is_refused_until_the_old_one_is_given_up(self, partner: Authority, tmp_path: Path) -> None:
        self.pin(partner)
        other = an_authority(tmp_path / "elsewhere")
        with pytest.raises(RootChanged):
            self.pin(other)
        actions.unpin_record(participant="ZA", reason="Keys were lost in a fire.", by=ADMINISTRATOR, at=LATER)
        assert believing.pin_of("ZA") is None
        assert self.pin(other, at=LATER).sequence == other.folder.record().sequence

    def test_one_that_takes_something_back_is_refused(self, partner: Authority, tmp_path: Path) -> None:
        self.pin(partner)
        copy = tmp_path / "copy"
        shutil.copytree(partner.folder.path, copy)
        partner.appoint("official-02")
        self.pin(partner, at=LATER)
        twin = Authority(type(partner.folder)(copy))
        twin.appoint("official-03")
        with pytest.raises(HistoryRewritten):
            self.pin(twin, at=LATER)

    def test_that_of_another_or_our_own_is_refused(self, partner: Authority) -> None:
        with pytest.raises(actions.RecordOfAnother):
            self.pin(partner, of="NA")
        own = (keys.authority().path / "record.cose").read_bytes()
        with pytest.raises(actions.RecordOfAnother):
            self.pin(partner, of="BW", data=own)

    @pytest.mark.parametrize("data", [b"", b"no record", b"\xd2\x84"])
    def test_what_is_none_is_said(self, partner: Authority, data: bytes) -> None:
        with pytest.raises(actions.RecordMalformed):
            self.pin(partner, data=data)

    def test_only_an_administrator_believes(self, partner: Authority) -> None:
        with pytest.raises(ActForbidden):
            self.pin(partner, by=OFFICIAL)

    def test_what_is_not_believed_is_not_given_up(self) -> None:
        with pytest.raises(queries.PartnerUnknown):
            actions.unpin_record(participant="ZA", reason="No need.", by=ADMINISTRATOR, at=AT)
