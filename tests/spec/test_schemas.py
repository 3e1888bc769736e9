"""The JSON Schemas describe the JSON: they take what we write, refuse what is wrong and name the same properties."""

import copy
import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from macle import errors
from macle.proof import vectors, verification, views
from macle.proof.verification import Circumstances, Known
from macle.scheme import applications, profiles
from macle.scheme.applications import Application, AppliedOrigin, AppliedParty, AppliedValidation, Source
from macle.scheme.rules.settings import EarlierPresentation
from macle.scheme.terms import ParticipantCode
from tests.support import signed

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted((ROOT / "spec" / "schemas").glob("*.schema.json"))
APPLICATIONS = sorted((ROOT / "examples" / "applications").glob("*.json"))

Schema = dict[str, Any]


@cache
def schema(name: str) -> Schema:
    loaded: Schema = json.loads((ROOT / "spec" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


@cache
def validator(name: str) -> Draft202012Validator:
    every = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS]
    registry: Registry[Any] = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in every)
    return Draft202012Validator(schema(name), registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)


def problems(name: str, value: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]


def a_view() -> dict[str, Any]:
    return views.certificate_to_json(signed.a_full_certificate())


def a_confirmation_view() -> dict[str, Any]:
    exporting, importing = signed.two_authorities()
    certificate = exporting.sign(signed.a_small_certificate(exporting))
    return views.confirmation_to_json(signed.a_small_confirmation(certificate, importing))


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the place of every field and item of a view, but not of the fields of a later version."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        if key != "extensions":
            yield (*path, key)
            yield from places(item, (*path, key))


def changed(value: dict[str, Any], path: tuple[str | int, ...], change: Callable[[Any, str | int], object]) -> Any:
    """Return a copy of the view in which the container at the end of the path was changed."""
    result: Any = copy.deepcopy(value)
    container = result
    for key in path[:-1]:
        container = container[key]
    change(container, path[-1])
    return result


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
class TestEverySchema:
    def test_is_a_schema_of_2020_12_under_a_name_of_its_own(self, path: Path) -> None:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(loaded)
        assert loaded["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert loaded["$id"] == f"urn:kpcs:schema:{path.name.removesuffix('.schema.json')}:v1"


class TestCertificate:
    @pytest.mark.parametrize("make", [signed.a_small_certificate, signed.a_full_certificate])
    def test_views_fit(self, make: Callable[[], Any]) -> None:
        assert problems("certificate", views.certificate_to_json(make())) == []

    def test_names_the_properties_that_the_code_writes(self) -> None:
        assert list(schema("certificate")["properties"]) == list(a_view())

    @pytest.mark.parametrize("path", [path for path in places(a_view()) if isinstance(path[-1], str)], ids=str)
    def test_a_view_without_a_field_neither_fits_nor_is_read(self, path: tuple[str | int, ...]) -> None:
        view = changed(a_view(), path, lambda container, key: container.pop(key))
        assert problems("certificate", view)
        with pytest.raises(errors.Malformed):
            views.certificate_from_json(view)

    @pytest.mark.parametrize("path", list(places(a_view())), ids=str)
    def test_a_view_with_something_else_in_a_field_neither_fits_nor_is_read(self, path: tuple[str | int, ...]) -> None:
        view = changed(a_view(), path, lambda container, key: container.__setitem__(key, 1.5))
        assert problems("certificate", view)
        with pytest.raises(errors.Malformed):
            views.certificate_from_json(view)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("type", "import_confirmation"),
            ("number", "BW 00004821"),
            ("validated_at", "2026-11-02T09:30:00+00:00"),
            ("date_of_issuance", "2026-02-30"),
            ("carat_weight", "39658.5"),
            ("value", "1,000.00"),
            ("destination", "cn"),
            ("parcels", 0),
            ("container_seals", []),
            ("container_seals", ["GB 000017", "GB 000017"]),
            ("status_index", 2**32),
            ("record_digest", "00" * 31),
            ("extensions", {"remark": "00"}),
            ("extensions", {"19": "not hexadecimal"}),
        ],
    )
    def test_wrong_values_neither_fit_nor_are_read(self, field: str, value: object) -> None:
        view = {**a_view(), field: value}
        assert problems("certificate", view)
        with pytest.raises(errors.Malformed):
            views.certificate_from_json(view)

    def test_a_property_of_no_meaning_neither_fits_nor_is_read(self) -> None:
        view = {**a_view(), "colour": "D"}
        assert problems("certificate", view)
        with pytest.raises(errors.Malformed):
            views.certificate_from_json(view)


class TestImportConfirmation:
    def test_views_fit(self) -> None:
        assert problems("import-confirmation", a_confirmation_view()) == []
        assert problems("import-confirmation", {**a_confirmation_view(), "measured": None}) == []

    def test_names_the_properties_that_the_code_writes(self) -> None:
        assert list(schema("import-confirmation")["properties"]) == list(a_confirmation_view())

    @pytest.mark.parametrize("path", list(places(a_confirmation_view())), ids=str)
    def test_a_view_with_something_else_in_a_field_neither_fits_nor_is_read(self, path: tuple[str | int, ...]) -> None:
        view = changed(a_confirmation_view(), path, lambda container, key: container.__setitem__(key, 1.5))
        assert problems("import-confirmation", view)
        with pytest.raises(errors.Malformed):
            views.confirmation_from_json(view)


def names(kind: type) -> set[str]:
    return {each.name for each in dataclasses.fields(kind)}


class TestApplication:
    @pytest.mark.parametrize("path", APPLICATIONS, ids=lambda path: path.stem)
    def test_takes_every_example_that_can_be_read(self, path: Path) -> None:
        application = json.loads(path.read_text(encoding="utf-8"))
        assert applications.read(application).unreadable == ()
        assert problems("application", application) == []

    def test_there_are_examples(self) -> None:
        assert len(APPLICATIONS) >= 10

    def test_names_the_properties_that_the_code_reads(self) -> None:
        parts = schema("application")["$defs"]
        assert list(schema("application")["properties"]) == list(applications._APPLICATION)
        assert schema("application")["properties"].keys() == names(Application) - {"unreadable"}
        assert list(parts["party"]["properties"]) == list(applications._PARTY)
        assert parts["party"]["properties"].keys() == names(AppliedParty)
        assert list(parts["line"]["properties"]) == list(applications._LINE)
        assert list(parts["reference"]["properties"]) == list(applications._REFERENCE)
        assert parts["origin"]["properties"].keys() == names(AppliedOrigin)
        assert parts["validation"]["properties"].keys() == names(AppliedValidation)
        assert parts["source"]["properties"].keys() == names(Source)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("colour", "D"),
            ("participant", "Botswana"),
            ("number", "00004821"),
            ("kind", "usual"),
            ("date_of_issuance", "2 November 2026"),
            ("date_of_issuance", "2026-02-30"),
            ("exporter", "Motlakase Example Diamonds"),
            ("exporter", {"nam": "Motlakase Example Diamonds"}),
            ("importer", {"country": "India"}),
            ("origin", {"kind": "single", "countries": ["Botswana"]}),
            ("lines", {"hs": "7102.31"}),
            ("lines", [{"hs": "7102.31", "carats": "205.185"}]),
            ("lines", [{"hs": "7102.31", "carats": 205.18}]),
            ("total_value", "1,000.00"),
            ("parcels", "ten"),
            ("container_seals", "GB 000017"),
            ("not_conflict_diamonds", "perhaps"),
            ("refers_to", {"identity": "00" * 32}),
            ("refers_to", {"number": "BW00004820", "identity": "00"}),
        ],
    )
    def test_what_cannot_be_read_does_not_fit(self, field: str, value: object) -> None:
        assert applications.read({field: value}).unreadable
        assert problems("application", {field: value})

    @pytest.mark.parametrize("field", list(applications._APPLICATION))
    def test_every_field_may_be_left_open(self, field: str) -> None:
        for nothing in (None, ""):
            assert applications.read({field: nothing}).unreadable == ()
            assert problems("application", {field: nothing}) == []
        assert problems("application", {}) == []

    def test_a_heading_that_is_not_of_rough_diamonds_does_not_fit(self) -> None:
        assert problems("application", {"lines": [{"hs": "7102.39"}]})


class TestVectors:
    def test_names_the_properties_that_the_code_reads_and_writes(self) -> None:
        parts = schema("vector")["$defs"]
        nothing = Circumstances(trust=signed.a_trust(), profiles=profiles.load(), at=signed.PINNED_AT)
        found = vectors.outcome(verification.report(b"", circumstances=nothing))
        assert list(parts["expect"]["properties"]) == list(found)
        assert parts["circumstances"]["properties"].keys() == names(Circumstances) - {"trust", "profiles"}
        assert parts["known"]["properties"].keys() == names(Known)
        presentation = parts["known"]["properties"]["presentations"]["additionalProperties"]
        assert presentation["properties"].keys() == names(EarlierPresentation)

    def test_what_the_code_finds_fits(self) -> None:
        authority = signed.an_authority()
        certificate = authority.sign(signed.a_small_certificate(authority))
        for data in (certificate.to_bytes(), certificate.to_bytes()[:-1]):
            report = verification.report(
                data,
                circumstances=Circumstances(
                    trust=signed.a_trust(authority), profiles=profiles.load(), at=signed.VALIDATED_AT
                ),
            )
            vector = {
                "name": "an example",
                "trust": "pairs",
                "cose": data.hex(),
                "circumstances": {"at": "2026-11-02T09:30:00Z"},
                "expect": vectors.outcome(report),
            }
            assert problems("vector", vector) == []

    def test_a_vector_has_a_text_or_bytes_or_a_pdf_and_one_of_them(self) -> None:
        vector: dict[str, Any] = {
            "name": "an example",
            "trust": "pairs",
            "circumstances": {"at": "2026-11-02T09:30:00Z"},
            "expect": dict.fromkeys(("genuine", "in_date", "admissible"), "not_judged")
            | dict.fromkeys(("step", "rule", "identity", "certificate")),
        }
        assert problems("vector", vector)
        assert problems("vector", {**vector, "text": "KP1:", "cose": "d2"})
        assert problems("vector", {**vector, "text": "KP1:"}) == []
        assert problems("vector", {**vector, "text": "KP1:", "pdf": "small"})
        assert problems("vector", {**vector, "cose": "d2", "pdf": "small"})
        assert problems("vector", {**vector, "pdf": "../small"})
        assert problems("vector", {**vector, "pdf": "small"}) == []

    def test_a_vector_names_every_step_there_is_and_no_other(self) -> None:
        step = schema("vector")["$defs"]["expect"]["properties"]["step"]["anyOf"][0]
        numbers = [each.number for each in (*verification.STEPS, *verification.STAMP_STEPS)]
        assert [step["minimum"], step["maximum"]] == [numbers[0], numbers[-1]]

    @pytest.mark.parametrize(
        ("where", "value"),
        [
            ("circumstances", {"at": "2026-11-02"}),
            ("circumstances", {}),
            ("circumstances", {"at": "2026-11-02T09:30:00Z", "known": {"identities": {"BW1": "00"}}}),
            ("expect", {}),
            ("trust", "../pairs"),
            ("remark", "x"),
        ],
    )
    def test_another_vector_does_not_fit(self, where: str, value: object) -> None:
        expect = dict.fromkeys(("genuine", "in_date", "admissible"), "not_judged")
        vector = {
            "name": "an example",
            "trust": "pairs",
            "text": "KP1:",
            "circumstances": {"at": "2026-11-02T09:30:00Z"},
            "expect": {**expect, **dict.fromkeys(("step", "rule", "identity", "certificate"))},
        }
        assert problems("vector", vector) == []
        assert problems("vector", {**vector, where: value})

    def test_every_vector_and_every_trust_set_fits(self) -> None:
        folder = ROOT / "spec" / "vectors"
        files = [*sorted(folder.glob("good/*.json")), *sorted(folder.glob("bad/*.json"))]
        assert files
        found = [f"{path.name} {each}" for path in files for each in problems("vector", json.loads(path.read_bytes()))]
        assert found == []
        named = {json.loads(path.read_bytes())["trust"] for path in files}
        sets = {name: json.loads((folder / "trust" / f"{name}.json").read_bytes()) for name in named}
        assert [f"{name} {each}" for name, value in sets.items() for each in problems("trust-set", value)] == []


class TestTrustSet:
    def trust_set(self) -> dict[str, Any]:
        exporting, importing = signed.two_authorities()
        listed = signed.a_trust_list(exporting, importing).to_bytes(signers=list(signed.list_signers().values()))
        return {
            "pins": [{"record": exporting.record_bytes.hex(), "pinned_at": "2026-11-01T08:00:00Z"}],
            "standing": "standing-2026.json",
            "standing_as_of": "2026-11-01T00:00:00Z",
            "holders": signed.holders().to_bytes().hex(),
            "list": listed.hex(),
        }

    def test_fits_with_pins_and_with_a_list(self) -> None:
        complete = self.trust_set()
        assert problems("trust-set", complete) == []
        assert problems("trust-set", {key: complete[key] for key in ("pins", "standing", "standing_as_of")}) == []

    def test_a_list_without_its_holders_does_not_fit(self) -> None:
        complete = self.trust_set()
        del complete["holders"]
        assert problems("trust-set", complete)

    def test_standing_from_another_folder_does_not_fit(self) -> None:
        assert problems("trust-set", {**self.trust_set(), "standing": "../standing.json"})


class TestReadme:
    TEXT = (ROOT / "spec" / "vectors" / "README.md").read_text(encoding="utf-8")

    def test_every_field_of_a_vector_and_of_a_trust_set_stands_in_it(self) -> None:
        parts = schema("vector")["$defs"]
        every = {
            *schema("vector")["properties"],
            *schema("trust-set")["properties"],
            *parts["circumstances"]["properties"],
            *parts["expect"]["properties"],
            *(f"known.{name}" for name in parts["known"]["properties"]),
        }
        assert [name for name in sorted(every) if f"`{name}`" not in self.TEXT] == []

    def test_good_means_genuine_and_in_date(self) -> None:
        folder = ROOT / "spec" / "vectors"
        answers = {
            path: json.loads(path.read_bytes())["expect"]
            for each in ("good", "bad")
            for path in (folder / each).iterdir()
        }
        good = {path for path, expect in answers.items() if (expect["genuine"], expect["in_date"]) == ("yes", "yes")}
        assert good == set((folder / "good").iterdir())

    def test_what_it_says_of_legal_profiles_is_what_they_say(self) -> None:
        load = profiles.load()
        usa, union = (
            load.of(ParticipantCode("US"), on=date(2025, 3, 6)),
            load.of(ParticipantCode("EU"), on=date(2025, 3, 1)),
        )
        assert [usa.listing("UZ", on=date(2025, 3, day)).on_list for day in (5, 6)] == [False, True]
        assert [len(union.prohibitions_on(on)) for on in (date(2025, 2, 28), date(2025, 3, 1))] == [0, 1]
        midnight = datetime(2026, 11, 2, tzinfo=UTC)
        zones = {"US": "America/New_York", "EU": "Europe/Brussels", "IN": "Asia/Kolkata"}
        for code, zone in zones.items():
            profile = load.of(ParticipantCode(code), on=date(2026, 11, 2))
            assert f"{zone} for {code}" in re.sub(r"\s+", " ", self.TEXT)
            for hours in range(24):
                at = midnight + timedelta(hours=hours)
                assert profile.day_of(at, office="") == at.astimezone(ZoneInfo(zone)).date()
