"""What signs is what has checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from macle.proof import codec, cose, issuing
from macle.proof.cose import Algorithm
from macle.scheme import rules
from macle.scheme.rules import Breach, Outcome, RulesRefuse
from macle.scheme.terms import ParticipantCode
from tests.support.builders import a_certificate, an_issuing_setting
from tests.support.signed import a_signer


@dataclass
class CountingSigner:
    """A signer that notes what it was asked to sign."""

    asked: list[bytes] = field(default_factory=list)
    algorithm: Algorithm = Algorithm.ES256
    key_id: bytes = a_signer("issuing").key_id

    def sign(self, content: bytes) -> bytes:
        self.asked.append(content)
        return a_signer("issuing").sign(content)


class TestValidate:
    def test_signs_what_no_rule_refuses(self) -> None:
        certificate, signer = a_certificate(), CountingSigner()
        signed = issuing.validate(certificate=certificate, setting=an_issuing_setting(certificate), signer=signer)
        assert signer.asked == [signed.to_be_signed]
        assert signed.header.typ == cose.CERTIFICATE
        assert codec.decode_certificate(signed.payload) == certificate
        assert a_signer("issuing").public_key.has_signed(signed.to_be_signed, signed.signature)

    def test_signs_nothing_when_a_rule_refuses(self) -> None:
        certificate, signer = a_certificate(destination=ParticipantCode("ZZ")), CountingSigner()
        with pytest.raises(RulesRefuse) as raised:
            issuing.validate(certificate=certificate, setting=an_issuing_setting(certificate), signer=signer)
        assert raised.value.breaches
        assert raised.value.rule == raised.value.breaches[0].rule
        assert signer.asked == []

    @pytest.mark.parametrize(
        ("outcome", "signs"),
        [(Outcome.REFUSE, False), (Outcome.HOLD, False), (Outcome.UNDECIDED, False), (Outcome.REVIEW, True)],
    )
    def test_is_stopped_by_refusal_hold_and_doubt_but_not_by_a_remark(
        self, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, signs: bool
    ) -> None:
        breaches = [Breach("a.rule", Outcome.REVIEW, "x", "A remark."), Breach("b.rule", outcome, "y", "This.")]
        monkeypatch.setattr(rules, "check", lambda **_: breaches)
        certificate, signer = a_certificate(), CountingSigner()
        setting = an_issuing_setting(certificate)
        if signs:
            issuing.validate(certificate=certificate, setting=setting, signer=signer)
        else:
            with pytest.raises(RulesRefuse) as raised:
                issuing.validate(certificate=certificate, setting=setting, signer=signer)
            assert raised.value.breaches == breaches
        assert len(signer.asked) == signs

    def test_signs_nothing_that_cannot_be_encoded(self) -> None:
        certificate, signer = a_certificate(extensions={3: "a known key"}), CountingSigner()
        with pytest.raises(codec.FieldMalformed):
            issuing.validate(certificate=certificate, setting=an_issuing_setting(certificate), signer=signer)
        assert signer.asked == []
