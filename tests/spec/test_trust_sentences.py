"""Sentences of the description that a stranger's verifier could easily get wrong, tried on ours."""

from dataclasses import replace
from datetime import timedelta

import pytest

from macle import errors
from macle.proof import codec, cose, trust, verification
from macle.proof.keys import Usage
from macle.proof.trust import Holder, Holders, RecordUntrusted
from macle.proof.verification import Answer, Circumstances
from macle.scheme import profiles
from macle.scheme.terms import ParticipantCode
from tests.support import signed


def parts_of_a_list() -> tuple[cose.Signed, cose.Signed]:
    """Return a list signed by the Chair, and the Vice Chair's approval of it."""
    chair, vice_chair, _ = signed.list_signers().values()
    listed, approval = codec.decode(
        signed.a_trust_list(signed.an_authority()).to_bytes(signers=[chair, vice_chair]),
        what="list",
        largest=trust.LARGEST_LIST,
    )
    return cose.read(listed), cose.read(approval)


def put_together(*parts: cose.Signed) -> bytes:
    return codec.encode([part.to_bytes() for part in parts])


class TestTrustList:
    def test_two_holders_of_two_participants_suffice(self) -> None:
        assert trust.read_list(put_together(*parts_of_a_list()), holders=signed.holders()).version == 1

    def test_two_holders_of_one_participant_do_not(self) -> None:
        third = signed.holders().holders[2]
        of_one = [
            Holder(name, ParticipantCode("IN"), signed.list_signers()[name].public_key)
            for name in ("chair", "vice-chair")
        ]
        with pytest.raises(RecordUntrusted):
            trust.read_list(put_together(*parts_of_a_list()), holders=Holders(2, (*of_one, third)))

    def test_the_same_holder_twice_does_not(self) -> None:
        listed, _ = parts_of_a_list()
        again = trust.approve(listed, signer=signed.list_signers()["chair"], at=signed.PINNED_AT)
        with pytest.raises(RecordUntrusted):
            trust.read_list(put_together(listed, again), holders=signed.holders())

    def test_an_approval_of_another_object_or_by_a_stranger_does_not_count_and_does_no_harm(self) -> None:
        listed, approval = parts_of_a_list()
        authority = signed.an_authority()
        other = authority.sign(signed.a_small_certificate(authority))
        of_another = trust.approve(other, signer=signed.list_signers()["vice-chair"], at=signed.PINNED_AT)
        of_a_stranger = trust.approve(listed, signer=signed.a_signer("stranger"), at=signed.PINNED_AT)
        with pytest.raises(RecordUntrusted):
            trust.read_list(put_together(listed, of_another, of_a_stranger), holders=signed.holders())
        complete = put_together(listed, of_another, of_a_stranger, approval)
        assert trust.read_list(complete, holders=signed.holders()).version == 1

    def test_every_part_after_the_first_must_be_an_approval(self) -> None:
        listed, approval = parts_of_a_list()
        with pytest.raises(errors.Malformed):
            trust.read_list(put_together(listed, approval, listed), holders=signed.holders())


class TestParticipantRecord:
    def test_no_public_key_stands_twice(self) -> None:
        authority = signed.an_authority()
        key = authority.key(Usage.VALIDATE)
        ended = replace(key, until=key.since + timedelta(days=10), ended=trust.Ended.RETIRED)
        for second in (key, ended, replace(key, usage=Usage.CONFIRM), replace(key, office="Gaborone")):
            twice = replace(authority.record, keys=(*authority.record.keys, second))
            with pytest.raises(codec.FieldMalformed):
                trust.read_record(twice.to_bytes(root=authority.root))

    def test_the_root_stands_in_no_list_of_keys(self) -> None:
        authority = signed.an_authority()
        root = replace(authority.key(Usage.STAMP), public_key=authority.root.public_key)
        with pytest.raises(codec.FieldMalformed):
            trust.read_record(replace(authority.record, keys=(root,)).to_bytes(root=authority.root))


class TestSeveralKeys:
    def test_nobody_stands_in_the_way_of_certificates_by_listing_the_issuers_key(self) -> None:
        exporting, importing = signed.two_authorities()
        borrowed = replace(exporting.key(Usage.VALIDATE), participant=importing.code)
        lister = replace(importing, record=replace(importing.record, keys=(borrowed, *importing.record.keys)))
        data = exporting.sign(signed.a_small_certificate(exporting)).to_bytes()
        for authorities in ((lister, exporting), (exporting, lister)):
            report = verification.report(
                data,
                circumstances=Circumstances(
                    trust=signed.a_trust(*authorities), profiles=profiles.load(), at=signed.VALIDATED_AT
                ),
            )
            assert report.genuine is Answer.YES

    def test_whoever_lists_anothers_key_cannot_issue_with_it(self) -> None:
        exporting, importing = signed.two_authorities()
        borrowed = replace(exporting.key(Usage.VALIDATE), participant=importing.code)
        lister = replace(importing, record=replace(importing.record, keys=(borrowed, *importing.record.keys)))
        data = exporting.sign(signed.a_small_certificate(exporting)).to_bytes()
        report = verification.report(
            data,
            circumstances=Circumstances(trust=signed.a_trust(lister), profiles=profiles.load(), at=signed.VALIDATED_AT),
        )
        assert report.genuine is Answer.CANNOT_DECIDE
        assert report.failing is not None
        assert report.failing.definition.name == "key"
