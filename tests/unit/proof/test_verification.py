"""Three questions, twenty-one steps: each fails in turn, and missing trust is never a forgery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle import errors
from macle.proof import codec, cose, qr, trust, verification
from macle.proof.cose import Algorithm
from macle.proof.keys import Usage
from macle.proof.trust import Ended, Source
from macle.proof.verification import STEPS, Answer, Circumstances, Known, Question, Report, Result
from macle.scheme import participants, profiles
from macle.scheme.rules.settings import EarlierPresentation
from macle.scheme.terms import ParticipantCode
from tests.support.signed import (
    PINNED_AT,
    SINCE,
    VALIDATED_AT,
    Authority,
    a_signer,
    a_small_certificate,
    a_small_confirmation,
    a_trust,
    an_authority,
)

if TYPE_CHECKING:
    from macle.proof.trust import Trust

BW, NA = an_authority(), an_authority("NA", "Windhoek")
CERTIFICATE = a_small_certificate(BW)
SIGNED = BW.sign(CERTIFICATE)
GOOD = SIGNED.to_bytes()
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
STEP_OF = {step.number: step for step in STEPS}


def circumstances(believed: Trust | None = None, **changes: Any) -> Circumstances:
    """Return who asks: somebody on 20 November 2026 who believes Botswana and Namibia."""
    asked = Circumstances(trust=believed or a_trust(BW, NA), profiles=profiles.load(), at=AT)
    return replace(asked, **changes)


def judged(data: bytes | str = GOOD, believed: Trust | None = None, **changes: Any) -> Report:
    return verification.report(data, circumstances=circumstances(believed, **changes))


def known(**facts: Any) -> dict[str, Any]:
    return {"known": Known(**facts)}


def with_header(algorithm: int = int(Algorithm.ES256), key_id: bytes = SIGNED.header.key_id, **typ: str) -> bytes:
    """Return the certificate under another header, signed by the right key over all of it."""
    header = codec.encode({1: algorithm, 4: key_id, 16: typ.get("typ", cose.CERTIFICATE)})
    unsigned = replace(SIGNED, protected=header)
    return replace(unsigned, signature=BW.signers[Usage.VALIDATE].sign(unsigned.to_be_signed)).to_bytes()


def resigned(change: dict[int, Any]) -> bytes:
    """Return the certificate with these fields changed, signed again."""
    claims = cbor2.loads(SIGNED.payload)
    claims[codec.PRIVATE] |= change
    payload = codec.encode(claims)
    return cose.sign(signer=BW.signers[Usage.VALIDATE], typ=cose.CERTIFICATE, payload=payload).to_bytes()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :] if at >= 0 else data[:at] + bytes((data[at] ^ 1,))


def key_changed(**changes: Any) -> Trust:
    return a_trust(BW.with_key(Usage.VALIDATE, **changes), NA)


def source_changed(**changes: Any) -> Trust:
    """Return trust in which what is known of Botswana is of another age."""
    source = Source(record=BW.record, as_of=PINNED_AT, reaches_until=BW.record.reaches_until, how="pinned")
    tables = participants.load()
    return trust.assemble(
        pinned=[replace(source, **changes)],
        listed=None,
        participants=tables,
        standing_as_of=trust.midnight(tables.as_of),
    )


CASES: dict[str, tuple[int, Result, type[errors.MacleError], bytes | str, dict[str, Any]]] = {
    "a text that is none": (1, Result.FAILED, errors.Malformed, "KP2:", {}),
    "a text that is cut off": (1, Result.FAILED, errors.Malformed, qr.to_text(GOOD)[:-3], {}),
    "bytes that are no envelope": (2, Result.FAILED, errors.Malformed, b"hello", {}),
    "bytes with something behind them": (2, Result.FAILED, errors.Malformed, GOOD + b"\x00", {}),
    "a confirmation": (
        3,
        Result.FAILED,
        errors.Malformed,
        BW.sign_confirmation(a_small_confirmation(SIGNED)).to_bytes(),
        {},
    ),
    "a later version of the type": (3, Result.FAILED, errors.Malformed, with_header(typ=cose.CERTIFICATE + "2"), {}),
    "an unknown issuer": (4, Result.UNDECIDED, errors.Undecided, GOOD, {"believed": a_trust(NA)}),
    "nobody believed": (4, Result.UNDECIDED, errors.Undecided, GOOD, {"believed": a_trust()}),
    "an unknown key, newer than what is known": (
        4,
        Result.UNDECIDED,
        errors.Undecided,
        BW.sign(CERTIFICATE, usage=Usage.VALIDATE).to_bytes(),
        {"believed": a_trust(BW.with_key(Usage.VALIDATE, public_key=a_signer("older").public_key))},
    ),
    "an unknown key, older than what is known": (
        4,
        Result.FAILED,
        errors.Untrusted,
        GOOD,
        {
            "believed": a_trust(
                BW.with_key(Usage.VALIDATE, public_key=a_signer("older").public_key),
                at=VALIDATED_AT + timedelta(seconds=1),
            )
        },
    ),
    "an unknown key over nonsense": (
        4,
        Result.UNDECIDED,
        errors.Undecided,
        cose.sign(signer=a_signer("stranger"), typ=cose.CERTIFICATE, payload=b"nonsense").to_bytes(),
        {},
    ),
    "another algorithm": (5, Result.FAILED, errors.Untrusted, with_header(algorithm=int(Algorithm.EDDSA)), {}),
    "an algorithm that nobody knows": (5, Result.FAILED, errors.Untrusted, with_header(algorithm=-999), {}),
    "a changed signature": (6, Result.FAILED, errors.Untrusted, flipped(GOOD, -1), {}),
    "a changed seal": (6, Result.FAILED, errors.Untrusted, GOOD.replace(b"GB 000017", b"GB 000018"), {}),
    "a foreign signature under a known hint": (
        6,
        Result.FAILED,
        errors.Untrusted,
        replace(SIGNED, signature=a_signer("forger").sign(SIGNED.to_be_signed)).to_bytes(),
        {},
    ),
    "a signed certificate without parcels": (7, Result.FAILED, errors.Malformed, resigned({11: 0}), {}),
    "a signed nonsense": (
        7,
        Result.FAILED,
        errors.Malformed,
        cose.sign(signer=BW.signers[Usage.VALIDATE], typ=cose.CERTIFICATE, payload=b"nonsense").to_bytes(),
        {},
    ),
    "a key of another Participant": (4, Result.UNDECIDED, errors.Undecided, NA.sign(CERTIFICATE).to_bytes(), {}),
    "a key of another usage": (
        8,
        Result.FAILED,
        errors.Untrusted,
        BW.sign(CERTIFICATE, usage=Usage.CONFIRM).to_bytes(),
        {},
    ),
    "a key of another office": (
        8,
        Result.FAILED,
        errors.Untrusted,
        GOOD,
        {"believed": key_changed(office="Francistown")},
    ),
    "a key not yet in force": (
        9,
        Result.FAILED,
        errors.Untrusted,
        GOOD,
        {"believed": key_changed(since=VALIDATED_AT + timedelta(seconds=1))},
    ),
    "a key retired before": (
        9,
        Result.FAILED,
        errors.Untrusted,
        GOOD,
        {"believed": key_changed(until=VALIDATED_AT, ended=Ended.RETIRED)},
    ),
    "a key compromised before": (
        9,
        Result.UNDECIDED,
        errors.Undecided,
        GOOD,
        {"believed": key_changed(until=VALIDATED_AT, ended=Ended.COMPROMISED)},
    ),
    "a key compromised later, without evidence": (
        9,
        Result.UNDECIDED,
        errors.Undecided,
        GOOD,
        {"believed": key_changed(until=VALIDATED_AT + timedelta(days=5), ended=Ended.COMPROMISED)},
    ),
    "a key compromised, with evidence that comes too late": (
        9,
        Result.UNDECIDED,
        errors.Undecided,
        GOOD,
        {
            "believed": key_changed(until=VALIDATED_AT + timedelta(days=5), ended=Ended.COMPROMISED),
            **known(existed_before={SIGNED.identity: VALIDATED_AT + timedelta(days=5)}),
        },
    ),
    "keys that are not known so far": (
        10,
        Result.UNDECIDED,
        errors.Undecided,
        GOOD,
        {"believed": source_changed(reaches_until=VALIDATED_AT)},
    ),
    "a second identity": (
        11,
        Result.FAILED,
        errors.Untrusted,
        GOOD,
        known(identities={CERTIFICATE.number: bytes(32)}),
    ),
    "presented after it expired": (12, Result.FAILED, errors.Refused, GOOD, {"at": CERTIFICATE.expires_at}),
    "standing that is not known so far": (
        13,
        Result.UNDECIDED,
        errors.Undecided,
        GOOD,
        {"believed": replace(a_trust(BW), standing_reaches_until=AT)},
    ),
    "an importing country that is no Participant": (
        16,
        Result.FAILED,
        errors.Refused,
        GOOD,
        {"importing": ParticipantCode("ZZ")},
    ),
    "a withdrawal": (
        20,
        Result.FAILED,
        errors.Refused,
        GOOD,
        known(statuses={CERTIFICATE.number: "void"}),
    ),
    "an earlier presentation elsewhere": (
        21,
        Result.FAILED,
        errors.Refused,
        GOOD,
        known(
            presentations={
                SIGNED.identity: EarlierPresentation(
                    participant=ParticipantCode("EU"), office="Antwerp", at=AT - timedelta(days=1)
                )
            }
        ),
    ),
}


class TestReport:
    def test_answers_yes_three_times_for_a_good_certificate(self) -> None:
        report = judged()
        assert (report.genuine, report.in_date, report.admissible) == (Answer.YES, Answer.YES, Answer.YES)
        assert report.failing is None
        assert report.certificate == CERTIFICATE
        assert report.claim is None
        assert report.signed == SIGNED
        assert [step.definition for step in report.steps] == list(STEPS)
        assert all(step.result is Result.PASSED and step.reason for step in report.steps)

    @pytest.mark.parametrize("name", CASES)
    def test_stops_at_the_step_that_decides(self, name: str) -> None:
        number, result, family, data, changes = CASES[name]
        report = judged(data, **changes)
        failing = report.failing
        assert failing is not None
        assert (failing.definition.number, failing.result) == (number, result)
        assert [step.definition.number for step in report.steps] == list(range(1, 22))
        assert all(step.result is Result.PASSED for step in report.steps[: number - 1])
        assert failing.reason.endswith(".")
        assert failing.advice
        error = failing.to_error()
        assert isinstance(error, family)
        assert error.rule == failing.definition.rule

    @pytest.mark.parametrize("name", CASES)
    def test_never_mixes_the_three_answers(self, name: str) -> None:
        number, result, _, data, changes = CASES[name]
        report = judged(data, **changes)
        answer = Answer.NO if result is Result.FAILED else Answer.CANNOT_DECIDE
        assert report.answer(STEP_OF[number].question) is answer
        if STEP_OF[number].question is not Question.GENUINE:
            assert report.genuine is Answer.YES
        elif result is Result.FAILED or number < 9:
            assert report.in_date is report.admissible is Answer.NOT_JUDGED

    @pytest.mark.parametrize("name", CASES)
    def test_shows_what_was_signed_only_below_a_good_signature(self, name: str) -> None:
        number, _, _, data, changes = CASES[name]
        report = judged(data, **changes)
        if number <= 7:
            assert report.certificate is None
        else:
            assert report.certificate == CERTIFICATE
            assert report.claim is None

    def test_shows_what_unsigned_bytes_claim_as_a_claim(self) -> None:
        assert judged(flipped(GOOD, -1)).claim == CERTIFICATE
        assert judged(GOOD, a_trust(NA)).claim == CERTIFICATE
        assert judged(with_header(algorithm=-999)).claim == CERTIFICATE
        assert judged(b"hello").claim is None

    def test_says_how_the_certificate_came(self) -> None:
        assert judged(GOOD).carrier == "bytes"
        assert judged(qr.to_text(GOOD)).carrier == "text"
        shown = verification.report(GOOD, circumstances=circumstances(), carrier="read from a picture")
        assert shown.carrier == "read from a picture"

    def test_takes_text_and_bytes_of_one_certificate_alike(self) -> None:
        assert judged(qr.to_text(GOOD)).steps == judged(GOOD).steps

    def test_takes_a_signature_in_its_other_form_for_the_same_certificate(self) -> None:
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        s = order - int.from_bytes(SIGNED.signature[32:])
        turned = replace(SIGNED, signature=SIGNED.signature[:32] + s.to_bytes(32)).to_bytes()
        report = judged(turned, known=Known(identities={CERTIFICATE.number: SIGNED.identity}))
        assert turned != GOOD
        assert report.genuine is Answer.YES

    def test_accepts_eddsa_from_a_key_of_that_algorithm(self) -> None:
        authority = an_authority("NA", "Windhoek", algorithm=Algorithm.EDDSA)
        data = authority.sign(a_small_certificate(authority)).to_bytes()
        assert judged(data, a_trust(authority)).genuine is Answer.YES

    def test_names_the_day_and_the_trust_data_of_each_step(self) -> None:
        report = judged()
        days = {"key-in-force": VALIDATED_AT, "issuer-standing": VALIDATED_AT, "in-date": AT, "single-use": AT}
        for step in report.steps:
            name = step.definition.name
            assert report.judged_at(step) == days.get(name, report.judged_at(step))
            assert report.judged_at(step) in {AT, VALIDATED_AT}
        by_name = {step.definition.name: step for step in report.steps}
        assert report.trust_as_of(by_name["authority"]) == report.keys_as_of
        assert report.trust_as_of(by_name["importing-standing"]) == report.standing_as_of
        assert report.trust_as_of(by_name["envelope"]) is None
        forged = judged(b"hello")
        assert {forged.judged_at(step) for step in forged.steps[2:]} == {None}
        assert {forged.trust_as_of(step) for step in forged.steps} == {None}

    def test_names_how_old_the_trust_data_are(self) -> None:
        report = judged()
        assert report.keys_as_of == PINNED_AT
        assert report.standing_as_of == trust.midnight(participants.load().as_of)

    def test_tries_each_candidate_when_two_keys_share_a_hint(self) -> None:
        believed = a_trust(BW)
        other = replace(BW.key(Usage.VALIDATE), public_key=a_signer("colliding").public_key)
        hint = SIGNED.header.key_id
        believed.by_key_id[hint] = (other, *believed.by_key_id[hint])  # type: ignore[index]
        assert judged(GOOD, believed).genuine is Answer.YES

    def test_believes_the_issuer_where_another_lists_the_issuers_key(self) -> None:
        thief = NA.with_key(Usage.VALIDATE, public_key=BW.key(Usage.VALIDATE).public_key)
        for believed in (a_trust(BW, thief), a_trust(thief, BW)):
            assert judged(GOOD, believed).genuine is Answer.YES
        assert judged(GOOD, a_trust(thief)).genuine is Answer.CANNOT_DECIDE, "Nobody else speaks for the issuer."


class TestKeysInForce:
    """Intervals are half-open, and what was good stays good."""

    @pytest.mark.parametrize(
        ("changes", "answer"),
        [
            ({"since": VALIDATED_AT}, Answer.YES),
            ({"since": VALIDATED_AT + timedelta(seconds=1)}, Answer.NO),
            ({"until": VALIDATED_AT + timedelta(seconds=1), "ended": Ended.RETIRED}, Answer.YES),
            ({"until": VALIDATED_AT, "ended": Ended.RETIRED}, Answer.NO),
            ({"until": VALIDATED_AT + timedelta(days=99), "ended": Ended.COMPROMISED}, Answer.CANNOT_DECIDE),
            ({"until": VALIDATED_AT, "ended": Ended.COMPROMISED}, Answer.CANNOT_DECIDE),
        ],
    )
    def test_decide_by_the_claimed_time(self, changes: dict[str, Any], answer: Answer) -> None:
        assert judged(GOOD, key_changed(**changes)).genuine is answer

    @pytest.mark.parametrize(
        ("seen", "answer"),
        [
            (VALIDATED_AT + timedelta(days=5, seconds=-1), Answer.YES),
            (VALIDATED_AT + timedelta(days=5), Answer.CANNOT_DECIDE),
        ],
    )
    def test_let_evidence_save_what_was_signed_before_the_theft(self, seen: datetime, answer: Answer) -> None:
        believed = key_changed(until=VALIDATED_AT + timedelta(days=5), ended=Ended.COMPROMISED)
        assert judged(GOOD, believed, known=Known(existed_before={SIGNED.identity: seen})).genuine is answer
        of_another = judged(GOOD, believed, known=Known(existed_before={bytes(32): seen}))
        assert of_another.genuine is Answer.CANNOT_DECIDE

    def test_let_no_evidence_save_what_claims_a_time_after_the_theft(self) -> None:
        believed = key_changed(until=VALIDATED_AT, ended=Ended.COMPROMISED)
        evidence = Known(existed_before={SIGNED.identity: SINCE})
        assert judged(GOOD, believed, known=evidence).genuine is Answer.CANNOT_DECIDE

    def test_reach_as_far_as_the_record_does(self) -> None:
        just = source_changed(reaches_until=VALIDATED_AT + timedelta(seconds=1))
        assert judged(GOOD, just).genuine is Answer.YES
        assert judged(GOOD, source_changed(reaches_until=VALIDATED_AT)).genuine is Answer.CANNOT_DECIDE

    def test_prove_a_certificate_many_years_later(self) -> None:
        report = judged(GOOD, at=AT.replace(year=2046))
        assert report.genuine is Answer.YES
        assert report.in_date is Answer.NO
        assert report.admissible is not Answer.YES

    def test_take_an_unknown_key_for_a_forgers_only_where_the_record_is_newer(self) -> None:
        replaced = BW.with_key(Usage.VALIDATE, public_key=a_signer("older").public_key)
        for as_of, answer in (
            (VALIDATED_AT, Answer.CANNOT_DECIDE),
            (VALIDATED_AT + timedelta(seconds=1), Answer.NO),
        ):
            assert judged(GOOD, a_trust(replaced, at=as_of)).genuine is answer


class TestVerify:
    def test_returns_the_certificate_when_all_is_well(self) -> None:
        assert verification.verify(GOOD, circumstances=circumstances()) == CERTIFICATE
        assert verification.verify(qr.to_text(GOOD), circumstances=circumstances()) == CERTIFICATE

    @pytest.mark.parametrize("name", CASES)
    def test_raises_the_family_of_the_step_that_decides(self, name: str) -> None:
        number, _, family, data, changes = CASES[name]
        with pytest.raises(family) as raised:
            verification.verify(data, circumstances=circumstances(**{**changes, "believed": changes.get("believed")}))
        assert raised.value.where == f"step {number}, {STEP_OF[number].name}"


class TestHostileBytes:
    SEEN = circumstances()

    def whole(self, data: bytes | str) -> Report:
        report = verification.report(data, circumstances=self.SEEN)
        assert [step.definition for step in report.steps] == list(STEPS)
        return report

    @given(st.binary(max_size=300))
    def test_are_reported_and_raise_nothing(self, data: bytes) -> None:
        for attempt in (data, b"\xd2" + data, b"\xd2\x84" + data):
            assert self.whole(attempt).genuine is not Answer.YES

    @given(st.text(max_size=200))
    def test_as_text_are_reported_and_raise_nothing(self, text: str) -> None:
        for attempt in (text, qr.PREFIX + text):
            assert self.whole(attempt).genuine is Answer.NO

    @given(st.binary(max_size=300))
    def test_inside_a_qr_text_are_reported_and_raise_nothing(self, data: bytes) -> None:
        assert self.whole(qr.to_text(data)).genuine is not Answer.YES
        assert self.whole(qr.PREFIX + qr.to_base45(data)).genuine is not Answer.YES

    @given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
    def test_one_byte_from_a_good_certificate_are_never_genuine(self, at: int, change: int) -> None:
        changed = GOOD[:at] + bytes((GOOD[at] ^ change,)) + GOOD[at + 1 :]
        assert self.whole(changed).genuine is not Answer.YES

    @given(st.integers(0, len(GOOD)))
    def test_cut_off_anywhere_are_not_genuine(self, size: int) -> None:
        if size < len(GOOD):
            assert self.whole(GOOD[:size]).genuine is Answer.NO

    @given(st.binary(max_size=200))
    def test_signed_by_a_trusted_key_are_reported_and_raise_nothing(self, payload: bytes) -> None:
        data = cose.sign(signer=BW.signers[Usage.VALIDATE], typ=cose.CERTIFICATE, payload=payload).to_bytes()
        failing = self.whole(data).failing
        assert failing is not None
        assert failing.definition.name == "content"

    @given(
        st.sampled_from(list(codec.CERTIFICATE_FIELDS)),
        st.none()
        | st.booleans()
        | st.integers(-(2**64), 2**64 - 1)
        | st.text()
        | st.binary()
        | st.lists(st.integers()),
    )
    def test_in_one_field_of_a_signed_certificate_are_reported_and_raise_nothing(self, key: int, value: object) -> None:
        try:
            data = resigned({key: value})
        except codec.CBORMalformed:  # An integer in a list may be larger than what is encoded.
            return
        report = self.whole(data)
        assert report.steps[5].result is Result.PASSED
        if report.certificate is None:
            assert report.genuine is Answer.NO

    @pytest.mark.parametrize("country", ["ZZ", "AA", "QX", "SU"])
    def test_that_name_countries_nobody_knows_are_reported_and_raise_nothing(self, country: str) -> None:
        report = self.whole(resigned({7: country, 8: country, 9: [0, [country], ""]}))
        assert report.genuine is Answer.YES
        assert report.admissible is not Answer.YES

    @pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)])
    def test_at_the_ends_of_time_are_reported_and_raise_nothing(self, at: datetime) -> None:
        assert judged(GOOD, at=at).genuine is Answer.YES


class TestUnreadable:
    def test_is_a_report_that_decides_nothing(self) -> None:
        error = qr.PictureUnreadable("No QR code was found.", where="picture", mend="Scan again.")
        report = verification.unreadable(error, circumstances=circumstances(), carrier="read from a picture")
        assert report.carrier == "read from a picture"
        assert report.genuine is Answer.CANNOT_DECIDE, "A blurred scan is no forgery."
        assert report.failing is not None
        assert (report.failing.definition.number, report.failing.advice) == (1, "Scan again.")


class TestSteps:
    def test_are_numbered_once_in_the_order_of_the_questions(self) -> None:
        assert [step.number for step in STEPS] == list(range(1, 22))
        assert len({step.name for step in STEPS}) == len(STEPS)
        order = list(Question)
        assert [order.index(step.question) for step in STEPS] == sorted(order.index(step.question) for step in STEPS)

    def test_have_each_a_case_here_unless_the_tests_of_the_rules_have_it(self) -> None:
        decided_by_rules = {14, 15, 17, 18, 19}
        assert {number for number, *_ in CASES.values()} | decided_by_rules == set(range(1, 22))


def test_an_authority_of_these_tests_is_whole() -> None:
    assert isinstance(BW, Authority)
    assert trust.read_record(BW.record_bytes) == BW.record
