"""The committed vectors: made by the generator, complete, and what this verifier answers."""

from __future__ import annotations

import json
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from macle import errors
from macle.paper import reading
from macle.paper.carriers import Carried
from macle.proof import qr, rulings, vectors, verification
from macle.scheme import profiles, rules
from macle.scheme.rules import Stage
from tests.vectors import build, good, malformed
from tests.vectors.vector import Document

if TYPE_CHECKING:
    from pathlib import Path

    from macle.proof.stamps import StampEvidence


@cache
def read(pdf: bytes) -> list[Carried]:
    return reading.read(pdf)


@cache
def made() -> dict[str, bytes]:
    return build.files()


def committed(*folders: str) -> list[Path]:
    return [path for path in build.generated(build.FOLDER) if not folders or path.parent.name in folders]


def judged(*folders: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in committed(*folders or ("good", "bad"))]


class TestCommittedFiles:
    def test_are_those_that_the_generator_makes(self) -> None:
        names = {str(path.relative_to(build.FOLDER)) for path in committed()}

        assert names == set(made())
        differing = [name for name in names if not same((build.FOLDER / name).read_bytes(), made()[name])]
        assert differing == []

    def test_are_the_same_in_every_run(self) -> None:
        first = made()

        assert build.files() == first

    def test_are_enough(self) -> None:
        assert len(judged("good")) >= 45
        assert len(judged("bad")) >= 140

    def test_every_pdf_has_its_vector_and_every_vector_of_one_its_pdf(self) -> None:
        named = {f"{vector['pdf']}.pdf" for vector in judged() if "pdf" in vector}

        assert {path.name for path in build.documents(build.FOLDER)} == named
        assert {f"documents/{name}" for name in named} == set(build.all_documents())

    def test_pdfs_are_few_enough_to_be_kept(self) -> None:
        assert sum(path.stat().st_size for path in build.documents(build.FOLDER)) < 3_000_000

    def test_have_one_plain_sentence_each(self) -> None:
        for vector in judged("good", "bad", *rulings.BY_FOLDER):
            assert vector["about"].endswith("."), vector["name"]
            assert len(vector["about"]) <= 200, vector["name"]


def same(one: bytes, other: bytes) -> bool:
    """Return whether two files are the same, or differ only in how their QR text was compressed."""
    if one == other:
        return True
    first, second = json.loads(one), json.loads(other)
    texts = first.pop("text", None), second.pop("text", None)
    return first == second and None not in texts and inflated(texts[0]) == inflated(texts[1])


def inflated(text: str) -> bytes:
    return zlib.decompress(qr.from_base45(text.removeprefix(qr.PREFIX)))


class TestVerifier:
    @pytest.mark.parametrize(
        "path", committed("good", "bad", *rulings.BY_FOLDER), ids=lambda path: f"{path.parent.name}-{path.stem}"
    )
    def test_answers_as_expected(self, path: Path) -> None:
        verdict = vectors.judge(path, reading=read)

        assert verdict.found == verdict.expected

    def test_raises_exactly_where_a_step_decides_against_it(self) -> None:
        for path in committed("good", "bad"):
            vector = json.loads(path.read_bytes())
            if "pdf" in vector and vector["expect"]["step"] == 1:
                continue
            data, stamps = presented(vector)
            asked = vectors.circumstances(vector, build.FOLDER)
            if vector["expect"]["step"] is None:
                verification.verify(data, circumstances=asked, stamps=stamps)
            else:
                with pytest.raises(errors.MacleError) as raised:
                    verification.verify(data, circumstances=asked, stamps=stamps)
                assert raised.value.rule == vector["expect"]["rule"], vector["name"]


def presented(vector: dict[str, Any]) -> tuple[bytes | str, tuple[StampEvidence, ...] | None]:
    """Return what a vector brings, with the stamps of the file that it is attached to."""
    if "pdf" in vector:
        (carried,) = read((build.FOLDER / "documents" / f"{vector['pdf']}.pdf").read_bytes())
        return carried.data, carried.stamps
    return vector["text"] if "text" in vector else bytes.fromhex(vector["cose"]), None


class TestCoverage:
    def test_every_step_decides_in_some_vector(self) -> None:
        steps = {vector["expect"]["step"] for vector in judged()}

        assert steps == {None, *(step.number for step in (*verification.STEPS, *verification.STAMP_STEPS))}

    def test_every_step_of_a_stamp_decides_in_some_pdf_and_so_do_others(self) -> None:
        steps = {vector["expect"]["step"] for vector in judged() if "pdf" in vector}

        assert steps >= {None, 1, 2, 3, 4, 6, 12, 17, *(step.number for step in verification.STAMP_STEPS)}

    def test_every_rule_of_presentation_and_verification_decides_in_some_vector(self) -> None:
        wanted = {
            rule.id
            for rule in rules.catalogue().values()
            if {Stage.PRESENTATION, Stage.VERIFICATION}.intersection(rule.stages)
        }
        found = {vector["expect"]["rule"] for vector in judged()} - {None}

        assert wanted <= found <= set(rules.catalogue())

    def test_every_rule_of_the_catalogue_occurs_in_some_vector(self) -> None:
        broken = {rule for vector in judged(*rulings.BY_FOLDER) for rule, _, _ in vector["expect"]}
        deciding = {vector["expect"]["rule"] for vector in judged()} - {None}

        assert broken | deciding == set(rules.catalogue())

    @pytest.mark.parametrize(
        ("folder", "stage"),
        [
            ("applications", Stage.APPLICATION),
            ("validations", Stage.VALIDATION),
            ("confirmations", Stage.CONFIRMATION),
        ],
    )
    def test_every_rule_that_only_this_stage_asks_is_broken_there_and_some_vector_breaks_none(
        self, folder: str, stage: Stage
    ) -> None:
        expected = [vector["expect"] for vector in judged(folder)]
        broken = {rule for breaches in expected for rule, _, _ in breaches}
        only_here = {rule.id for rule in rules.catalogue().values() if rule.stages == (stage,)}

        assert only_here <= broken
        assert [] in expected

    def test_every_answer_to_every_question_occurs(self) -> None:
        everything = [vector["expect"] for vector in judged()]

        assert {each["genuine"] for each in everything} == {"yes", "no", "cannot_decide"}
        assert {each["in_date"] for each in everything} == {"yes", "no", "not_judged"}
        assert {each["admissible"] for each in everything} == {"yes", "no", "cannot_decide", "not_judged"}

    def test_every_trust_set_is_used(self) -> None:
        used = {vector["trust"] for vector in judged()}
        sets = {path.stem for path in committed("trust")} - {"standing"}

        assert used == sets


class TestDayRules:
    @pytest.mark.parametrize(("name", "certificate"), [(each[0], each[2]) for each in good.expiring()])
    def test_the_instant_stated_by_hand_is_the_profiles_end_of_the_day(self, name: str, certificate: Any) -> None:
        profile = profiles.load().of(certificate.issuer, on=certificate.date_of_issuance)

        assert profile.end_of(certificate.date_of_expiry, office=certificate.office) == certificate.expires_at, name
        assert profile.validity is None or (
            certificate.date_of_expiry <= profile.validity.latest_expiry(certificate.date_of_issuance)
        )


class TestHandMadeZlib:
    def test_stored_form_inflates(self) -> None:
        assert zlib.decompress(malformed.stored(b"some bytes")) == b"some bytes"

    @pytest.mark.parametrize("size", [66_000, 450_000])
    def test_bomb_is_sound_zlib_of_more_than_is_read(self, size: int) -> None:
        packed = malformed.bomb(size)

        assert len(zlib.decompress(packed)) >= size
        assert len(qr.PREFIX + qr.to_base45(packed)) <= qr.LONGEST_TEXT


class TestTexts:
    def text(self, folder: str, name: str) -> str:
        return str(json.loads((build.FOLDER / folder / f"{name}.json").read_bytes())["text"])

    def test_the_largest_code_is_the_largest_there_is(self) -> None:
        assert qr.code_of(self.text("good", "largest-code")).version == 40

    def test_the_longest_text_is_too_long_to_be_printed_and_short_enough_to_be_read(self) -> None:
        text = self.text("good", "longest-text")

        assert len(text) <= qr.LONGEST_TEXT
        with pytest.raises(qr.TextMalformed):
            qr.code_of(text)

    def test_the_text_that_is_too_long_is_sound_but_for_that(self) -> None:
        text = self.text("bad", "text-too-long")

        assert len(text) > qr.LONGEST_TEXT
        assert inflated(text)[:1] == b"\xd2"


class TestJudge:
    def a_vector(self) -> dict[str, Any]:
        return dict(json.loads((build.FOLDER / "good" / "standard-as-file.json").read_bytes()))

    def judge(self, folder: Path, vector: object, *, name: str = "standard-as-file", kind: str = "good") -> Any:
        (folder / kind).mkdir()
        (folder / "trust").symlink_to(build.FOLDER / "trust")
        path = folder / kind / f"{name}.json"
        path.write_text(json.dumps(vector), encoding="utf-8")
        return vectors.judge(path, reading=read)

    def test_finds_a_wrong_expectation(self, tmp_path: Path) -> None:
        vector = self.a_vector()
        vector["expect"]["identity"] = "00" * 32

        assert not self.judge(tmp_path, vector).agrees

    def test_finds_a_wrong_field_in_the_view(self, tmp_path: Path) -> None:
        vector = self.a_vector()
        vector["expect"]["certificate"]["parcels"] = 2

        assert not self.judge(tmp_path, vector).agrees

    def test_refuses_a_vector_under_another_name(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed, match="name"):
            self.judge(tmp_path, self.a_vector(), name="another")

    def test_refuses_a_good_vector_among_the_bad(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed, match="folder"):
            self.judge(tmp_path, self.a_vector(), kind="bad")

    @pytest.mark.parametrize("part", ["about", "trust", "circumstances", "expect", "cose"])
    def test_refuses_a_vector_without_a_part(self, tmp_path: Path, part: str) -> None:
        vector = self.a_vector()
        del vector[part]

        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, vector)

    @pytest.mark.parametrize("content", [[], "text", 1, None])
    def test_refuses_what_is_no_vector(self, tmp_path: Path, content: object) -> None:
        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, content)

    def test_refuses_both_text_and_bytes(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, {**self.a_vector(), "text": "KP1:"})

    def test_refuses_a_trust_set_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, {**self.a_vector(), "trust": "nowhere"})


class TestJudgeOfDocuments:
    def judge(self, folder: Path, *, carried: list[Carried] | errors.MacleError, **changes: object) -> Any:
        """Judge the vector of a small PDF, which is said to carry this, or to be refused with that error."""

        def reader(_: bytes) -> list[Carried]:
            if isinstance(carried, errors.MacleError):
                raise carried
            return carried

        for name in ("trust", "documents"):
            (folder / name).symlink_to(build.FOLDER / name)
        path = folder / "good" / "pdf-small.json"
        path.parent.mkdir()
        vector = json.loads((build.FOLDER / "good" / path.name).read_bytes())
        path.write_text(json.dumps({**vector, **changes}), encoding="utf-8")
        return vectors.judge(path, reading=reader)

    def small(self) -> Carried:
        (carried,) = read((build.FOLDER / "documents" / "small.pdf").read_bytes())
        return carried

    def test_takes_what_the_reader_found(self, tmp_path: Path) -> None:
        assert self.judge(tmp_path, carried=[self.small()]).agrees

    def test_takes_the_stamps_too(self, tmp_path: Path) -> None:
        small = self.small()

        assert self.judge(tmp_path, carried=[Carried(small.data, small.carrier, ())]).found["step"] == 22

    def test_decides_nothing_about_a_pdf_that_cannot_be_read(self, tmp_path: Path) -> None:
        found = self.judge(tmp_path, carried=errors.Malformed("It is damaged.")).found

        assert (found["genuine"], found["step"], found["identity"]) == ("cannot_decide", 1, None)

    @pytest.mark.parametrize("count", [0, 2])
    def test_refuses_a_pdf_that_carries_another_number_of_objects_than_one(self, tmp_path: Path, count: int) -> None:
        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, carried=[self.small()] * count)

    def test_refuses_a_pdf_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, carried=[self.small()], pdf="nowhere")

    def test_refuses_a_pdf_beside_a_text(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, carried=[self.small()], text="KP1:")


class TestBuildOfDocuments:
    def test_leaves_what_is_there_makes_what_is_missing_and_removes_the_rest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = {f"documents/{name}.pdf": Document(name, lambda: b"new") for name in ("kept", "missing")}
        monkeypatch.setattr(build, "all_documents", lambda: wanted)
        folder = tmp_path / "documents"
        folder.mkdir()
        for name in ("kept", "left"):
            (folder / f"{name}.pdf").write_bytes(b"old")

        assert build.write_documents(tmp_path, anew=False) == 1
        assert {path.stem: path.read_bytes() for path in folder.iterdir()} == {"kept": b"old", "missing": b"new"}
        assert build.write_documents(tmp_path, anew=True) == 2
        assert {path.read_bytes() for path in folder.iterdir()} == {b"new"}

    @pytest.mark.parametrize("name", ["pdf-botswana-english", "pdf-small", "pdf-changed-page", "pdf-range-second-gap"])
    def test_makes_pdfs_that_are_judged_as_those_that_are_there(self, tmp_path: Path, name: str) -> None:
        (found,) = (vector for vector in build.all_vectors() if vector.name == name)
        assert isinstance(found.data, Document)
        kind = "good" if found.is_good else "bad"
        pdf, stated = tmp_path / "documents" / f"{found.data.name}.pdf", tmp_path / kind / f"{name}.json"
        for path, content in ((pdf, found.data.make()), (stated, json.dumps(found.to_json()).encode())):
            path.parent.mkdir()
            path.write_bytes(content)
        (tmp_path / "trust").symlink_to(build.FOLDER / "trust")

        assert vectors.judge(stated, reading=read).agrees


class TestJudgeOfRulings:
    def a_ruling(self) -> dict[str, Any]:
        return dict(json.loads((build.FOLDER / "applications" / "several-breaches.json").read_bytes()))

    def judge(self, folder: Path, vector: object) -> Any:
        (folder / "applications").mkdir()
        (folder / "trust").symlink_to(build.FOLDER / "trust")
        path = folder / "applications" / "several-breaches.json"
        path.write_text(json.dumps(vector), encoding="utf-8")
        return vectors.judge(path, reading=read)

    def test_does_not_mind_the_order_of_breaches(self, tmp_path: Path) -> None:
        ruling = self.a_ruling()
        ruling["expect"].reverse()

        assert self.judge(tmp_path, ruling).agrees

    def test_finds_a_breach_that_was_not_expected(self, tmp_path: Path) -> None:
        ruling = self.a_ruling()
        del ruling["expect"][0]

        assert not self.judge(tmp_path, ruling).agrees

    def test_finds_a_breach_that_is_not_there(self, tmp_path: Path) -> None:
        ruling = self.a_ruling()
        ruling["expect"].append(["AnnexI.A.number", "number", "refuse"])

        assert not self.judge(tmp_path, ruling).agrees

    def test_finds_another_outcome(self, tmp_path: Path) -> None:
        ruling = self.a_ruling()
        ruling["expect"][0][2] = "hold"

        assert not self.judge(tmp_path, ruling).agrees

    @pytest.mark.parametrize("part", ["name", "about", "application", "setting", "expect"])
    def test_refuses_a_ruling_without_a_part(self, tmp_path: Path, part: str) -> None:
        ruling = self.a_ruling()
        del ruling[part]

        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, ruling)

    def test_refuses_a_ruling_that_nobody_examines(self, tmp_path: Path) -> None:
        ruling = self.a_ruling()
        del ruling["application"]["participant"]

        with pytest.raises(vectors.VectorMalformed, match="who examines"):
            self.judge(tmp_path, ruling)

    def test_refuses_a_profile_field_that_cannot_be_said(self, tmp_path: Path) -> None:
        ruling = self.a_ruling()
        ruling["setting"]["profile"] = {"participant": "ZA"}

        with pytest.raises(vectors.VectorMalformed):
            self.judge(tmp_path, ruling)


class TestCheck:
    def test_judges_every_vector_of_the_folder(self) -> None:
        found = [verdict.name for verdict in vectors.check(build.FOLDER, reading=read)]

        assert len(found) == len(set(found)) >= 185

    def test_refuses_a_folder_without_vectors(self, tmp_path: Path) -> None:
        with pytest.raises(vectors.VectorMalformed):
            vectors.check(tmp_path, reading=read)
