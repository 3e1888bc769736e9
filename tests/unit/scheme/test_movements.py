from __future__ import annotations

import pytest

from macle.scheme import movements
from macle.scheme.movements import Goods, Movement

ROUGH = [goods for goods in Goods if goods.is_rough]


class TestNeedsCertificate:
    def test_the_three_headings_are_rough(self) -> None:
        assert ROUGH == [Goods.UNSORTED, Goods.INDUSTRIAL, Goods.NON_INDUSTRIAL]

    @pytest.mark.parametrize("movement", Movement)
    @pytest.mark.parametrize("goods", [goods for goods in Goods if not goods.is_rough])
    def test_goods_that_are_not_rough_need_none_wherever_they_go(self, goods: Goods, movement: Movement) -> None:
        answer = movements.needs_certificate(goods=goods, movement=movement)
        assert answer.needed is False
        assert not answer.forbidden
        assert "Section I" in answer.source

    @pytest.mark.parametrize(
        ("movement", "needed", "source"),
        [
            (Movement.TO_PARTICIPANT, True, "III(a)"),
            (Movement.CARRIED, True, "III(a)"),
            (Movement.WITHIN, False, "Section I"),
            (Movement.INTO_FREE_ZONE, False, "free trade zone"),
            (Movement.OUT_OF_FREE_ZONE, True, "Annex II-26"),
            (Movement.IN_TRANSIT, False, "III(d)"),
            (Movement.IN_TRANSIT_OPENED, True, "(d)"),
            (Movement.SENT_BACK, True, "III(a)"),
            (Movement.TURNED_BACK, None, "Section III"),
            (Movement.TO_STRANGER, None, "III(c)"),
        ],
    )
    def test_each_movement_of_rough_diamonds_has_its_answer_and_source(
        self, movement: Movement, needed: bool | None, source: str
    ) -> None:
        for goods in ROUGH:
            answer = movements.needs_certificate(goods=goods, movement=movement)
            assert answer.needed is needed
            assert source in answer.source
            assert answer.why
            assert answer.then

    def test_only_what_goes_to_a_non_participant_is_forbidden(self) -> None:
        forbidden = [
            movement
            for movement in Movement
            if movements.needs_certificate(goods=Goods.UNSORTED, movement=movement).forbidden
        ]
        assert forbidden == [Movement.TO_STRANGER]
