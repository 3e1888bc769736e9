"""The JSON view says what was signed, no more and no less."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given

from macle import errors
from macle.proof import codec, views
from macle.proof.views import ViewMalformed
from macle.scheme.certificates import Certificate
from macle.scheme.confirmations import ImportConfirmation
from tests.support.signed import a_full_certificate, a_small_confirmation, an_authority
from tests.unit.proof import strategies

FULL = a_full_certificate()
VIEW = views.certificate_to_json(FULL)
CONFIRMATION_VIEW = views.confirmation_to_json(a_small_confirmation(an_authority().sign(FULL)))


def through_text(view: dict[str, Any]) -> Any:
    return json.loads(json.dumps(view))


def with_field(view: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(view)
    *way, last = path.split(".")
    inside: Any = changed
    for part in way:
        inside = inside[int(part) if part.isdigit() else part]
    inside[int(last) if last.isdigit() else last] = value
    return changed


def read_and_encoded(view: object) -> bytes:
    return codec.encode_certificate(views.certificate_from_json(view))


class TestCertificates:
    @given(strategies.certificates())
    def test_come_back_whole_from_their_view(self, certificate: Certificate) -> None:
        view = views.certificate_to_json(certificate)
        read = views.certificate_from_json(through_text(view))
        assert read == certificate
        assert views.certificate_to_json(read) == view
        assert codec.encode_certificate(read) == codec.encode_certificate(certificate)

    def test_show_weights_and_values_as_text_with_two_decimals(self) -> None:
        assert VIEW["carat_weight"] == "39658.05"
        assert VIEW["lines"][0] == {"hs": "7102.10", "carats": "18402.75", "value": "1212540.00"}
        assert VIEW["expires_at"] == "2027-01-01T22:00:00Z"

    @pytest.mark.parametrize("name", list(VIEW))
    def test_lack_no_field(self, name: str) -> None:
        with pytest.raises(ViewMalformed) as raised:
            views.certificate_from_json({key: value for key, value in VIEW.items() if key != name})
        assert raised.value.where == f"'{name}'"

    @pytest.mark.parametrize("name", list(VIEW))
    @pytest.mark.parametrize("wrong", [-1, 1.5, True, "", "x\n", [], [[]], {"kind": 1}])
    def test_hold_nothing_else_than_they_can(self, name: str, wrong: object) -> None:
        with pytest.raises(errors.Malformed):
            views.certificate_from_json({**VIEW, name: wrong})

    @pytest.mark.parametrize(
        ("path", "wrong"),
        [
            ("carat_weight", "39658.06"),
            ("value", "0.00"),
            ("lines.0.carats", "18402.76"),
            ("lines.0.carats", "18402.7"),
            ("lines.0.carats", 18402),
            ("lines.0.hs", "710210"),
            ("validated_at", "2026-11-2T9:30:00Z"),
            ("validated_at", "2026-11-02T09:30:00+00:00"),
            ("date_of_issuance", "20261102"),
            ("date_of_issuance", "2026-W45-1"),
            ("record_digest", FULL.record_digest.hex().upper()),
            ("record_digest", " " + FULL.record_digest.hex()),
            ("number", "BW 00004821"),
            ("container_seals", "ABC"),
            ("validation.officials", "ab"),
            ("parcels", 10.0),
            ("parcels", True),
            ("status_index", True),
            ("extensions", {"3": "01"}),
            ("extensions", {"019": "01"}),
            ("extensions", {"99": "0"}),
            ("extensions", {"99": "1801"}),
            ("extensions", {"99": "f90000"}),
            ("refers_to.identity", "00"),
            ("kind", "Replacement"),
            ("type", "import_confirmation"),
            ("exporter.nickname", "x"),
            ("comment", "x"),
        ],
    )
    def test_say_everything_in_one_way_only(self, path: str, wrong: object) -> None:
        with pytest.raises(errors.Malformed):
            read_and_encoded(with_field(VIEW, path, wrong))

    def test_name_the_total_that_does_not_agree(self) -> None:
        for name in ("carat_weight", "value"):
            with pytest.raises(ViewMalformed) as raised:
                views.certificate_from_json({**VIEW, name: "1.00"})
            assert raised.value.where == name

    @pytest.mark.parametrize("view", [None, [], "x", 5, b""])
    def test_are_objects(self, view: object) -> None:
        with pytest.raises(ViewMalformed):
            views.certificate_from_json(view)

    def test_stay_short_about_endless_and_bottomless_values(self) -> None:
        deep: list[Any] = []
        for _ in range(10**5):
            deep = [deep]
        for value in (deep, "x" * 10**6, {"x" * 10**6: deep}):
            for name in VIEW:
                with pytest.raises(errors.Malformed) as raised:
                    views.certificate_from_json({**VIEW, name: value})
                assert len(str(raised.value)) < 500


class TestConfirmations:
    @given(strategies.confirmations)
    def test_come_back_whole_from_their_view(self, confirmation: ImportConfirmation) -> None:
        view = views.confirmation_to_json(confirmation)
        read = views.confirmation_from_json(through_text(view))
        assert read == confirmation
        assert views.confirmation_to_json(read) == view

    @pytest.mark.parametrize("name", list(CONFIRMATION_VIEW))
    def test_lack_no_field(self, name: str) -> None:
        with pytest.raises(ViewMalformed):
            views.confirmation_from_json({key: value for key, value in CONFIRMATION_VIEW.items() if key != name})

    @pytest.mark.parametrize("name", list(CONFIRMATION_VIEW))
    @pytest.mark.parametrize("wrong", [5, -1, True, "x\n", [], [[]], {"kind": 1}])
    def test_hold_nothing_else_than_they_can(self, name: str, wrong: object) -> None:
        with pytest.raises(errors.Malformed):
            views.confirmation_from_json({**CONFIRMATION_VIEW, name: wrong})

    def test_are_no_certificates(self) -> None:
        with pytest.raises(ViewMalformed):
            views.confirmation_from_json(VIEW)
        with pytest.raises(ViewMalformed):
            views.certificate_from_json(CONFIRMATION_VIEW)
