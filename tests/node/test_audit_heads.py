from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from macle import errors
from macle.node.audit import heads
from macle.node.audit.heads import Head, HeadUntrusted
from macle.proof import codec, cose
from macle.proof.keys import Usage
from macle.proof.trust import Ended
from tests.spec.test_cddl import problems
from tests.support import signed

HEAD = Head("BW", 1207, b"\x07" * 32)
AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def attested(usage: Usage = Usage.STAMP, at: datetime = AT, head: Head = HEAD) -> bytes:
    return heads.attest(head, signer=signed.an_authority().signers[usage], at=at).to_bytes()


class TestVerify:
    def test_gives_what_was_signed(self) -> None:
        found = heads.verify(attested(), record=signed.an_authority().record)
        assert (found.head, found.signed_at) == (HEAD, AT)

    @pytest.mark.parametrize("usage", [Usage.VALIDATE, Usage.COMMIT, Usage.EXCHANGE])
    def test_refuses_a_key_that_is_no_stamp(self, usage: Usage) -> None:
        with pytest.raises(HeadUntrusted):
            heads.verify(attested(usage), record=signed.an_authority().record)

    def test_refuses_a_time_before_the_stamp_was_in_force(self) -> None:
        with pytest.raises(HeadUntrusted):
            heads.verify(attested(at=signed.SINCE - timedelta(seconds=1)), record=signed.an_authority().record)

    @pytest.mark.parametrize("why", list(Ended))
    def test_a_stamp_that_is_retired_goes_on_proving_what_it_signed_and_a_stolen_one_does_not(self, why: Ended) -> None:
        record = signed.an_authority().with_key(Usage.STAMP, until=AT + timedelta(days=1), ended=why).record
        if why is Ended.RETIRED:
            assert heads.verify(attested(), record=record).head == HEAD
        else:
            with pytest.raises(HeadUntrusted):
                heads.verify(attested(), record=record)

    def test_refuses_the_audit_of_another(self) -> None:
        with pytest.raises(HeadUntrusted):
            heads.verify(attested(), record=signed.an_authority("AO").record)

    def test_refuses_an_altered_signature(self) -> None:
        data = attested()
        with pytest.raises(HeadUntrusted):
            heads.verify(data[:-1] + bytes([data[-1] ^ 1]), record=signed.an_authority().record)


class TestRead:
    def test_the_form_is_the_one_that_is_described(self) -> None:
        assert problems("audit-head", attested()) == []

    @pytest.mark.parametrize("change", [{2: "approval"}, {codec.PRIVATE: {0: 0, 1: bytes(32)}}, {3: "x"}, {6: -1}])
    def test_another_content_is_refused(self, change: dict[int, object]) -> None:
        claims = codec.decode(cose.read(attested()).payload, what="payload") | change
        signer = signed.an_authority().signers[Usage.STAMP]
        data = cose.sign(signer=signer, typ=cose.AUDIT_HEAD, payload=codec.encode(claims)).to_bytes()
        with pytest.raises(errors.Malformed):
            heads.read(data)
        assert problems("audit-head", data)

    def test_another_object_is_refused(self) -> None:
        with pytest.raises(cose.OfAnotherType):
            heads.read(signed.an_authority().record_bytes)
