from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from macle.paper import opening, reading
from macle.proof import codec, cose, views
from macle.scheme.terms import Carats, CertificateNumber
from tests.support import documents
from tests.unit.cli import desk
from tests.unit.cli.desk import EXAMPLES, Office, issue, lodge, lodge_many, pin, process, run, succeed

if TYPE_CHECKING:
    from click.testing import Result

FORM = EXAMPLES / "forms" / "union-2026.toml"
PRINTER = EXAMPLES / "forms" / "printer.toml"


def carried(pdf: Path) -> bytes:
    """Return what is attached to a PDF, whose stamp must cover all of it."""
    (found,) = reading.read(pdf.read_bytes())
    assert found.stamps is not None
    (stamp,) = found.stamps
    assert stamp.covers_file
    assert stamp.is_of_these_bytes
    assert isinstance(found.data, bytes)
    return found.data


def a_pdf(office: Office, folder: Path, *extra: object, application: str = "botswana") -> Path:
    """Return the PDF of an example application, as this office issues it."""
    result = issue(office, EXAMPLES / "applications" / f"{application}.json", out=folder, extra=extra or ("--pdf",))
    assert result.exit_code == 0, result.output
    (path,) = (path for path in folder.glob("*.pdf") if not path.name.endswith(".sheet.pdf"))
    return path


def text_of(pdf: Path) -> str:
    return documents.text_of(pdf.read_bytes())


def judged(office: Office, *files: object, at: str = desk.DURING) -> Result:
    return run("verify", *files, "--trust", office.trust, "--at", at, "--json")


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Return an office with a stamp that no test may change."""
    return desk.open_printing_office(tmp_path_factory.mktemp("printing"))


@pytest.fixture
def office(opened: Office, tmp_path: Path) -> Office:
    """Return an office with a stamp of the test's own."""
    return desk.copied(opened, tmp_path)


@pytest.fixture(scope="session")
def union(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Return an office of the Union, with an official who confirms."""
    office = desk.open_printing_office(tmp_path_factory.mktemp("union"), participant="EU")
    confirming = ("--usage", "confirm", "--holder", "official-12")
    succeed("keys", "new", office.keys, *confirming, "--at", desk.START)
    pin(office.keys, office.trust)
    return office


@pytest.fixture(scope="session")
def printed(opened: Office, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PDF that no test may change."""
    folder = tmp_path_factory.mktemp("printed")
    own = ("--pdf", "--ledger", folder / "ledger")
    return a_pdf(opened, folder / "out", *own)


class TestIssueWithPdf:
    def test_attaches_the_signed_bytes_under_a_stamp(self, printed: Path) -> None:
        assert carried(printed) == printed.with_suffix(".cose").read_bytes()

    def test_is_valid_for_whoever_verifies_the_file(self, opened: Office, printed: Path) -> None:
        result = judged(opened, printed)
        assert result.exit_code == 0, result.output
        (report,) = json.loads(result.output)["reports"]
        assert report["answers"]["genuine"]["answer"] == "yes"
        assert [step["number"] for step in report["steps"]] == list(range(1, 27))
        assert report["carrier"] == "attached to a PDF as certificate.cose"

    def test_makes_a_lost_pdf_anew_and_signs_nothing_again(self, office: Office, tmp_path: Path) -> None:
        pdf = a_pdf(office, tmp_path / "out")
        identity = carried(pdf)
        pdf.unlink()
        result = issue(office, EXAMPLES / "applications" / "botswana.json", out=tmp_path / "out", extra=("--pdf",))
        assert "1 issued before; nothing was signed again" in result.output
        assert carried(pdf) == identity

    def test_prints_what_was_issued_without_pdf_before(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge(tmp_path)
        assert issue(office, lodged, out=tmp_path / "out").exit_code == 0
        assert not list((tmp_path / "out").glob("*.pdf"))
        result = issue(office, lodged, out=tmp_path / "out", extra=("--pdf",))
        assert "nothing was signed again" in result.output
        assert len(list((tmp_path / "out").glob("*.pdf"))) == 1

    def test_goes_through_many_in_several_processes(self, office: Office, tmp_path: Path) -> None:
        lodged = lodge_many(tmp_path, 6)
        result = issue(office, lodged, out=tmp_path / "out", extra=("--pdf", "--workers", "2"))
        assert result.exit_code == 0, result.output
        pdfs = sorted((tmp_path / "out").glob("*.pdf"))
        assert len(pdfs) == 6
        assert json.loads(judged(office, *pdfs).output)["exit_code"] == 0

    def test_signs_nothing_that_does_not_fit_its_sheet(self, office: Office, tmp_path: Path) -> None:
        party = desk.application()["exporter"] | {"name": "𓀀 Diamonds", "latin_name": "Example Diamonds"}
        result = issue(office, lodge(tmp_path, exporter=party), out=tmp_path / "out", extra=("--pdf",))
        assert result.exit_code == 1
        (row,) = desk.refused(tmp_path / "out")
        assert row["rule"] == "certificate.complete"
        assert "fonts" in row["what"]
        assert "result" not in (office.keys / "ledger.jsonl").read_text()

    def test_says_specimen_unless_the_stationery_is_approved(self, office: Office, tmp_path: Path) -> None:
        specimen = a_pdf(office, tmp_path / "one")
        (office.keys / "stationery.toml").write_text(
            'participant = "BW"\nlanguages = []\napproved_by = "the Director, 2 January 2026"\n'
            '[state]\nen = "Republic of Botswana"\n'
            '[colours]\nink = "#14395b"\nfirst = "#2f7fb3"\nsecond = "#1d1d1b"\ntint = "#cfe3f0"\n',
            encoding="utf-8",
        )
        approved = a_pdf(office, tmp_path / "two")
        assert "SPECIMEN" in text_of(specimen)
        assert "SPECIMEN" not in text_of(approved)
        assert "47,363.57" in text_of(approved)

    def test_writes_what_is_signed_although_it_cannot_be_printed_any_more(self, office: Office, tmp_path: Path) -> None:
        party = desk.application()["exporter"] | {"name": "𓀀 Diamonds", "latin_name": "Example Diamonds"}
        lodged = lodge(tmp_path, exporter=party)
        assert issue(office, lodged, out=tmp_path / "out").exit_code == 0
        good = lodge(tmp_path, "good.json", number="BW00009999", status_index=9999)
        result = run(
            *("issue", lodged, good, "--authority", office.keys, "--holder", "official-07", "--out", tmp_path / "out"),
            *("--at-date-of-issuance", "--pdf"),
        )
        assert result.exit_code == 1
        assert "BW 00004001 is signed and was not printed" in result.output
        assert [path.name for path in (tmp_path / "out").glob("*.pdf")] == ["BW00009999.pdf"]

    @pytest.mark.parametrize(
        "made",
        [("--at", "2026-12-24T00:00:00Z"), ("--at", desk.START, "--office", "Francistown")],
        ids=["not in force yet", "of another office"],
    )
    def test_signs_nothing_that_its_stamp_may_not_stamp(
        self, office: Office, tmp_path: Path, made: tuple[str, ...]
    ) -> None:
        succeed("keys", "new", office.keys, "--usage", "stamp", "--holder", "stamp-02", *made)
        extra = ("--pdf", "--stamp-holder", "stamp-02")
        result = issue(office, lodge(tmp_path), out=tmp_path / "out", extra=extra)
        assert result.exit_code == 1
        assert "AnnexI" in result.output or "application.readable" in result.output
        assert not list((tmp_path / "out").glob("*.cose"))

    def test_refuses_the_stationery_of_another(self, office: Office, tmp_path: Path) -> None:
        shutil.copyfile(Path(opening.__file__).parent / "specimens" / "ao.toml", office.keys / "stationery.toml")
        result = issue(office, lodge(tmp_path), out=tmp_path / "out", extra=("--pdf",))
        assert result.exit_code == 4
        assert "stationery of AO" in result.output

    def test_needs_a_stamp(self, tmp_path: Path) -> None:
        keys = tmp_path / "keys"
        succeed("keys", "new", keys, "--participant", "BW", "--authority", "Example", "--at", desk.START)
        succeed("keys", "new", keys, "--usage", "validate", "--holder", "official-07", "--at", desk.START)
        result = issue(Office(keys, keys), lodge(tmp_path), out=tmp_path / "out", extra=("--pdf",))
        assert result.exit_code == 6
        assert "macle keys new FOLDER --usage stamp" in result.output

    def test_asks_which_of_several_stamps(self, office: Office, tmp_path: Path) -> None:
        succeed("keys", "new", office.keys, "--usage", "stamp", "--holder", "stamp-02", "--at", desk.START)
        result = issue(office, lodge(tmp_path), out=tmp_path / "out", extra=("--pdf",))
        assert result.exit_code == 2
        assert "--stamp-holder one of stamp-01, stamp-02" in result.output
        chosen = ("--pdf", "--stamp-holder", "stamp-02")
        assert issue(office, lodge(tmp_path), out=tmp_path / "out", extra=chosen).exit_code == 0

    @pytest.mark.parametrize(
        "extra",
        [
            ("--layout", "sheet"),
            ("--pdf", "--form", FORM),
            ("--pdf", "--printer", PRINTER),
            ("--language", "fr"),
            ("--pdf", "--stamp-in-token"),
            ("--stamp-holder", "stamp-01"),
            ("--fonts", EXAMPLES),
        ],
    )
    def test_refuses_options_that_do_not_belong_together(
        self, opened: Office, tmp_path: Path, extra: tuple[object, ...]
    ) -> None:
        assert issue(opened, lodge(tmp_path), out=tmp_path / "out", extra=extra).exit_code == 2

    def test_refuses_a_language_that_the_stationery_lacks(self, opened: Office, tmp_path: Path) -> None:
        result = issue(opened, lodge(tmp_path), out=tmp_path / "out", extra=("--pdf", "--language", "fr"))
        assert result.exit_code == 6
        assert "no language 'fr'" in result.output


class TestIssueOnOfficialSheets:
    def test_prints_the_values_for_the_sheet_and_a_copy_beside_it(self, union: Office, tmp_path: Path) -> None:
        sheet = ("--layout", "sheet", "--form", FORM, "--printer", PRINTER, "--ledger", tmp_path / "ledger")
        copy = a_pdf(union, tmp_path / "out", *sheet, application="european-union")
        values = copy.with_name(copy.name.replace(".pdf", ".sheet.pdf"))
        assert carried(copy) == carried(values) == copy.with_suffix(".cose").read_bytes()
        assert "KOPIE" in text_of(copy)
        assert "Kimberley Process Certificate" in text_of(copy)
        on_sheet = text_of(values)
        assert "COPY" not in on_sheet
        assert "EU 10482001" not in on_sheet, "The number belongs to the sheet."
        assert "122,507.12" in on_sheet
        assert "Date of issuance" not in on_sheet, "The words are printed on the sheet."

    def test_calls_a_drawn_certificate_a_copy_where_numbers_belong_to_sheets(
        self, union: Office, tmp_path: Path
    ) -> None:
        pdf = a_pdf(union, tmp_path / "out", "--pdf", "--ledger", tmp_path / "ledger", application="european-union")
        assert "COPY" in text_of(pdf)

    def test_refuses_a_sheet_on_which_the_code_has_no_room(self, union: Office, tmp_path: Path) -> None:
        form = tmp_path / "form.toml"
        form.write_text(FORM.read_text().replace("width = 53, height = 53", "width = 30, height = 30"))
        sheet = ("--layout", "sheet", "--form", form, "--ledger", tmp_path / "ledger")
        application = EXAMPLES / "applications" / "european-union.json"
        result = issue(union, application, out=tmp_path / "out", extra=sheet)
        assert result.exit_code == 1
        assert "never printed smaller" in result.output


class TestVerify:
    def test_reports_a_good_attachment_in_a_changed_file_apart(
        self, opened: Office, printed: Path, tmp_path: Path
    ) -> None:
        changed = tmp_path / "changed.pdf"
        changed.write_bytes(printed.read_bytes() + b"\n%%EOF\n")
        result = judged(opened, changed)
        assert result.exit_code == 3
        (report,) = json.loads(result.output)["reports"]
        assert report["answers"]["genuine"]["answer"] == "no"
        assert report["is_good_in_a_bad_file"]
        assert report["certificate"]["number"] == "BW00004001"
        shown = run("verify", changed, "--trust", opened.trust, "--at", desk.DURING).output
        assert "genuine by itself" in shown

    def test_reads_a_scan_of_the_sheet_from_its_picture(self, opened: Office, printed: Path, tmp_path: Path) -> None:
        scan = tmp_path / "scan.pdf"
        with opening.opened(printed.read_bytes()) as document:
            opening.page_of(document, 0, dpi=150).save(scan, "PDF", resolution=150)
        result = judged(opened, scan)
        assert result.exit_code == 0, result.output
        (report,) = json.loads(result.output)["reports"]
        assert report["carrier"] == "read from a picture, page 1 of a PDF"
        assert len(report["steps"]) == 21

    def test_decides_nothing_about_a_pdf_that_cannot_be_read(
        self, opened: Office, printed: Path, tmp_path: Path
    ) -> None:
        cut = tmp_path / "cut.pdf"
        cut.write_bytes(printed.read_bytes()[:40_000])
        result = judged(opened, cut)
        assert result.exit_code == 4
        (report,) = json.loads(result.output)["reports"]
        assert report["answers"]["genuine"]["answer"] == "cannot_decide"

    def test_raises_the_alarm_for_two_pdfs_with_one_number(self, office: Office, tmp_path: Path) -> None:
        one = a_pdf(office, tmp_path / "one", "--pdf", "--ledger", tmp_path / "first")
        lodged = lodge(tmp_path, parcels=9)
        other = ("--pdf", "--ledger", tmp_path / "second")
        assert issue(office, lodged, out=tmp_path / "two", extra=other).exit_code == 0
        (two,) = (tmp_path / "two").glob("*.pdf")
        reports = json.loads(judged(office, one, two).output)["reports"]
        assert [report["answers"]["genuine"]["answer"] for report in reports] == ["no", "no"]

    def test_a_byte_more_silences_no_alarm(self, office: Office, tmp_path: Path) -> None:
        one = a_pdf(office, tmp_path / "one", "--pdf", "--ledger", tmp_path / "first")
        other = ("--pdf", "--ledger", tmp_path / "second")
        assert issue(office, lodge(tmp_path, parcels=9), out=tmp_path / "two", extra=other).exit_code == 0
        (two,) = (tmp_path / "two").glob("*.pdf")
        one.write_bytes(one.read_bytes() + b"\n% x")
        reports = json.loads(judged(office, one, two).output)["reports"]
        assert [report["answers"]["genuine"]["answer"] for report in reports] == ["no", "no"]

    def test_does_it_in_several_processes(self, opened: Office, printed: Path) -> None:
        done = process(
            *("verify", printed, printed, "--trust", opened.trust, "--at", desk.DURING, "--json", "--workers", "2")
        )
        assert done.returncode == 0, done.stderr
        assert len(json.loads(done.stdout)["reports"]) == 2


class TestShow:
    def test_shows_what_is_attached(self, printed: Path) -> None:
        assert "BW 00004001" in succeed("show", printed)


class TestLabelAndCopy:
    def test_label_carries_number_and_seals_and_nothing_of_value(
        self, opened: Office, printed: Path, tmp_path: Path
    ) -> None:
        succeed("paper", "label", printed, "--authority", opened.keys, "--out", tmp_path / "label.pdf")
        said = text_of(tmp_path / "label.pdf")
        assert "BW 00004001" in said
        assert "BWA 30010" in said
        for secret in ("Sekao", "47,363.57", "13,163,757.01"):
            assert secret not in said

    def test_label_is_printed_by_the_authority_itself(self, union: Office, printed: Path, tmp_path: Path) -> None:
        result = run("paper", "label", printed, "--authority", union.keys, "--out", tmp_path / "label.pdf")
        assert result.exit_code == 5

    @pytest.mark.parametrize("what", ["copy", "label"])
    def test_nothing_is_printed_that_nobody_here_signed(
        self, opened: Office, printed: Path, tmp_path: Path, what: str
    ) -> None:
        signed = cose.read(carried(printed))
        certificate = codec.decode_certificate(signed.payload)
        heavier = replace(certificate.lines[0], carats=Carats(certificate.lines[0].carats.hundredths + 1_000_000))
        forged = tmp_path / "forged.cose"
        changed = codec.encode_certificate(replace(certificate, lines=(heavier, *certificate.lines[1:])))
        forged.write_bytes(replace(signed, payload=changed).to_bytes())
        result = run("paper", what, forged, "--authority", opened.keys, "--out", tmp_path / "out.pdf")
        assert result.exit_code == 3
        assert "signed it" in result.output
        assert not (tmp_path / "out.pdf").exists()

    def test_copy_says_so_and_carries_the_same_object(self, opened: Office, printed: Path, tmp_path: Path) -> None:
        out = tmp_path / "copy.pdf"
        succeed("paper", "copy", printed, "--authority", opened.keys, "--out", out, "--at", f"{desk.DURING}T09:00:00Z")
        assert "COPY" in text_of(out)
        assert carried(out) == carried(printed)
        assert judged(opened, out).exit_code == 0


class TestConfirmation:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        office = desk.open_printing_office(tmp_path, participant="AO")
        return a_pdf(office, tmp_path / "issued", application="angola")

    def confirm(self, union: Office, file: Path, certificate: Path, out: Path, holder: str = "official-12") -> Result:
        return run(
            *("paper", "confirmation", file, "--certificate", certificate, "--authority", union.keys),
            *(
                "--holder",
                holder,
                "--out",
                out,
                "--at",
                "2026-11-23T10:20:00Z",
                "--trust",
                certificate.parents[1] / "trust",
            ),
        )

    def test_is_compared_signed_and_printed(self, union: Office, certificate: Path, tmp_path: Path) -> None:
        out = tmp_path / "slip.pdf"
        result = self.confirm(union, EXAMPLES / "confirmations" / "antwerp.json", certificate, out)
        assert result.exit_code == 0, result.output
        signed = cose.read(carried(out))
        cose.expect(signed, cose.CONFIRMATION)
        confirmation = codec.decode_confirmation(signed.payload)
        assert confirmation.certificate.number == CertificateNumber.parse("AO00006001")
        assert confirmation.certificate.identity == cose.read(carried(certificate)).identity
        assert (tmp_path / "slip.confirmation.cose").read_bytes() == signed.to_bytes()
        said = text_of(out)
        assert "Import confirmation" in said
        assert "\N{MINUS SIGN}0.05" in said

    def test_is_printed_again_from_the_signed_bytes(self, union: Office, certificate: Path, tmp_path: Path) -> None:
        out = tmp_path / "slip.pdf"
        self.confirm(union, EXAMPLES / "confirmations" / "antwerp.json", certificate, out)
        again = tmp_path / "again.pdf"
        succeed("paper", "confirmation", tmp_path / "slip.confirmation.cose", "--authority", union.keys, "--out", again)
        assert carried(again) == carried(out)

    def test_is_not_signed_for_a_forged_certificate(self, union: Office, certificate: Path, tmp_path: Path) -> None:
        forged = certificate.with_suffix(".cose")
        forged.write_bytes(forged.read_bytes()[:-1] + bytes([forged.read_bytes()[-1] ^ 1]))
        result = self.confirm(union, EXAMPLES / "confirmations" / "antwerp.json", forged, tmp_path / "slip.pdf")
        assert result.exit_code == 3
        assert not list(tmp_path.glob("slip*"))

    def test_is_not_signed_with_a_key_that_is_known_to_be_stolen(
        self, union: Office, certificate: Path, tmp_path: Path
    ) -> None:
        own = desk.copied(union, tmp_path)
        shown = succeed("keys", "show", own.keys)
        (key_id,) = [line.split()[0] for line in shown.splitlines() if "official-12" in line]
        succeed("keys", "end", own.keys, key_id, "--compromised-since", "2026-02-01T00:00:00Z")
        file = EXAMPLES / "confirmations" / "antwerp.json"
        result = self.confirm(own, file, certificate, tmp_path / "slip.pdf")
        assert result.exit_code == 5
        assert "compromised" in result.output

    def test_is_not_stamped_if_nobody_here_signed_it(self, union: Office, certificate: Path, tmp_path: Path) -> None:
        self.confirm(union, EXAMPLES / "confirmations" / "antwerp.json", certificate, tmp_path / "slip.pdf")
        signed = tmp_path / "slip.confirmation.cose"
        signed.write_bytes(signed.read_bytes()[:-1] + bytes([signed.read_bytes()[-1] ^ 1]))
        again = tmp_path / "again.pdf"
        result = run("paper", "confirmation", signed, "--authority", union.keys, "--out", again)
        assert result.exit_code == 3
        assert not again.exists()

    def test_is_not_signed_if_it_disagrees_with_the_certificate(
        self, union: Office, certificate: Path, tmp_path: Path
    ) -> None:
        found = json.loads((EXAMPLES / "confirmations" / "antwerp.json").read_bytes())
        found["declared"]["parcels"] = 5
        file = tmp_path / "found.json"
        file.write_text(json.dumps(found))
        assert views.confirmation_from_json(found).declared.parcels == 5
        result = self.confirm(union, file, certificate, tmp_path / "slip.pdf")
        assert result.exit_code == 1
        assert "III.b.confirmation-matches" in result.output
        assert not (tmp_path / "slip.pdf").exists()

    def test_is_signed_by_the_official_who_found_it(self, union: Office, certificate: Path, tmp_path: Path) -> None:
        own = desk.copied(union, tmp_path)
        succeed("keys", "new", own.keys, "--usage", "confirm", "--holder", "official-13", "--at", desk.START)
        file = EXAMPLES / "confirmations" / "antwerp.json"
        result = self.confirm(own, file, certificate, tmp_path / "slip.pdf", holder="official-13")
        assert result.exit_code == 5
        assert "findings are of official-12" in result.output


class TestDecision:
    def test_is_printed_on_the_letterhead_with_grounds_and_appeal(self, union: Office, tmp_path: Path) -> None:
        out = tmp_path / "letter.pdf"
        file = EXAMPLES / "decisions" / "detention.json"
        succeed("paper", "decision", file, "--authority", union.keys, "--out", out)
        said = text_of(out)
        for words in (
            "Decision to detain a shipment",
            "Regulation (EC) No 2368/2002",
            "Example Tribunal",
            "AO 00006001",
        ):
            assert words in said

    @pytest.mark.parametrize("field", ["grounds", "appeal", "reference", "official", "decided"])
    def test_is_refused_without_what_it_must_say(self, union: Office, tmp_path: Path, field: str) -> None:
        table = json.loads((EXAMPLES / "decisions" / "detention.json").read_bytes())
        del table[field]
        file = tmp_path / "decision.json"
        file.write_text(json.dumps(table))
        result = run("paper", "decision", file, "--authority", union.keys, "--out", tmp_path / "letter.pdf")
        assert result.exit_code == 4
        assert field in result.output


class TestCalibrate:
    def test_shows_every_field_at_its_place(self, tmp_path: Path) -> None:
        out = tmp_path / "calibration.pdf"
        succeed("paper", "calibrate", FORM, "--out", out)
        said = text_of(out)
        assert "Calibration sheet" in said
        for name in ("exporter", "slip-importer", "qr", "total-value"):
            assert name in said
