from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from macle.cli import verifying, words
from macle.proof import codec, cose, qr, verification
from macle.proof.folders import AuthorityFolder
from macle.proof.keys import Usage
from macle.proof.verification import Circumstances, Known, Question
from macle.scheme import profiles
from macle.scheme.rules import Outcome
from macle.scheme.terms import Carats, CertificateNumber
from tests.unit.cli import desk
from tests.unit.cli.desk import Office, issue, lodge, run

if TYPE_CHECKING:
    from click.testing import Result


def the(folder: Path, suffix: str) -> Path:
    (path,) = folder.glob(f"BW????????{suffix}")
    return path


def judge(office: Office, *files: object, at: str = desk.DURING, **options: str | None) -> Result:
    extra = [part for name, value in options.items() if value for part in (f"--{name}", value)]
    return run("verify", *files, "--trust", office.trust, "--at", at, *extra)


def forged(issued: Path) -> bytes:
    signed = cose.read(the(issued, ".cose").read_bytes())
    certificate = codec.decode_certificate(signed.payload)
    heavier = replace(certificate.lines[0], carats=Carats(certificate.lines[0].carats.hundredths + 1))
    changed = replace(certificate, lines=(heavier, *certificate.lines[1:]))
    return replace(signed, payload=codec.encode_certificate(changed)).to_bytes()


class TestAnswers:
    @pytest.mark.parametrize("suffix", [".txt", ".cose", ".png"])
    def test_are_all_yes_on_each_carrier(self, opened: Office, issued: Path, suffix: str) -> None:
        result = judge(opened, the(issued, suffix))
        assert result.exit_code == 0
        for said in ("Valid", "Until 2026-12-07", "Admissible here", "What is signed", "days old"):
            assert said in result.output

    def test_say_expired_and_no_forgery(self, opened: Office, issued: Path) -> None:
        result = judge(opened, the(issued, ".txt"), at="2027-02-01")
        assert result.exit_code == 1
        assert "  Valid " in result.output
        assert "Expired" in result.output
        assert "not a forgery" in result.output

    def test_turn_at_the_end_of_the_day_in_the_issuers_zone(self, opened: Office, issued: Path) -> None:
        assert judge(opened, the(issued, ".txt"), at="2026-12-07T23:59:59+02:00").exit_code == 0
        assert judge(opened, the(issued, ".txt"), at="2026-12-08T00:00:00+02:00").exit_code == 1

    def test_come_with_a_warning_when_trust_data_ends_soon(self, opened: Office, issued: Path) -> None:
        soon = judge(opened, the(issued, ".txt"), at="2027-12-20").output
        assert "This trust data ended on" in soon or "This trust data ends in" in soon
        assert "This trust data" not in judge(opened, the(issued, ".txt")).output

    def test_name_only_the_holder_whose_key_signed(self, opened: Office, issued: Path) -> None:
        believed = verifying.load_trust(opened.trust)
        asked = verifying.Asked(datetime(2026, 11, 10, tzinfo=UTC), None, "", None)
        report = verification.report(the(issued, ".cose").read_bytes(), circumstances=asked.under(believed))
        ((hint, keys),) = believed.by_key_id.items()
        namesake = replace(keys[0], holder="somebody-else")
        object.__setattr__(believed, "by_key_id", {hint: (namesake, *keys)})
        (said,) = words.reasons(report, verification.Question.GENUINE, believed)
        assert said == "Botswana (BW) signed it with the key of official-07, and nothing was changed."

    def test_say_not_admissible_elsewhere(self, opened: Office, issued: Path) -> None:
        result = judge(opened, the(issued, ".txt"), importing="AE")
        assert result.exit_code == 1
        assert "Not admissible here" in result.output
        assert "presented to AE" in result.output

    def test_say_not_valid_of_a_changed_weight(self, opened: Office, issued: Path, tmp_path: Path) -> None:
        (tmp_path / "forged").write_bytes(forged(issued))
        result = judge(opened, tmp_path / "forged")
        assert result.exit_code == 3
        assert "Not valid" in result.output
        assert "What it claims, and nobody has signed" in result.output
        assert "What is signed" not in result.output
        assert "FAILED" in result.output

    def test_cannot_decide_about_an_unknown_issuer(self, issued: Path, tmp_path: Path) -> None:
        result = run("verify", the(issued, ".txt"), "--trust", tmp_path, "--at", desk.DURING)
        assert result.exit_code == 8
        assert "Cannot decide" in result.output
        assert result.output.count("Nothing here says that it is false") == 1

    def test_cannot_decide_without_anybody_to_believe(self, issued: Path) -> None:
        assert run("verify", the(issued, ".txt"), "--at", desk.DURING).exit_code == 8

    def test_cannot_decide_when_standing_is_stale(self, opened: Office, issued: Path) -> None:
        result = judge(opened, the(issued, ".txt"), at="2029-06-01")
        assert "Cannot decide" in result.output
        assert result.exit_code == 1

    def test_depend_on_the_first_import(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # An official of the issuer let it go in spite of the destination's law, as the law allows.
        monkeypatch.setattr(Outcome, "stops", property(lambda outcome: outcome is Outcome.REFUSE))
        office = desk.open_office(tmp_path / "office")
        changes: dict[str, object] = {"destination": "EU", "origin": {"kind": "mixed_undisclosed"}}
        assert issue(office, lodge(tmp_path / "in", "application.json", **changes), out=tmp_path / "out").exit_code == 0
        text = the(tmp_path / "out", ".txt")
        asked = ("verify", text, "--trust", office.trust, "--at", desk.DURING)
        assert run(*asked).exit_code == 8
        assert run(*asked, "--first-import").exit_code == 1
        assert run(*asked, "--not-first-import").exit_code == 0

    def test_come_with_all_numbered_steps_if_wanted(self, opened: Office, issued: Path) -> None:
        assert "key-in-force" not in judge(opened, the(issued, ".txt")).output
        steps = run("verify", the(issued, ".txt"), "--trust", opened.trust, "--at", desk.DURING, "--steps").output
        assert steps.count(" passed ") == 21


class TestCarriers:
    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_are_known_by_content_and_not_by_name(
        self, opened: Office, issued: Path, tmp_path: Path, kind: str
    ) -> None:
        with Image.open(the(issued, ".png")) as picture:
            picture.convert("L").save(tmp_path / "scan.txt", kind)
        result = judge(opened, tmp_path / "scan.txt")
        assert result.exit_code == 0
        assert "read from a picture" in result.output

    def test_may_be_the_standard_input(self, opened: Office, issued: Path) -> None:
        text = the(issued, ".txt").read_text()
        result = run("verify", "-", "--trust", opened.trust, "--at", desk.DURING, text=text)
        assert result.exit_code == 0
        assert "standard input" in result.output

    def test_may_hold_several_texts(self, opened: Office, issued: Path, tmp_path: Path) -> None:
        text = the(issued, ".txt").read_text().strip()
        (tmp_path / "scans").write_bytes(f"\ufeff{text}\r\n\r\n{text}\r\n".encode())
        result = judge(opened, tmp_path / "scans")
        assert result.exit_code == 0
        assert "2 in all" in result.output

    @pytest.mark.parametrize("space", [" ", "\t", " \r\n", "\r\n", "\u00a0\n", "  \t\r\n\r\n"])
    def test_may_have_white_space_around_a_text(self, opened: Office, issued: Path, tmp_path: Path, space: str) -> None:
        text = the(issued, ".txt").read_text().strip()
        (tmp_path / "scan").write_bytes(f"{space}{text}{space}".encode())
        assert judge(opened, tmp_path / "scan").exit_code == 0

    def test_of_two_codes_on_one_scan_are_both_judged(self, opened: Office, issued: Path, tmp_path: Path) -> None:
        page = Image.new("L", (1500, 700), 255)
        with Image.open(the(issued, ".png")) as good:
            page.paste(good.convert("L"), (40, 40))
        bad = io.BytesIO(qr.code_of(qr.to_text(forged(issued))).to_png())
        with Image.open(bad) as picture:
            page.paste(picture.convert("L"), (800, 40))
        page.save(tmp_path / "page.png")
        result = judge(opened, tmp_path / "page.png")
        assert result.exit_code == 3
        assert "2 in all" in result.output

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n \n",
            b"no certificate",
            b"KP1:***",
            b"\xff\xfe\x00\x01",
            b"%PDF-1.7 ...",
            b'{"type": "certificate"}',
            b"\xd2\x84",
            b"\x89PNG\r\n\x1a\nbroken",
            b"II*\x00broken",
            bytes(range(256)) * 300,
        ],
    )
    def test_that_cannot_be_read_say_so(self, opened: Office, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        result = judge(opened, tmp_path / "file")
        assert result.exit_code == 4, result.output
        assert "Reference" not in result.output

    def test_without_a_code_say_how_to_scan(self, opened: Office, tmp_path: Path) -> None:
        Image.new("L", (600, 600), 255).save(tmp_path / "empty.png")
        result = judge(opened, tmp_path / "empty.png")
        assert result.exit_code == 4
        assert "300 dpi" in result.output

    def test_that_are_missing_end_with_six(self, opened: Office, tmp_path: Path) -> None:
        assert judge(opened, tmp_path / "no").exit_code == 6

    def test_with_a_name_that_commands_the_terminal_are_shown_without_it(self, opened: Office, tmp_path: Path) -> None:
        name = tmp_path / "a\x1b[2Jb"
        name.write_text("x")
        assert "\x1b" not in judge(opened, name).output


class TestSeveral:
    def test_end_with_the_gravest(self, opened: Office, issued: Path, tmp_path: Path) -> None:
        (tmp_path / "forged").write_bytes(forged(issued))
        (tmp_path / "unreadable").write_bytes(b"x")
        good = the(issued, ".txt")
        assert judge(opened, good, tmp_path / "unreadable", tmp_path / "no").exit_code == 4
        assert judge(opened, good, tmp_path / "unreadable", tmp_path / "no", tmp_path / "forged").exit_code == 3
        assert judge(opened, good, tmp_path / "no").exit_code == 6
        assert judge(opened, good, tmp_path / "unreadable", at="2027-02-01").exit_code == 1

    def test_of_one_number_with_two_identities_alarm_both(self, office: Office, tmp_path: Path) -> None:
        issue(office, lodge(tmp_path / "in"), out=tmp_path / "one")
        other = ("--ledger", tmp_path / "ledger")
        issue(office, lodge(tmp_path / "in", parcels=3), out=tmp_path / "two", extra=other)
        files = the(tmp_path / "one", ".txt"), the(tmp_path / "two", ".txt")
        assert [judge(office, file).exit_code for file in files] == [0, 0]
        result = judge(office, *files)
        assert result.exit_code == 3
        assert result.output.count("Another certificate is known under the number") == 4
        assert "Stop the shipment" in result.output
        asked = ("verify", *files, "--trust", office.trust, "--at", desk.DURING, "--json", "--workers")
        one, two = run(*asked, 1), run(*asked, 2)
        assert one.output == two.output
        assert [report["answers"]["genuine"]["answer"] for report in json.loads(two.output)["reports"]] == ["no", "no"]

    def test_are_not_alarmed_by_a_forgery_of_the_number(self, opened: Office, issued: Path, tmp_path: Path) -> None:
        (tmp_path / "forged").write_bytes(forged(issued))
        result = run(
            *("verify", tmp_path / "forged", the(issued, ".txt"), "--json"),
            *("--trust", opened.trust, "--at", desk.DURING),
        )
        assert [report["exit_code"] for report in json.loads(result.output)["reports"]] == [3, 0]

    def test_are_not_alarmed_by_what_a_stolen_key_signed(self, office: Office, tmp_path: Path) -> None:
        desk.succeed("keys", "new", office.keys, "--usage", "validate", "--holder", "official-21", "--at", desk.START)
        issue(office, lodge(tmp_path / "in"), out=tmp_path / "one")
        run(
            *("issue", lodge(tmp_path / "in", parcels=3), "--authority", office.keys, "--holder", "official-21"),
            *("--out", tmp_path / "two", "--ledger", tmp_path / "ledger", "--at-date-of-issuance"),
        )
        key = desk.succeed("keys", "show", office.keys).split("official-21")[0].split()[-2]
        since = "2026-11-02T00:00:00Z"
        desk.succeed("keys", "end", office.keys, key, "--compromised-since", since, "--at", since)
        desk.pin(office.keys, office.trust)
        genuine, stolen = the(tmp_path / "one", ".txt"), the(tmp_path / "two", ".txt")
        assert judge(office, stolen).exit_code == 8
        for files in ((genuine, stolen), (stolen, genuine)):
            result = run("verify", *files, "--trust", office.trust, "--at", desk.DURING, "--json")
            answers = {report["file"]: report["answers"]["genuine"] for report in json.loads(result.output)["reports"]}
            assert answers[str(genuine)]["answer"] == "yes"
            assert answers[str(stolen)]["answer"] == "no"
            assert any("Another certificate is known" in reason for reason in answers[str(stolen)]["reasons"])

    def test_of_the_same_certificate_are_no_alarm(self, opened: Office, issued: Path) -> None:
        assert judge(opened, *(the(issued, suffix) for suffix in (".txt", ".png", ".cose"))).exit_code == 0

    def test_are_judged_alike_by_many_processes(self, opened: Office, issued: Path, tmp_path: Path) -> None:
        files = []
        for number in range(6):
            files.append(tmp_path / f"{number}.txt")
            shutil.copy(the(issued, ".txt"), files[-1])
        (tmp_path / "3.txt").write_bytes(forged(issued))
        one, two = judge(opened, *files), judge(opened, *files, workers="2")
        assert one.output == two.output
        assert (one.exit_code, two.exit_code) == (3, 3)


class TestJSON:
    def test_has_answers_reasons_steps_and_contents(self, opened: Office, issued: Path) -> None:
        result = run("verify", the(issued, ".txt"), "--trust", opened.trust, "--at", desk.DURING, "--json")
        (report,) = json.loads(result.output)["reports"]
        assert [answer["answer"] for answer in report["answers"].values()] == ["yes", "yes", "yes"]
        assert all(answer["reasons"] for answer in report["answers"].values())
        assert [step["number"] for step in report["steps"]] == list(range(1, 22))
        assert report["certificate"] == json.loads(the(issued, ".json").read_bytes())
        assert report["claim"] is None

    def test_keeps_a_claim_apart_from_what_is_signed(self, issued: Path, tmp_path: Path) -> None:
        result = run("verify", the(issued, ".txt"), "--trust", tmp_path, "--json")
        (report,) = json.loads(result.output)["reports"]
        assert report["certificate"] is None
        assert report["claim"]["number"] == "BW00004001"

    def test_names_a_missing_file(self, tmp_path: Path) -> None:
        result = run("verify", tmp_path / "no", "--json")
        assert json.loads(result.output)["reports"][0]["error"]["code"] == "file-missing"


class TestUnreadable:
    def test_a_scan_without_a_code_is_no_forgery(self, opened: Office, tmp_path: Path) -> None:
        Image.new("L", (600, 800), 255).save(tmp_path / "blank.png")
        result = judge(opened, tmp_path / "blank.png")
        assert result.exit_code == 4
        assert "Cannot decide" in result.output
        assert "Nothing here says that it is false." in result.output
        assert "Not valid" not in result.output

    def test_two_certificates_of_one_number_are_not_blamed_on_the_signature(self, opened: Office, issued: Path) -> None:
        known = Known(identities={CertificateNumber.parse("BW00004001"): bytes(32)})
        circumstances = Circumstances(
            trust=verifying.load_trust(opened.trust),
            profiles=profiles.load(),
            at=datetime(2026, 11, 10, 12, tzinfo=UTC),
            known=known,
        )
        report = verification.report(the(issued, ".cose").read_bytes(), circumstances=circumstances)
        said = " ".join(words.reasons(report, Question.IN_DATE, circumstances.trust))
        assert "signature" not in said


class TestShow:
    def test_heads_everything_as_a_claim(self, issued: Path) -> None:
        shown = desk.succeed("show", the(issued, ".png"))
        assert "What it claims; no signature was looked at" in shown
        assert "Valid" not in shown.replace("Validat", "")

    def test_prints_the_view(self, issued: Path) -> None:
        (shown,) = json.loads(desk.succeed("show", the(issued, ".cose"), "--json"))
        assert shown["claim"] == json.loads(the(issued, ".json").read_bytes())

    def test_shows_a_participant_record(self, opened: Office) -> None:
        assert "official-07" in desk.succeed("show", opened.keys / "record.cose")

    def test_goes_on_after_a_file_that_cannot_be_read(self, issued: Path, tmp_path: Path) -> None:
        (tmp_path / "bad").write_bytes(b"KP1:***")
        result = run("show", tmp_path / "bad", tmp_path / "no", the(issued, ".cose"))
        assert result.exit_code == 4
        assert "BW 00004001" in result.output

    def test_refuses_another_type(self, opened: Office, tmp_path: Path) -> None:
        signer = AuthorityFolder(opened.keys).signer(
            holder="official-07", usage=Usage.VALIDATE, passphrase=desk.SECRETS["MACLE_PASSPHRASE"]
        )
        other = cose.sign(signer=signer, typ="application/other", payload=b"\xa0")
        (tmp_path / "other").write_bytes(other.to_bytes())
        assert run("show", tmp_path / "other").exit_code == 4
