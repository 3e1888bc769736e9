"""The CDDL files describe the bytes: an unrelated validator takes what we write and refuses what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cddl_verifier import Validator

from macle import errors
from macle.proof import codec, cose, trust
from macle.proof.cose import Algorithm, Signed
from macle.proof.keys import Usage
from macle.proof.trust import Ended
from macle.scheme.certificates import CertificateKind, Origin, OriginKind, Reference, Validation, ValidationKind
from macle.scheme.confirmations import ConfirmationResult, SealState
from tests.support import signed

SPEC = Path(__file__).parents[2] / "spec"
PARTS = {
    "certificate": ("certificate", "cose", "common"),
    "import-confirmation": ("import-confirmation", "cose", "common"),
    "participant-record": ("participant-record", "cose", "common"),
    "approval": ("approval", "cose", "common"),
    "audit-head": ("audit-head", "cose", "common"),
    "trust-list": ("trust-list", "approval", "cose", "common"),
}


@cache
def validator(name: str) -> Validator:
    return Validator("\n".join((SPEC / f"{part}.cddl").read_text(encoding="utf-8") for part in PARTS[name]))


def problems(name: str, data: bytes, rule: str | None = None) -> list[str]:
    result = validator(name).validate(data, root_type=rule or name)
    return [f"{each.path_text}: {each.message}" for each in result.diagnostics if not result.valid]


Claims = dict[Any, Any]
Change = Callable[[Claims, Claims], object]


def changed(payload: bytes, change: Change) -> bytes:
    """Return the payload with its claims, or the fields in the private claim, changed in place."""
    claims: Claims = cbor2.loads(payload)
    change(claims, claims[codec.PRIVATE])
    return cbor2.dumps(claims, canonical=True)


def a_certificate() -> Signed:
    authority = signed.an_authority()
    return authority.sign(signed.a_full_certificate(authority))


def a_confirmation() -> Signed:
    exporting, importing = signed.two_authorities()
    certificate = exporting.sign(signed.a_small_certificate(exporting))
    return importing.sign_confirmation(signed.a_small_confirmation(certificate, importing))


WRONG: dict[str, Change] = {
    "a claim of another object": lambda claims, _: claims.update({3: "audience"}),
    "a field with a text for its key": lambda _, fields: fields.update({"remark": "x"}),
    "an issuer in small letters": lambda claims, _: claims.update({1: "bw"}),
    "a number with a space": lambda claims, _: claims.update({2: "BW 00004821"}),
    "a negative instant": lambda claims, _: claims.update({6: -1}),
    "a day beyond the year 9999": lambda _, fields: fields.update({3: 2932897}),
    "a kind that does not exist": lambda _, fields: fields.update({0: 3}),
    "a name of 121 characters": lambda _, fields: fields.update({2: "x" * 121}),
    "a name with a space before it": lambda _, fields: fields.update({2: " x"}),
    "a party of four items": lambda _, fields: fields[5].pop(),
    "no lines": lambda _, fields: fields.update({10: []}),
    "four lines": lambda _, fields: fields.update({10: [[0, 1, 1]] * 4}),
    "a heading that does not exist": lambda _, fields: fields.update({10: [[3, 1, 1]]}),
    "a weight of a thousand million carats": lambda _, fields: fields.update({10: [[0, 10**11, 1]]}),
    "a value of ten million million dollars": lambda _, fields: fields.update({10: [[0, 1, 10**15]]}),
    "no parcel": lambda _, fields: fields.update({11: 0}),
    "no seal": lambda _, fields: fields.update({12: []}),
    "thirteen seals": lambda _, fields: fields.update({12: [str(each) for each in range(13)]}),
    "a seal of 33 characters": lambda _, fields: fields.update({12: ["x" * 33]}),
    "two officials where there is one": lambda _, fields: fields.update({13: [1, ["official-01"], ""]}),
    "a customs reference that is empty": lambda _, fields: fields.update({13: [3, [], ""]}),
    "a single origin of two countries": lambda _, fields: fields.update({9: [0, ["AO", "BW"], ""]}),
    "an undisclosed origin that is listed": lambda _, fields: fields.update({9: [2, ["AO", "BW"], ""]}),
    "a status index of 2^32": lambda _, fields: fields.update({16: 2**32}),
    "a digest of 31 bytes": lambda _, fields: fields.update({17: bytes(31)}),
    "a reference with half an identity": lambda _, fields: fields.update({18: ["BW00004820", bytes(16)]}),
    "a later field with a float": lambda _, fields: fields.update({19: 1.5}),
}


class TestCertificate:
    @pytest.mark.parametrize("make", [signed.a_small_certificate, signed.a_full_certificate])
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    def test_what_is_signed_fits(self, make: Callable[..., Any], algorithm: Algorithm) -> None:
        authority = signed.an_authority(algorithm=algorithm)
        certificate = authority.sign(make(authority))
        assert problems("certificate", certificate.to_bytes()) == []
        assert problems("certificate", certificate.to_be_signed, "sig-structure") == []

    @pytest.mark.parametrize("kind", list(CertificateKind))
    @pytest.mark.parametrize(
        "origin",
        [
            Origin(OriginKind.SINGLE, signed.a_small_certificate().origin.countries),
            Origin(OriginKind.MIXED_LISTED, signed.a_full_certificate().origin.countries),
            Origin(OriginKind.MIXED_UNDISCLOSED, ()),
        ],
    )
    @pytest.mark.parametrize(
        "validation",
        [
            Validation(ValidationKind.ONE_OFFICIAL, ("official-01",)),
            Validation(ValidationKind.TWO_OFFICIALS, ("official-01", "official-02")),
            Validation(ValidationKind.SECOND_OFFICIAL_ELSEWHERE, ("official-01", "official-02")),
            Validation(ValidationKind.CUSTOMS_REFERENCE, (), "X20261102000017"),
        ],
    )
    def test_every_kind_fits(self, kind: CertificateKind, origin: Origin, validation: Validation) -> None:
        number_only = Reference(signed.a_full_certificate().number)
        certificate = signed.a_small_certificate(kind=kind, origin=origin, validation=validation, refers_to=number_only)
        assert problems("certificate", codec.encode_certificate(certificate), "certificate-claims") == []

    @pytest.mark.parametrize("key", sorted(codec.CERTIFICATE_FIELDS.keys() - {18}))
    def test_a_missing_field_does_not_fit(self, key: int) -> None:
        payload = changed(a_certificate().payload, lambda _, fields: fields.pop(key))
        assert problems("certificate", payload, "certificate-claims")

    @pytest.mark.parametrize("key", sorted(codec.CERTIFICATE_FIELDS))
    def test_a_field_of_another_type_does_not_fit(self, key: int) -> None:
        payload = changed(a_certificate().payload, lambda _, fields: fields.update({key: True}))
        assert problems("certificate", payload, "certificate-claims")

    @pytest.mark.parametrize("claim", sorted(codec.CERTIFICATE_CLAIMS))
    def test_a_missing_claim_does_not_fit(self, claim: int) -> None:
        payload = changed(a_certificate().payload, lambda claims, _: claims.pop(claim))
        assert problems("certificate", payload, "certificate-claims")

    @pytest.mark.parametrize("what", WRONG)
    def test_what_no_certificate_holds_does_not_fit_and_is_not_read(self, what: str) -> None:
        payload = changed(a_certificate().payload, WRONG[what])
        assert problems("certificate", payload, "certificate-claims")
        with pytest.raises(errors.Malformed):
            codec.decode_certificate(payload)


class TestEnvelope:
    def test_an_object_of_another_type_does_not_fit(self) -> None:
        assert problems("certificate", a_confirmation().to_bytes())
        assert problems("import-confirmation", a_certificate().to_bytes())

    @pytest.mark.parametrize(
        ("part", "value"),
        [
            (0, b"\xa0"),
            (0, cbor2.dumps({1: -7, 4: bytes(7), 16: cose.CERTIFICATE})),
            (0, cbor2.dumps({1: "ES256", 4: bytes(8), 16: cose.CERTIFICATE})),
            (0, cbor2.dumps({1: -7, 2: [1], 4: bytes(8), 16: cose.CERTIFICATE})),
            (1, {4: bytes(8)}),
            (2, None),
            (3, bytes(63)),
        ],
        ids=[
            "empty header",
            "short key id",
            "algorithm by name",
            "critical",
            "unprotected",
            "detached",
            "short signature",
        ],
    )
    def test_another_shape_does_not_fit(self, part: int, value: object) -> None:
        tagged = cbor2.loads(a_certificate().to_bytes())
        parts = [*tagged.value[:part], value, *tagged.value[part + 1 :]]
        assert problems("certificate", cbor2.dumps(cbor2.CBORTag(18, parts)))

    def test_without_its_tag_or_under_another_it_does_not_fit(self) -> None:
        tagged = cbor2.loads(a_certificate().to_bytes())
        assert problems("certificate", cbor2.dumps(tagged.value))
        assert problems("certificate", cbor2.dumps(cbor2.CBORTag(98, tagged.value)))

    def test_a_header_with_one_more_parameter_fits(self) -> None:
        certificate = a_certificate()
        header = cbor2.dumps({1: -7, 3: "application/cbor", 4: certificate.header.key_id, 16: cose.CERTIFICATE})
        data = replace(certificate, protected=header).to_bytes()
        assert problems("certificate", data) == []
        assert cose.read(data).header == certificate.header


class TestImportConfirmation:
    @pytest.mark.parametrize("seals", list(SealState))
    @pytest.mark.parametrize("result", list(ConfirmationResult))
    def test_what_is_signed_fits(self, seals: SealState, result: ConfirmationResult) -> None:
        exporting, importing = signed.two_authorities()
        certificate = exporting.sign(signed.a_small_certificate(exporting))
        confirmation = signed.a_small_confirmation(
            certificate, importing, seals=seals, result=result, remark="One seal was scratched.", extensions={13: [1]}
        )
        assert problems("import-confirmation", importing.sign_confirmation(confirmation).to_bytes()) == []

    def test_fits_without_measured_figures_and_for_a_certificate_on_paper(self) -> None:
        exporting, importing = signed.two_authorities()
        certificate = exporting.sign(signed.a_small_certificate(exporting))
        number = Reference(signed.a_small_certificate().number)
        confirmation = signed.a_small_confirmation(certificate, importing, measured=None, certificate=number)
        assert problems("import-confirmation", codec.encode_confirmation(confirmation), "confirmation-claims") == []

    @pytest.mark.parametrize("key", sorted(codec.CONFIRMATION_FIELDS))
    def test_a_field_of_another_type_does_not_fit(self, key: int) -> None:
        payload = changed(a_confirmation().payload, lambda _, fields: fields.update({key: True}))
        assert problems("import-confirmation", payload, "confirmation-claims")

    @pytest.mark.parametrize("key", sorted(codec.CONFIRMATION_FIELDS.keys() - {7}))
    def test_a_missing_field_does_not_fit(self, key: int) -> None:
        payload = changed(a_confirmation().payload, lambda _, fields: fields.pop(key))
        assert problems("import-confirmation", payload, "confirmation-claims")


class TestParticipantRecord:
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    def test_what_is_signed_fits(self, algorithm: Algorithm) -> None:
        assert problems("participant-record", signed.an_authority(algorithm=algorithm).record_bytes) == []

    @pytest.mark.parametrize("why", list(Ended))
    def test_fits_with_a_key_whose_time_ended(self, why: Ended) -> None:
        authority = signed.an_authority().with_key(Usage.STAMP, until=signed.PINNED_AT, ended=why)
        assert problems("participant-record", authority.record_bytes) == []

    @pytest.mark.parametrize(
        ("item", "value"),
        [(0, bytes(90)), (1, 0), (1, 7), (2, None), (3, None), (4, -1), (5, 1_800_000_000), (6, 0), (7, -35)],
        ids=["key", "root", "usage", "holder", "office", "since", "no reason", "no end", "algorithm"],
    )
    def test_a_key_with_something_else_in_it_does_not_fit(self, item: int, value: object) -> None:
        record = cose.read(signed.an_authority().record_bytes)

        def change(_: Claims, fields: Claims) -> None:
            fields[2][0][item] = value

        assert problems("participant-record", record.payload, "record-claims") == []
        assert problems("participant-record", changed(record.payload, change), "record-claims")


class TestTrustList:
    def test_what_is_signed_fits_with_its_holders(self) -> None:
        listed = signed.a_trust_list(*signed.two_authorities())
        data = listed.to_bytes(signers=list(signed.list_signers().values()))
        assert trust.read_list(data, holders=signed.holders()) == listed
        assert problems("trust-list", data) == []
        assert problems("trust-list", signed.holders().to_bytes(), "holders") == []

    def test_an_approval_fits_by_itself(self) -> None:
        approval = trust.approve(a_certificate(), signer=signed.a_signer("second official"), at=signed.PINNED_AT)
        assert problems("approval", approval.to_bytes()) == []

    def test_an_approval_does_not_fit_in_the_place_of_the_list(self) -> None:
        approval = trust.approve(a_certificate(), signer=signed.a_signer("second official"), at=signed.PINNED_AT)
        assert problems("trust-list", codec.encode([approval.to_bytes()]))

    def test_one_holder_alone_does_not_fit(self) -> None:
        threshold, everybody = cbor2.loads(signed.holders().to_bytes())
        assert problems("trust-list", cbor2.dumps([1, everybody]), "holders")
        assert problems("trust-list", cbor2.dumps([threshold, everybody[:1]]), "holders")

    def test_a_table_with_one_column_less_does_not_fit(self) -> None:
        listed = signed.a_trust_list(signed.an_authority())
        tables = {name: [list(row) for row in rows] for name, rows in listed.standing.items()}
        tables["standing"][0].pop()
        short = replace(listed, standing=tables).to_bytes(signers=list(signed.list_signers().values()))
        assert problems("trust-list", short)
