"""What a stamp proves of a file, and steps 22 to 26: each fails in turn, and missing trust is never a forgery."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from macle import errors
from macle.proof import stamps, verification
from macle.proof.cose import Algorithm
from macle.proof.keys import Usage
from macle.proof.stamps import StampEvidence
from macle.proof.trust import Ended
from macle.proof.verification import STAMP_STEPS, STEPS, Answer, Circumstances, Judged, Known, Question, Report, Result
from macle.scheme import profiles
from tests.support.signed import (
    PINNED_AT,
    VALIDATED_AT,
    a_signer,
    a_small_certificate,
    a_trust,
    an_authority,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from macle.proof.keys import FileSigner
    from macle.proof.trust import Trust

BW, NA = an_authority(), an_authority("NA", "Windhoek")
CERTIFICATE = a_small_certificate(BW)
SIGNED = BW.sign(CERTIFICATE)
GOOD = SIGNED.to_bytes()
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
STAMPED_AT = VALIDATED_AT + timedelta(minutes=1)

# --- What a signature proves of the bytes of a file --------------------------------------------------

HEAD, TAIL = b"%PDF-1.7 what was drawn ", b" and what follows the stamp %%EOF"
CONTENTS = bytes(range(1, 121))
GAP = b"<" + CONTENTS.hex().encode() + b">"
FILE = HEAD + GAP + TAIL
RANGE = (0, len(HEAD), len(HEAD) + len(GAP), len(TAIL))
STAMPER = a_signer("a stamp of one test")

_DIGEST_ATTRIBUTE = bytes.fromhex("302f06092a864886f70d01090431220420")
"""A SHA-256 as a signed attribute: an OBJECT IDENTIFIER and a SET of one OCTET STRING of 32 bytes, in DER."""


def attributes_of(digest: bytes) -> bytes:
    """Return signed attributes (a SET) with the digest, and another attribute before it."""
    before = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
    inner = before + _DIGEST_ATTRIBUTE + digest
    return bytes((0x31, len(inner))) + inner


def der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def said(signer: FileSigner = STAMPER, *, covered: bytes = HEAD + TAIL, **changes: Any) -> dict[str, Any]:
    """Return what a stamp says that covers these bytes, with changes."""
    digest = hashlib.sha256(covered).digest()
    attributes = changes.get("attributes", attributes_of(digest))
    said: dict[str, Any] = {
        "byte_range": RANGE,
        "contents": CONTENTS,
        "spki": signer.public_key.spki,
        "message_digest": digest,
        "attributes": attributes,
        "signature": der(signer.sign(attributes)) if signer.algorithm is Algorithm.ES256 else b"",
        "stamped_at": STAMPED_AT,
    }
    return said | changes


def evidence(file: bytes = FILE, **changes: Any) -> StampEvidence:
    return stamps.evidence(file, **said(**changes))


def ranged(first: int = 0, before: int = len(HEAD), second: int = RANGE[2], behind: int = len(TAIL)) -> dict[str, Any]:
    return {"byte_range": (first, before, second, behind)}


def spki_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class TestEvidence:
    def test_is_good_where_all_is_covered_and_signed(self) -> None:
        found = evidence()
        assert found == StampEvidence(
            covers_file=True, is_of_these_bytes=True, key=STAMPER.public_key, stamped_at=STAMPED_AT
        )

    def test_takes_the_signature_in_capitals_too(self) -> None:
        assert evidence(FILE.replace(GAP, GAP.upper())).is_of_these_bytes

    def test_says_nothing_of_a_time_that_the_stamp_does_not(self) -> None:
        assert evidence(stamped_at=None).stamped_at is None

    @pytest.mark.parametrize(
        "changes",
        [
            ranged(first=1),
            ranged(first=-1),
            ranged(before=0),
            ranged(before=-1),
            ranged(before=RANGE[2]),
            ranged(before=RANGE[2] + 1),
            ranged(second=-1),
            ranged(second=len(FILE) + 1, behind=0),
            ranged(behind=-1),
            ranged(behind=len(TAIL) + 1),
            ranged(behind=2**31 - 1),
            ranged(before=2**31 - 1),
            ranged(0, 0, 0, 0),
        ],
        ids=str,
    )
    def test_is_none_where_it_covers_bytes_that_are_not_there(self, changes: dict[str, Any]) -> None:
        found = evidence(**changes)
        assert found.problem
        assert (found.covers_file, found.is_of_these_bytes, found.key) == (False, False, None)

    @pytest.mark.parametrize(
        "changes",
        [
            ranged(before=len(HEAD) - 1),
            ranged(before=len(HEAD) + 1),
            ranged(second=RANGE[2] - 1),
            ranged(second=RANGE[2] + 1, behind=len(TAIL) - 1),
            ranged(second=len(FILE), behind=0),
            {"contents": CONTENTS[:-1]},
            {"contents": CONTENTS + b"\x00"},
            {"contents": CONTENTS[::-1]},
            {"contents": b""},
        ],
        ids=str,
    )
    def test_is_none_where_more_is_left_out_than_the_signature(self, changes: dict[str, Any]) -> None:
        found = evidence(**changes)
        assert found.problem == "What it leaves out is not the signature alone."
        assert (found.covers_file, found.is_of_these_bytes, found.key) == (False, False, None)

    @pytest.mark.parametrize(
        "gap",
        [
            b"(" + GAP[1:-1] + b")",
            b"<" + GAP[1:-2] + b"g>",
            b"<" + GAP[1:-3] + b" " + GAP[-3:-1] + b">",
            b"<" + GAP[1:-3] + b">/X",
            b"<" + b" " * (len(GAP) - 2) + b">",
            b"",
        ],
    )
    def test_is_none_where_the_gap_is_no_plain_hexadecimal(self, gap: bytes) -> None:
        file = HEAD + gap + TAIL
        found = stamps.evidence(file, **said(**ranged(second=len(HEAD) + len(gap))))
        assert found.problem
        assert not found.covers_file

    @pytest.mark.parametrize("more", [b"\n", b"appended later"])
    def test_does_not_cover_what_follows(self, more: bytes) -> None:
        found = evidence(FILE + more)
        assert (found.problem, found.covers_file, found.is_of_these_bytes) == ("", False, True)

    def test_does_not_cover_what_it_leaves_out_at_the_end(self) -> None:
        found = evidence(covered=HEAD + TAIL[:-1], **ranged(behind=len(TAIL) - 1))
        assert (found.problem, found.covers_file, found.is_of_these_bytes) == ("", False, True)

    @pytest.mark.parametrize("at", [0, len(HEAD) - 1, RANGE[2], len(FILE) - 1])
    def test_is_not_of_bytes_that_were_changed(self, at: int) -> None:
        changed = FILE[:at] + bytes((FILE[at] ^ 1,)) + FILE[at + 1 :]
        found = evidence(changed)
        assert (found.problem, found.covers_file, found.is_of_these_bytes) == ("", True, False)

    def test_is_not_of_another_digest(self) -> None:
        found = evidence(message_digest=bytes(32))
        assert (found.problem, found.is_of_these_bytes) == ("", False)

    def test_is_not_of_these_bytes_where_the_signed_attributes_have_another_digest(self) -> None:
        other = attributes_of(hashlib.sha256(b"another file").digest())
        found = evidence(attributes=other)
        assert STAMPER.public_key.has_signed(other, STAMPER.sign(other))
        assert (found.problem, found.is_of_these_bytes) == ("", False)

    def test_is_not_of_attributes_that_were_changed_after_they_were_signed(self) -> None:
        good = said()
        changed = good["attributes"][:10] + b"\x00" + good["attributes"][11:]
        found = stamps.evidence(FILE, **(good | {"attributes": changed}))
        assert (found.problem, found.is_of_these_bytes) == ("", False)

    def test_is_not_of_another_key(self) -> None:
        found = evidence(spki=a_signer("somebody else").public_key.spki)
        assert (found.problem, found.covers_file, found.is_of_these_bytes) == ("", True, False)
        assert found.key == a_signer("somebody else").public_key

    def test_is_not_of_a_signature_over_something_else(self) -> None:
        found = evidence(signature=der(STAMPER.sign(b"something else")))
        assert (found.problem, found.is_of_these_bytes) == ("", False)

    @pytest.mark.parametrize("r_and_s", [(0, 0), (1, 0), (0, 1), (2**256 - 1, 1)])
    def test_is_not_of_numbers_that_are_no_signature(self, r_and_s: tuple[int, int]) -> None:
        assert not evidence(signature=encode_dss_signature(*r_and_s)).is_of_these_bytes

    @pytest.mark.parametrize(
        "signature",
        [
            b"",
            b"\x00" * 64,
            STAMPER.sign(b"raw r and s"),
            der(STAMPER.sign(b"x")) + b"\x00",
            encode_dss_signature(2**256, 1),
            bytes.fromhex("30060201ff020101"),
        ],
        ids=["nothing", "noughts", "raw", "something behind it", "a number too large", "a number below nought"],
    )
    def test_is_none_of_a_signature_that_is_not_accepted(self, signature: bytes) -> None:
        found = evidence(signature=signature)
        assert not found.is_of_these_bytes
        assert found.problem == "Its key or signature is of a kind that is not accepted."

    @pytest.mark.parametrize(
        "spki",
        [
            b"",
            b"no key",
            STAMPER.public_key.spki + b"\x00",
            spki_of(ec.derive_private_key(7, ec.SECP384R1())),
            spki_of(ec.derive_private_key(7, ec.SECP256K1())),
            a_signer("BW stamp", Algorithm.EDDSA).public_key.spki,
        ],
        ids=["nothing", "no key", "something behind it", "P-384", "secp256k1", "Ed25519"],
    )
    def test_is_none_of_a_key_that_is_not_accepted(self, spki: bytes) -> None:
        found = evidence(spki=spki)
        assert not found.is_of_these_bytes
        assert found.problem == "Its key or signature is of a kind that is not accepted."

    def test_takes_a_signature_in_its_other_form_for_the_same(self) -> None:
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        r, s = decode_dss_signature(said()["signature"])
        assert evidence(signature=encode_dss_signature(r, order - s)).is_of_these_bytes

    @given(
        st.tuples(*[st.integers(-3, len(FILE) + 3)] * 4),
        st.binary(max_size=80),
        st.binary(max_size=100),
        st.binary(max_size=100),
    )
    def test_of_hostile_claims_is_never_good_and_raises_nothing(
        self, byte_range: tuple[int, ...], contents: bytes, spki: bytes, signature: bytes
    ) -> None:
        found = evidence(byte_range=byte_range, contents=contents, spki=spki, signature=signature)
        assert not (found.covers_file and found.is_of_these_bytes)


# --- Steps 22 to 26 ------------------------------------------------------------------------------------


def a_good_stamp(**changes: Any) -> StampEvidence:
    """Return the evidence of a stamp by Botswana's office over the whole file, with changes."""
    good = StampEvidence(
        covers_file=True,
        is_of_these_bytes=True,
        key=BW.key(Usage.STAMP).public_key,
        stamped_at=STAMPED_AT,
    )
    return replace(good, **changes)


def judged(
    *evidence: StampEvidence, data: bytes | str = GOOD, believed: Trust | None = None, at: datetime = AT, **known: Any
) -> Report:
    asked = Circumstances(trust=believed or a_trust(BW, NA), profiles=profiles.load(), at=at, known=Known(**known))
    return verification.report(data, circumstances=asked, stamps=evidence)


def stamp_changed(**changes: Any) -> Trust:
    return a_trust(BW.with_key(Usage.STAMP, **changes), NA)


UNKNOWN = a_signer("a stamp nobody knows").public_key
LATER = STAMPED_AT + timedelta(days=3)

CASES: dict[str, tuple[int, Result, Sequence[StampEvidence], dict[str, Any]]] = {
    "no stamp": (22, Result.FAILED, (), {}),
    "a stamp that cannot be looked at": (22, Result.FAILED, (StampEvidence(problem="It is empty."),), {}),
    "something added after the stamp": (23, Result.FAILED, (a_good_stamp(covers_file=False),), {}),
    "something added to a changed file": (
        23,
        Result.FAILED,
        (a_good_stamp(covers_file=False, is_of_these_bytes=False),),
        {},
    ),
    "a file that was changed": (24, Result.FAILED, (a_good_stamp(is_of_these_bytes=False),), {}),
    "a stamp without a key": (24, Result.FAILED, (a_good_stamp(key=None),), {}),
    "a stamp of another authority": (
        25,
        Result.FAILED,
        (a_good_stamp(key=NA.key(Usage.STAMP).public_key),),
        {},
    ),
    "the official's own key": (25, Result.FAILED, (a_good_stamp(key=BW.key(Usage.VALIDATE).public_key),), {}),
    "the stamp of another office": (
        25,
        Result.FAILED,
        (a_good_stamp(),),
        {"believed": stamp_changed(office="Francistown")},
    ),
    "an unknown stamp, older than what is known": (
        25,
        Result.FAILED,
        (a_good_stamp(key=UNKNOWN),),
        {"believed": a_trust(BW, NA, at=STAMPED_AT + timedelta(seconds=1))},
    ),
    "an unknown stamp, newer than what is known": (25, Result.UNDECIDED, (a_good_stamp(key=UNKNOWN),), {}),
    "an unknown stamp at the very instant": (
        25,
        Result.UNDECIDED,
        (a_good_stamp(key=UNKNOWN),),
        {"believed": a_trust(BW, NA, at=STAMPED_AT)},
    ),
    "an unknown stamp without a time": (25, Result.UNDECIDED, (a_good_stamp(key=UNKNOWN, stamped_at=None),), {}),
    "a stamp that only another authority names": (
        25,
        Result.FAILED,
        (a_good_stamp(key=UNKNOWN),),
        {"believed": a_trust(BW, NA.with_key(Usage.STAMP, public_key=UNKNOWN))},
    ),
    "a stamp without a time": (26, Result.FAILED, (a_good_stamp(stamped_at=None),), {}),
    "a stamp that is not yet in force": (
        26,
        Result.FAILED,
        (a_good_stamp(),),
        {"believed": stamp_changed(since=STAMPED_AT + timedelta(seconds=1))},
    ),
    "a stamp that was retired before": (
        26,
        Result.FAILED,
        (a_good_stamp(),),
        {"believed": stamp_changed(until=STAMPED_AT, ended=Ended.RETIRED)},
    ),
    "a stamp that was compromised before": (
        26,
        Result.UNDECIDED,
        (a_good_stamp(),),
        {"believed": stamp_changed(until=STAMPED_AT, ended=Ended.COMPROMISED)},
    ),
    "a stamp that was compromised later": (
        26,
        Result.UNDECIDED,
        (a_good_stamp(),),
        {"believed": stamp_changed(until=LATER, ended=Ended.COMPROMISED)},
    ),
}
"""What is wrong with a stamp: the step that decides, its result, the evidence, and what is believed."""

FORGED = GOOD[:-1] + bytes((GOOD[-1] ^ 1,))


class TestReport:
    def test_answers_yes_three_times_for_a_good_certificate_in_a_good_file(self) -> None:
        report = judged(a_good_stamp())
        assert (report.genuine, report.in_date, report.admissible) == (Answer.YES, Answer.YES, Answer.YES)
        assert [step.definition for step in report.steps] == [*STEPS, *STAMP_STEPS]
        assert all(step.result is Result.PASSED and step.reason for step in report.steps)
        assert report.stamped_at == STAMPED_AT
        assert report.certificate == CERTIFICATE
        assert report.failing is None

    @pytest.mark.parametrize("name", CASES)
    def test_stops_at_the_step_that_decides(self, name: str) -> None:
        number, result, evidence, changes = CASES[name]
        report = judged(*evidence, **changes)
        failing = report.failing
        assert failing is not None
        assert (failing.definition.number, failing.result) == (number, result)
        assert [step.definition.number for step in report.steps] == list(range(1, 27))
        assert {step.result for step in report.steps[: number - 1]} == {Result.PASSED}
        assert {step.result for step in report.steps[number:]} <= {Result.NOT_JUDGED}
        assert failing.reason.endswith(".")
        assert failing.advice

    @pytest.mark.parametrize("name", CASES)
    def test_answers_only_whether_it_is_genuine(self, name: str) -> None:
        _, result, evidence, changes = CASES[name]
        report = judged(*evidence, **changes)
        assert report.genuine is (Answer.NO if result is Result.FAILED else Answer.CANNOT_DECIDE)
        assert (report.in_date, report.admissible) == (Answer.YES, Answer.YES)
        assert report.certificate == CERTIFICATE, "What an official signed stays what it is."

    @pytest.mark.parametrize("name", CASES)
    def test_tells_a_good_certificate_in_a_bad_file_from_a_forged_one(self, name: str) -> None:
        _, result, evidence, changes = CASES[name]
        assert judged(*evidence, **changes).is_good_in_a_bad_file is (result is Result.FAILED)
        assert not judged(*evidence, data=FORGED, **changes).is_good_in_a_bad_file

    @pytest.mark.parametrize("name", CASES)
    def test_has_an_error_for_whoever_must_not_ignore_it(self, name: str) -> None:
        number, result, evidence, changes = CASES[name]
        failing = judged(*evidence, **changes).failing
        assert failing is not None
        error = failing.to_error()
        assert isinstance(error, errors.Untrusted if result is Result.FAILED else errors.Undecided)
        assert error.where == f"step {number}, {failing.definition.name}"
        assert error.rule == failing.definition.rule

    def test_has_twenty_one_steps_for_what_came_without_a_file(self) -> None:
        asked = Circumstances(trust=a_trust(BW, NA), profiles=profiles.load(), at=AT)
        for data in (GOOD, FORGED, b"hello"):
            report = verification.report(data, circumstances=asked)
            assert [step.definition.number for step in report.steps] == list(range(1, 22))
            assert report.stamped_at is None
            assert not report.is_good_in_a_bad_file

    @pytest.mark.parametrize("data", [GOOD, FORGED, b"hello", b""])
    @pytest.mark.parametrize("evidence", [(), (a_good_stamp(),)])
    def test_has_twenty_six_steps_for_what_came_in_a_file(
        self, data: bytes, evidence: tuple[StampEvidence, ...]
    ) -> None:
        report = judged(*evidence, data=data)
        assert [step.definition.number for step in report.steps] == list(range(1, 27))

    def test_says_when_the_file_was_stamped_even_if_it_was_changed(self) -> None:
        assert judged(a_good_stamp(is_of_these_bytes=False)).stamped_at == STAMPED_AT
        assert judged().stamped_at is None

    def test_names_the_instant_and_the_age_of_the_trust_for_each_step(self) -> None:
        report = judged(a_good_stamp())
        by_name = {step.definition.name: step for step in report.steps}
        for definition in STAMP_STEPS:
            assert report.judged_at(by_name[definition.name]) == STAMPED_AT
        assert report.trust_as_of(by_name["stamp-authority"]) == PINNED_AT
        assert report.trust_as_of(by_name["stamp-covers"]) is None
        unjudged = judged()
        assert {unjudged.judged_at(step) for step in unjudged.steps[21:]} == {None}


class TestForgedCertificate:
    def test_in_a_stamped_file_is_forged(self) -> None:
        report = judged(a_good_stamp(), data=FORGED)
        assert report.genuine is Answer.NO
        assert report.failing is not None
        assert report.failing.definition.number == 6
        assert (report.in_date, report.admissible) == (Answer.NOT_JUDGED, Answer.NOT_JUDGED)

    def test_is_compared_with_the_stamp_by_what_it_claims(self) -> None:
        steps = judged(a_good_stamp(), data=FORGED).steps[21:]
        assert {step.result for step in steps} == {Result.PASSED}
        other = judged(a_good_stamp(key=NA.key(Usage.STAMP).public_key), data=FORGED).steps[24]
        assert other.result is Result.FAILED

    def test_that_claims_nothing_leaves_the_authority_of_the_stamp_open(self) -> None:
        steps = judged(a_good_stamp(), data=b"hello").steps[21:]
        assert [step.result for step in steps] == [*[Result.PASSED] * 3, *[Result.NOT_JUDGED] * 2]

    def test_of_an_issuer_that_nobody_knows_here_is_not_decided(self) -> None:
        report = judged(a_good_stamp(), believed=a_trust(NA))
        assert report.genuine is Answer.CANNOT_DECIDE
        assert report.steps[24].result is Result.UNDECIDED
        assert "No keys of BW are held here." in report.steps[24].reason
        assert not report.is_good_in_a_bad_file


class TestGoodInABadFile:
    def test_needs_a_file(self) -> None:
        assert not judged(a_good_stamp()).is_good_in_a_bad_file

    def test_counts_where_it_is_late_as_well(self) -> None:
        late = judged(at=CERTIFICATE.expires_at)
        assert (late.in_date, late.is_good_in_a_bad_file) == (Answer.NO, True)

    def test_does_not_count_where_the_certificate_cannot_be_decided(self) -> None:
        stolen = a_trust(BW.with_key(Usage.VALIDATE, until=VALIDATED_AT, ended=Ended.COMPROMISED), NA)
        assert not judged(believed=stolen).is_good_in_a_bad_file

    def test_does_not_count_where_another_certificate_has_the_number(self) -> None:
        assert not judged(identities={CERTIFICATE.number: bytes(32)}).is_good_in_a_bad_file


class TestSeveralStamps:
    """Nothing may follow a stamp, so only one of them can cover the whole file."""

    BEFORE = a_good_stamp(covers_file=False)
    BROKEN = StampEvidence(problem="It is empty.")

    @pytest.mark.parametrize(
        "evidence",
        [
            (BEFORE, a_good_stamp()),
            (a_good_stamp(), BEFORE),
            (BROKEN, a_good_stamp()),
            (a_good_stamp(), BROKEN),
            (BEFORE, a_good_stamp(), BROKEN),
        ],
    )
    def test_are_judged_by_the_one_that_covers_the_whole_file(self, evidence: tuple[StampEvidence, ...]) -> None:
        assert judged(*evidence).genuine is Answer.YES

    @pytest.mark.parametrize(
        ("evidence", "number"),
        [((BEFORE, BEFORE), 23), ((BROKEN, BEFORE), 23), ((BEFORE, BROKEN), 22), ((BROKEN, BROKEN), 22)],
    )
    def test_are_judged_by_the_last_where_none_does(self, evidence: tuple[StampEvidence, ...], number: int) -> None:
        failing = judged(*evidence).failing
        assert failing is not None
        assert failing.definition.number == number

    def test_let_no_earlier_stamp_of_the_authority_speak_for_a_later_one_of_another(self) -> None:
        report = judged(self.BEFORE, a_good_stamp(key=NA.key(Usage.STAMP).public_key))
        assert report.genuine is Answer.NO
        assert report.steps[24].reason == "The stamp is of NA, and the certificate is of BW."

    def test_of_which_one_only_claims_to_cover_are_not_believed(self) -> None:
        claims = a_good_stamp(problem="It covers bytes that are not there.")
        assert judged(claims).genuine is Answer.NO
        assert judged(self.BEFORE, claims).genuine is Answer.NO


class TestStampInForce:
    """Intervals are half-open, and what was stamped while the stamp was in force stays good."""

    @pytest.mark.parametrize(
        ("changes", "answer"),
        [
            ({"since": STAMPED_AT}, Answer.YES),
            ({"since": STAMPED_AT + timedelta(seconds=1)}, Answer.NO),
            ({"until": STAMPED_AT + timedelta(seconds=1), "ended": Ended.RETIRED}, Answer.YES),
            ({"until": STAMPED_AT, "ended": Ended.RETIRED}, Answer.NO),
            ({"until": STAMPED_AT + timedelta(days=99), "ended": Ended.COMPROMISED}, Answer.CANNOT_DECIDE),
        ],
    )
    def test_decides_by_the_time_of_the_stamp(self, changes: dict[str, Any], answer: Answer) -> None:
        assert judged(a_good_stamp(), believed=stamp_changed(**changes)).genuine is answer

    def test_is_not_saved_by_evidence_of_the_certificate(self) -> None:
        stolen = stamp_changed(until=LATER, ended=Ended.COMPROMISED)
        report = judged(a_good_stamp(), believed=stolen, existed_before={SIGNED.identity: VALIDATED_AT})
        assert report.genuine is Answer.CANNOT_DECIDE
        assert "this stamp before that" in report.steps[25].reason

    def test_is_not_the_time_of_the_certificate(self) -> None:
        report = judged(a_good_stamp(), believed=stamp_changed(since=VALIDATED_AT + timedelta(seconds=30)))
        assert report.genuine is Answer.YES

    def test_may_be_a_key_of_every_office_or_of_the_certificates(self) -> None:
        for office in ("", "Gaborone"):
            assert judged(a_good_stamp(), believed=stamp_changed(office=office)).genuine is Answer.YES

    def test_proves_a_file_many_years_later(self) -> None:
        report = judged(a_good_stamp(), at=AT.replace(year=2046))
        assert (report.genuine, report.in_date) == (Answer.YES, Answer.NO)

    def test_believes_the_issuer_where_another_lists_its_stamp(self) -> None:
        thief = NA.with_key(Usage.STAMP, public_key=BW.key(Usage.STAMP).public_key)
        for believed in (a_trust(BW, thief), a_trust(thief, BW)):
            assert judged(a_good_stamp(), believed=believed).genuine is Answer.YES

    def test_compares_the_whole_key_where_two_share_a_hint(self) -> None:
        believed = a_trust(BW, NA)
        ours = BW.key(Usage.STAMP)
        stranger = a_good_stamp(key=UNKNOWN)
        believed.by_key_id[UNKNOWN.key_id] = (ours,)  # type: ignore[index]
        assert judged(stranger, believed=believed).steps[24].result is Result.UNDECIDED


class TestStampSteps:
    def test_follow_the_others_in_number_and_are_of_the_first_question(self) -> None:
        assert [step.number for step in STAMP_STEPS] == list(range(22, 27))
        assert {step.question for step in STAMP_STEPS} == {Question.GENUINE}
        assert {step.judged for step in STAMP_STEPS} == {Judged.STAMPING}
        assert len({step.name for step in (*STEPS, *STAMP_STEPS)}) == 26

    def test_have_each_a_case_here(self) -> None:
        assert {number for number, *_ in CASES.values()} == set(range(22, 27))

    def test_go_to_another_process_as_they_are(self) -> None:
        for step in (*STEPS, *STAMP_STEPS):
            assert pickle.loads(pickle.dumps(step)) is step  # noqa: S301 (our own bytes)

    def test_of_a_report_go_to_another_process_with_it(self) -> None:
        report = judged(a_good_stamp())
        assert pickle.loads(pickle.dumps(report)).steps == report.steps  # noqa: S301
