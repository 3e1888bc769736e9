"""Whom to believe, and when: records, the list of several holders, and what does not fit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cbor2
import pytest

from macle import errors
from macle.proof import codec, cose, trust
from macle.proof.codec import FieldMalformed
from macle.proof.cose import Algorithm
from macle.proof.keys import KeyUnreadable, Usage
from macle.proof.trust import (
    Ended,
    HistoryRewritten,
    Holder,
    Holders,
    ParticipantRecord,
    RecordUntrusted,
    RolledBack,
    RootChanged,
    Source,
    TrustedKey,
)
from macle.scheme import participants
from macle.scheme.participants import RowsMalformed
from macle.scheme.terms import ParticipantCode, TermInvalid
from tests.support import signed as made
from tests.support.signed import a_signer, a_trust_list, an_authority

BW = an_authority()
RECORD = BW.record_bytes
LATER = made.SINCE + timedelta(days=30)
SIGNERS = list(made.list_signers().values())
HOLDERS = made.holders()


def signed_again(change: dict[int, Any], *, claims: dict[Any, Any] | None = None) -> bytes:
    """Return the record with these fields changed, signed by its root once more."""
    stated = cbor2.loads(cose.read(RECORD).payload)
    stated[codec.PRIVATE] |= change
    stated |= claims or {}
    return cose.sign(signer=BW.root, typ=cose.RECORD, payload=codec.encode(stated)).to_bytes()


def tables_of(content: object) -> dict[str, object]:
    """Return the five tables of standing, each with this content."""
    return dict.fromkeys(("participants", "standing", "areas", "offices", "territories"), content)


def a_source(record: ParticipantRecord = BW.record, **changes: Any) -> Source:
    pinned = Source(record=record, as_of=made.PINNED_AT, reaches_until=record.reaches_until, how="pinned")
    return replace(pinned, **changes)


def assembled(*pinned: Source, listed: trust.TrustList | None = None) -> trust.Trust:
    known = participants.load()
    return trust.assemble(pinned=pinned, listed=listed, participants=known, standing_as_of=trust.midnight(known.as_of))


class TestRecords:
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    def test_are_read_as_they_were_written(self, algorithm: Algorithm) -> None:
        authority = an_authority("NA", "Windhoek", algorithm=algorithm)
        ended = authority.with_key(Usage.VALIDATE, until=LATER, ended=Ended.RETIRED)
        record = replace(ended.record, extensions={3: "of a later version", -1: [1, {2: b"x"}]})
        data = record.to_bytes(root=authority.root)
        assert trust.read_record(data) == record
        assert trust.read_record(data).to_bytes(root=authority.root) == data

    def test_are_signed_by_the_root_that_they_name(self) -> None:
        with pytest.raises(RecordUntrusted):
            BW.record.to_bytes(root=a_signer("another root"))

    def test_that_nobody_could_read_are_not_written(self) -> None:
        key = BW.key(Usage.VALIDATE)
        full = replace(BW.record, keys=(replace(key, holder="x" * 200),) * 500)
        with pytest.raises(FieldMalformed):
            full.to_bytes(root=BW.root)

    @pytest.mark.parametrize("key", [0, 1, 2])
    def test_are_not_written_with_an_extension_that_bears_a_known_key(self, key: int) -> None:
        with pytest.raises(FieldMalformed):
            replace(BW.record, extensions={key: 1}).to_bytes(root=BW.root)

    def test_that_were_changed_are_refused(self) -> None:
        for at in range(0, len(RECORD), 3):
            changed = bytearray(RECORD)
            changed[at] ^= 1
            with pytest.raises((errors.Malformed, errors.Untrusted)):
                trust.read_record(bytes(changed))

    def test_signed_by_another_root_are_refused(self) -> None:
        payload = cose.read(RECORD).payload
        forged = cose.sign(signer=a_signer("forger"), typ=cose.RECORD, payload=payload).to_bytes()
        with pytest.raises(RecordUntrusted):
            trust.read_record(forged)

    def test_of_another_type_are_refused(self) -> None:
        other = cose.sign(signer=BW.root, typ=cose.APPROVAL, payload=cose.read(RECORD).payload).to_bytes()
        with pytest.raises(cose.OfAnotherType):
            trust.read_record(other)

    def test_under_the_algorithm_of_another_key_are_refused(self) -> None:
        signed = cose.read(RECORD)
        header = codec.encode({1: int(Algorithm.EDDSA), 4: BW.root.key_id, 16: cose.RECORD})
        unsigned = cose.Signed(header, signed.payload, b"", signed.header)
        forged = cose.Signed(header, signed.payload, BW.root.sign(unsigned.to_be_signed), signed.header)
        with pytest.raises(RecordUntrusted):
            trust.read_record(forged.to_bytes())

    @pytest.mark.parametrize(
        ("change", "claims"),
        [
            ({0: "1"}, {}),
            ({0: None}, {}),
            ({1: b""}, {}),
            ({1: BW.root.public_key.spki[:-1]}, {}),
            ({2: {}}, {}),
            ({2: [[]] * (trust.MOST_KEYS + 1)}, {}),
            ({2: [[]]}, {}),
            ({2: [None]}, {}),
            ({"x": 1}, {}),
            ({}, {codec.ISSUER: "bw"}),
            ({}, {codec.ISSUER: 5}),
            ({}, {codec.SUBJECT: "certificate"}),
            ({}, {codec.EXPIRES: -1}),
            ({}, {codec.EXPIRES: 1}),
            ({0: -1}, {}),
            ({}, {codec.ISSUED_AT: 2**60}),
            ({}, {codec.PRIVATE: []}),
            ({}, {99: 1}),
        ],
    )
    def test_that_are_none_are_refused(self, change: dict[Any, Any], claims: dict[Any, Any]) -> None:
        with pytest.raises((FieldMalformed, TermInvalid, KeyUnreadable)):
            trust.read_record(signed_again(change, claims=claims))

    @pytest.mark.parametrize(
        ("index", "wrong"),
        [
            (0, b"no key"),
            (0, "text"),
            (1, 7),
            (1, -1),
            (1, "1"),
            (1, int(Usage.ROOT)),
            (2, 7),
            (3, None),
            (4, -1),
            (4, None),
            (5, "2026"),
            (5, 1),
            (6, 2),
            (6, 0),
            (7, int(Algorithm.EDDSA)),
            (7, None),
        ],
    )
    def test_with_a_key_that_is_not_described_as_it_must_be_are_refused(self, index: int, wrong: object) -> None:
        keys = cbor2.loads(cose.read(RECORD).payload)[codec.PRIVATE][2]
        keys[0][index] = wrong
        with pytest.raises((FieldMalformed, KeyUnreadable)):
            trust.read_record(signed_again({2: keys}))

    def test_give_one_key_one_usage(self) -> None:
        key = BW.key(Usage.VALIDATE)
        twice = replace(BW.record, keys=(key, replace(key, usage=Usage.CONFIRM, holder="official-09")))
        with pytest.raises(FieldMalformed, match="two usages"):
            trust.read_record(twice.to_bytes(root=BW.root))
        root = replace(BW.record, keys=(replace(key, public_key=BW.root.public_key),))
        with pytest.raises(FieldMalformed, match="two usages"):
            trust.read_record(root.to_bytes(root=BW.root))

    def test_name_no_key_twice(self) -> None:
        key = BW.key(Usage.VALIDATE)
        first = replace(key, until=LATER, ended=Ended.RETIRED)
        record = replace(BW.record, keys=(first, replace(key, since=LATER)))
        with pytest.raises(FieldMalformed, match="stands twice"):
            trust.read_record(record.to_bytes(root=BW.root))

    def test_count_two_holders_of_one_participant_once(self) -> None:
        first, second, third = HOLDERS.holders
        two_of_one = Holders(2, (first, replace(second, participant=first.participant), third))
        listed = a_trust_list(BW)
        with pytest.raises(RecordUntrusted):
            trust.read_list(listed.to_bytes(signers=SIGNERS[:2]), holders=two_of_one)
        assert trust.read_list(listed.to_bytes(signers=SIGNERS[1:]), holders=two_of_one) == listed


class TestKeys:
    def test_end_with_a_time_and_a_reason_or_not_at_all(self) -> None:
        key = BW.key(Usage.VALIDATE)
        for wrong in ({"until": LATER}, {"ended": Ended.RETIRED}):
            with pytest.raises(FieldMalformed):
                replace(key, **wrong)

    def test_do_not_end_before_they_begin(self) -> None:
        key = BW.key(Usage.VALIDATE)
        with pytest.raises(FieldMalformed):
            replace(key, until=key.since - timedelta(seconds=1), ended=Ended.RETIRED)
        assert key.end(at=key.since - timedelta(days=1), why=Ended.COMPROMISED).until == key.since

    def test_that_are_retired_may_still_turn_out_compromised(self) -> None:
        retired = BW.key(Usage.VALIDATE).end(at=LATER, why=Ended.RETIRED)
        compromised = retired.end(at=LATER - timedelta(days=5), why=Ended.COMPROMISED)
        assert (compromised.ended, compromised.until) == (Ended.COMPROMISED, LATER - timedelta(days=5))

    def test_are_found_by_their_hint_with_every_candidate(self) -> None:
        key = BW.key(Usage.VALIDATE)
        again = replace(key, holder="official-77")
        record = replace(BW.record, keys=(key, again))
        found = assembled(a_source(record)).by_key_id
        assert found == {key.public_key.key_id: (key, again)}


class TestPin:
    def test_takes_the_first_record_and_a_newer_one_of_the_same_root(self) -> None:
        newer = replace(BW.record, sequence=2)
        assert trust.pin(BW.record, held=None) == BW.record
        assert trust.pin(newer, held=BW.record) == newer
        assert trust.pin(BW.record, held=BW.record) == BW.record

    def test_refuses_another_root_even_with_a_higher_sequence(self) -> None:
        other = replace(BW.record, root=a_signer("another root").public_key, sequence=99)
        with pytest.raises(RootChanged):
            trust.pin(other, held=BW.record)

    def test_refuses_an_older_record(self) -> None:
        with pytest.raises(RolledBack):
            trust.pin(BW.record, held=replace(BW.record, sequence=2))

    def test_refuses_another_record_under_the_same_sequence(self) -> None:
        with pytest.raises(HistoryRewritten):
            trust.pin(replace(BW.record, keys=BW.record.keys[1:]), held=BW.record)

    @pytest.mark.parametrize("change", ["left out", "another usage", "begun earlier", "another office"])
    def test_refuses_a_newer_record_that_takes_something_back(self, change: str) -> None:
        first, *others = BW.record.keys
        changed = {
            "left out": [],
            "another usage": [replace(first, usage=Usage.STAMP)],
            "begun earlier": [replace(first, since=first.since - timedelta(days=1))],
            "another office": [replace(first, office="Francistown")],
        }[change]
        with pytest.raises(HistoryRewritten):
            trust.pin(replace(BW.record, sequence=9, keys=(*changed, *others)), held=BW.record)

    @pytest.mark.parametrize(
        ("held", "newer", "taken"),
        [
            ((Ended.COMPROMISED, 100), None, False),
            ((Ended.COMPROMISED, 100), (Ended.RETIRED, 100), False),
            ((Ended.COMPROMISED, 100), (Ended.COMPROMISED, 101), False),
            ((Ended.COMPROMISED, 100), (Ended.COMPROMISED, 99), True),
            ((Ended.RETIRED, 100), (Ended.COMPROMISED, 100), True),
            ((Ended.RETIRED, 100), (Ended.RETIRED, 101), False),
        ],
    )
    def test_takes_no_ending_back(
        self, held: tuple[Ended, int], newer: tuple[Ended, int] | None, *, taken: bool
    ) -> None:
        def record(sequence: int, ending: tuple[Ended, int] | None) -> ParticipantRecord:
            first, *others = BW.record.keys
            if ending is not None:
                first = replace(first, ended=ending[0], until=first.since + timedelta(days=ending[1]))
            return replace(BW.record, sequence=sequence, keys=(first, *others))

        if taken:
            assert trust.pin(record(6, newer), held=record(5, held)) == record(6, newer)
        else:
            with pytest.raises(HistoryRewritten):
                trust.pin(record(6, newer), held=record(5, held))

    def test_takes_a_newer_record_in_which_a_key_is_ended(self) -> None:
        first, *others = BW.record.keys
        ended = first.end(at=first.since + timedelta(days=300), why=Ended.COMPROMISED)
        newer = replace(BW.record, sequence=9, keys=(ended, *others))
        assert trust.pin(newer, held=BW.record) == newer


class TestHolders:
    def test_are_read_as_they_were_written(self) -> None:
        assert Holders.from_bytes(HOLDERS.to_bytes()) == HOLDERS

    @pytest.mark.parametrize("threshold", [0, 1, 4, -1])
    def test_are_never_one_alone_nor_more_than_there_are(self, threshold: int) -> None:
        with pytest.raises(FieldMalformed):
            replace(HOLDERS, threshold=threshold)

    def test_are_of_as_many_participants_as_must_sign(self) -> None:
        one = tuple(replace(holder, participant=ParticipantCode("IN")) for holder in HOLDERS.holders)
        with pytest.raises(FieldMalformed, match="too few Participants"):
            Holders(2, one)

    def test_do_not_share_a_key(self) -> None:
        first, second, _ = HOLDERS.holders
        with pytest.raises(FieldMalformed):
            Holders(2, (first, replace(second, public_key=first.public_key)))

    @pytest.mark.parametrize(
        "value",
        [
            None,
            [],
            [2],
            [2, {}],
            ["2", []],
            [2, [], 3],
            [2, [[]]],
            [2, [["a", "IN", "x"]]],
            [2, [["a", "in", b""]]],
            [2, [None]],
        ],
    )
    def test_that_are_none_are_refused(self, value: object) -> None:
        with pytest.raises(errors.Malformed):
            Holders.from_bytes(codec.encode(value))


class TestApprovals:
    OBJECT = cose.sign(signer=SIGNERS[0], typ=cose.TRUST_LIST, payload=b"list")

    def test_name_the_object_that_they_approve(self) -> None:
        approval = trust.approve(self.OBJECT, signer=SIGNERS[1], at=LATER)
        assert trust.is_approval_of(approval, self.OBJECT)
        other = cose.sign(signer=SIGNERS[0], typ=cose.TRUST_LIST, payload=b"lisp")
        assert not trust.is_approval_of(approval, other)

    def test_of_the_same_bytes_under_another_type_are_not_of_this_object(self) -> None:
        payload = codec.encode(
            {
                codec.SUBJECT: "approval",
                codec.ISSUED_AT: 1,
                codec.PRIVATE: {0: self.OBJECT.identity, 1: cose.CERTIFICATE},
            }
        )
        assert not trust.is_approval_of(cose.sign(signer=SIGNERS[1], typ=cose.APPROVAL, payload=payload), self.OBJECT)

    def test_are_of_their_own_type_and_whole(self) -> None:
        approval = trust.approve(self.OBJECT, signer=SIGNERS[1], at=LATER)
        with pytest.raises(cose.OfAnotherType):
            trust.is_approval_of(replace(approval, header=replace(approval.header, typ=cose.RECORD)), self.OBJECT)
        for wrong in ({codec.SUBJECT: "record"}, {codec.ISSUED_AT: -1}, {codec.PRIVATE: {0: "x", 1: "y"}}):
            payload = codec.encode(cbor2.loads(approval.payload) | wrong)
            with pytest.raises(FieldMalformed):
                trust.is_approval_of(replace(approval, payload=payload), self.OBJECT)


class TestTrustList:
    LIST = a_trust_list(BW, an_authority("NA", "Windhoek"))

    def parts(self, *signers: int) -> list[bytes]:
        signed: list[bytes] = cbor2.loads(self.LIST.to_bytes(signers=[SIGNERS[index] for index in signers]))
        return signed

    def read(self, parts: list[bytes]) -> trust.TrustList:
        return trust.read_list(codec.encode(parts), holders=HOLDERS)

    def refusal_of(self, parts: list[bytes]) -> RecordUntrusted:
        with pytest.raises(RecordUntrusted) as raised:
            self.read(parts)
        return raised.value

    @pytest.mark.parametrize("signers", [(0, 1), (1, 0), (0, 2), (1, 2), (0, 1, 2)])
    def test_is_read_when_two_of_three_have_signed(self, signers: tuple[int, ...]) -> None:
        assert self.read(self.parts(*signers)) == self.LIST

    @pytest.mark.parametrize("signer", [0, 1, 2])
    def test_is_refused_with_one_signature(self, signer: int) -> None:
        assert "Holders of 1 Participants" in self.refusal_of(self.parts(signer)).what

    def test_counts_a_holder_who_signed_twice_once(self) -> None:
        assert "Holders of 1 Participants" in self.refusal_of(self.parts(0, 0)).what
        assert "Holders of 1 Participants" in self.refusal_of(self.parts(1, 1, 1, 1)).what

    def test_does_not_count_who_is_no_holder(self) -> None:
        stranger = self.LIST.to_bytes(signers=[SIGNERS[0], a_signer("stranger")])
        assert "Holders of 1 Participants" in self.refusal_of(cbor2.loads(stranger)).what
        nobody = self.LIST.to_bytes(signers=[a_signer("stranger"), a_signer("other stranger")])
        assert "Holders of 0 Participants" in self.refusal_of(cbor2.loads(nobody)).what

    def test_does_not_count_an_approval_of_another_object(self) -> None:
        other = cose.sign(signer=SIGNERS[0], typ=cose.TRUST_LIST, payload=b"another list")
        approval = trust.approve(other, signer=SIGNERS[1], at=LATER).to_bytes()
        assert "Holders of 1 Participants" in self.refusal_of([*self.parts(0), approval]).what

    def test_does_not_count_an_approval_whose_signature_is_of_another(self) -> None:
        first, approval = self.parts(0, 1)
        changed = bytearray(approval)
        changed[-1] ^= 1
        assert "Holders of 1 Participants" in self.refusal_of([first, bytes(changed)]).what

    def test_that_was_changed_is_refused(self) -> None:
        first, approval = self.parts(0, 1)
        for at in range(60, len(first) - 64, 997):
            changed = bytearray(first)
            changed[at] ^= 1
            with pytest.raises((errors.Untrusted, errors.Malformed)):
                self.read([bytes(changed), approval])

    @pytest.mark.parametrize("value", [None, [], {}, b"x", ["x"], [b"x"], [b""] * (trust.MOST_SIGNATURES + 1)])
    def test_that_is_none_is_refused(self, value: object) -> None:
        with pytest.raises(errors.Malformed):
            trust.read_list(codec.encode(value), holders=HOLDERS)

    @pytest.mark.parametrize(
        "change",
        [
            {codec.ISSUER: "BW"},
            {codec.SUBJECT: "record"},
            {codec.EXPIRES: None},
            {codec.EXPIRES: codec.seconds(made.PINNED_AT)},
            {codec.EXPIRES: codec.seconds(made.PINNED_AT + trust.LIST_LIFE) + 1},
            {99: 1},
            {codec.PRIVATE: {0: 1, 1: [5], 2: {}}},
            {codec.PRIVATE: {0: 1, 1: [b""] * (trust.MOST_RECORDS + 1), 2: {}}},
            {codec.PRIVATE: {0: 1, 1: [], 2: {}}},
            {
                codec.PRIVATE: {
                    0: 1,
                    1: [],
                    2: tables_of(1),
                }
            },
            {
                codec.PRIVATE: {
                    0: 1,
                    1: [],
                    2: tables_of([1]),
                }
            },
            {
                codec.PRIVATE: {
                    0: 1,
                    1: [],
                    2: tables_of([[1]]),
                }
            },
            {
                codec.PRIVATE: {
                    0: "1",
                    1: [],
                    2: tables_of([]),
                }
            },
        ],
    )
    def test_that_says_what_no_list_says_is_refused_whoever_signed_it(self, change: dict[int, Any]) -> None:
        payload = codec.encode(cbor2.loads(cose.read(self.parts(0)[0], largest=trust.LARGEST_LIST).payload) | change)
        listed = cose.sign(signer=SIGNERS[0], typ=cose.TRUST_LIST, payload=payload)
        approval = trust.approve(listed, signer=SIGNERS[1], at=LATER)
        with pytest.raises(FieldMalformed):
            self.read([listed.to_bytes(), approval.to_bytes()])

    def test_of_another_type_is_refused(self) -> None:
        with pytest.raises(cose.OfAnotherType):
            self.read([RECORD, RECORD])


class TestAssemble:
    LISTED = a_trust_list(BW, issued_at=made.PINNED_AT + timedelta(days=5))

    def test_believes_what_is_pinned_and_knows_the_packaged_standing(self) -> None:
        believed = assembled(a_source())
        known = participants.load()
        assert believed.sources[BW.code].how == "pinned"
        assert believed.participants is known
        assert believed.standing_as_of == trust.midnight(known.as_of)
        assert believed.standing_reaches_until == believed.standing_as_of + trust.STANDING_LIFE
        assert believed.alarms == ()

    def test_believes_what_is_listed_and_takes_standing_from_there(self) -> None:
        believed = assembled(listed=self.LISTED)
        source = believed.sources[BW.code]
        assert (source.how, source.as_of, source.reaches_until) == (
            "trust list",
            BW.record.issued_at,
            self.LISTED.reaches_until,
        )
        assert believed.participants.rows() == participants.load().rows()
        assert believed.participants.as_of == self.LISTED.issued_at.date()
        assert (believed.standing_as_of, believed.standing_reaches_until) == (
            self.LISTED.issued_at,
            self.LISTED.reaches_until,
        )

    def test_keeps_the_pin_and_raises_an_alarm_where_the_list_names_another_root(self) -> None:
        forged = replace(BW, root=a_signer("another root"), record=replace(BW.record, sequence=99))
        forged = replace(forged, record=replace(forged.record, root=forged.root.public_key))
        believed = assembled(a_source(), listed=a_trust_list(forged))
        assert believed.sources[BW.code] == a_source()
        assert len(believed.alarms) == 1
        assert "another root for BW" in believed.alarms[0]

    def test_takes_the_newer_record_of_one_root(self) -> None:
        newer = replace(BW, record=replace(BW.record, sequence=2))
        assert assembled(a_source(), listed=a_trust_list(newer)).sources[BW.code].how == "trust list"
        pinned = a_source(newer.record)
        assert assembled(pinned, listed=a_trust_list(BW)).sources[BW.code] == pinned

    def test_is_as_fresh_as_the_fresher_where_both_say_the_same(self) -> None:
        source = assembled(a_source(), listed=self.LISTED).sources[BW.code]
        assert source.how == "pinned and trust list"
        assert source.as_of == a_source().as_of
        assert source.reaches_until == BW.record.reaches_until

    def test_refuses_a_list_with_a_record_or_standing_that_cannot_be_read(self) -> None:
        with pytest.raises(errors.Malformed):
            assembled(listed=replace(self.LISTED, records=(b"x",)))
        with pytest.raises(RowsMalformed):
            assembled(listed=replace(self.LISTED, standing=dict(self.LISTED.standing) | {"standing": [["BW"]]}))

    def test_takes_a_day_without_a_time_for_its_beginning(self) -> None:
        assert trust.midnight(date(2026, 11, 2)) == datetime(2026, 11, 2, tzinfo=UTC)


def test_every_usage_has_a_key_of_its_own() -> None:
    keys = {key.public_key: key.usage for key in BW.record.keys}
    assert sorted(keys.values()) == sorted(set(Usage) - {Usage.ROOT})


def test_a_key_and_a_holder_compare_by_what_they_say() -> None:
    assert isinstance(BW.key(Usage.CONFIRM), TrustedKey)
    assert Holder("chair", ParticipantCode("IN"), SIGNERS[0].public_key) == HOLDERS.holders[0]
