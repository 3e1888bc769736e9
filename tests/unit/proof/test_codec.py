"""One encoding for each object, and nothing else is read."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle import errors
from macle.proof import codec
from macle.proof.codec import CBORMalformed, FieldMalformed, NotDeterministic
from macle.scheme.certificates import Certificate, CertificateMalformed
from macle.scheme.confirmations import ConfirmationMalformed, ImportConfirmation
from macle.scheme.terms import TermInvalid
from tests.support.signed import a_full_certificate, a_small_certificate, a_small_confirmation, an_authority
from tests.unit.proof import strategies

FULL = a_full_certificate()
CONFIRMATION = a_small_confirmation(an_authority().sign(FULL))


def nested(depth: int) -> Any:
    """Return that many arrays within each other."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def claims_of(payload: bytes) -> dict[int, Any]:
    """Return the claims as plain data, to change them."""
    claims: dict[int, Any] = cbor2.loads(payload)
    return claims


def decode(data: bytes) -> Any:
    return codec.decode(data, what="test")


class TestValues:
    @given(strategies.values)
    def test_come_back_as_they_were(self, value: object) -> None:
        assert decode(codec.encode(value)) == value

    @given(st.dictionaries(strategies.new_keys, strategies.values))
    def test_are_encoded_alike_in_whatever_order_they_were_put(self, value: dict[int, object]) -> None:
        assert codec.encode(dict(reversed(value.items()))) == codec.encode(value)

    @given(strategies.values)
    def test_are_encoded_as_an_independent_canonical_encoder_does(self, value: object) -> None:
        """The older order of RFC 7049 differs from ours only between texts and integers of other lengths."""

        def bytewise(part: Any) -> bytes:
            if isinstance(part, dict):
                pairs = sorted((bytewise(key), bytewise(inner)) for key, inner in part.items())
                return _head(5, len(pairs)) + b"".join(key + inner for key, inner in pairs)
            if isinstance(part, list):
                return _head(4, len(part)) + b"".join(map(bytewise, part))
            return cbor2.dumps(part)

        assert codec.encode(value) == bytewise(value)

    @pytest.mark.parametrize(
        "value",
        [1.5, 2**64, -(2**64) - 1, {1, 2}, date(2026, 1, 1), cbor2.undefined, {1.5: 1}, {True: 1}, {b"": 1}, object],
    )
    def test_of_other_types_are_not_encoded(self, value: object) -> None:
        with pytest.raises(CBORMalformed):
            codec.encode(value)

    def test_nest_as_deeply_in_reading_as_in_writing(self) -> None:
        deepest = codec.encode(nested(codec.DEEPEST))
        assert decode(deepest) == nested(codec.DEEPEST)
        with pytest.raises(CBORMalformed):
            codec.encode(nested(codec.DEEPEST + 1))
        with pytest.raises(CBORMalformed):
            decode(b"\x81" + deepest)


def _head(major: int, size: int) -> bytes:
    return bytes((major << 5 | size,)) if size < 24 else bytes((major << 5 | 24, size))


class TestDecode:
    @pytest.mark.parametrize(
        ("data", "error"),
        [
            # Longer heads than needed.
            ("1805", NotDeterministic),
            ("190005", NotDeterministic),
            ("1a00000005", NotDeterministic),
            ("1b0000000000000005", NotDeterministic),
            ("3805", NotDeterministic),
            ("5801aa", NotDeterministic),
            ("780161", NotDeterministic),
            ("980105", NotDeterministic),
            ("b8010102", NotDeterministic),
            ("1900ff", NotDeterministic),
            ("1a0000ffff", NotDeterministic),
            # Keys out of order, or twice.
            ("a202010101", NotDeterministic),
            ("a220010101", NotDeterministic),
            ("a26162016161 02".replace(" ", ""), NotDeterministic),
            ("a262616101616202", NotDeterministic),
            ("81a202010101", NotDeterministic),
            ("a101a202010101", NotDeterministic),
            ("a201010102", CBORMalformed),
            ("a2616101616102", CBORMalformed),
            ("a2010118010 2".replace(" ", ""), CBORMalformed),
            # Indefinite lengths, and a break without any.
            ("9fff", CBORMalformed),
            ("bfff", CBORMalformed),
            ("5f4100ff", CBORMalformed),
            ("7f6161ff", CBORMalformed),
            ("ff", CBORMalformed),
            ("81ff", CBORMalformed),
            # Tags, bignums among them.
            ("c001", CBORMalformed),
            ("c11a00000000", CBORMalformed),
            ("c24101", CBORMalformed),
            ("c249010000000000000000", CBORMalformed),
            ("c34101", CBORMalformed),
            ("c482010a", CBORMalformed),
            ("d81c80", CBORMalformed),
            ("d81d00", CBORMalformed),
            ("d90100816161", CBORMalformed),
            ("d9010281 01".replace(" ", ""), CBORMalformed),
            ("d9d9f700", CBORMalformed),
            ("d818 4100".replace(" ", ""), CBORMalformed),
            ("da7fffffff00", CBORMalformed),
            ("81d82301", CBORMalformed),
            # Floats, undefined, simple values.
            ("f90000", CBORMalformed),
            ("fa00000000", CBORMalformed),
            ("fb0000000000000000", CBORMalformed),
            ("f97e00", CBORMalformed),
            ("f7", CBORMalformed),
            ("81f7", CBORMalformed),
            ("e0", CBORMalformed),
            ("f8ff", CBORMalformed),
            ("f818", CBORMalformed),
            # Keys that are neither integer nor text.
            ("a1f501", CBORMalformed),
            ("a14001", CBORMalformed),
            ("a1f601", CBORMalformed),
            ("a18001", CBORMalformed),
            ("a1a001", CBORMalformed),
            # Something behind the end, nothing at all, or not all of it.
            ("0000", NotDeterministic),
            ("8000", NotDeterministic),
            ("", CBORMalformed),
            ("18", CBORMalformed),
            ("8101ff"[:2], CBORMalformed),
            ("4201", CBORMalformed),
            ("1c", CBORMalformed),
            ("5e", CBORMalformed),
            # Text that is none.
            ("61ff", CBORMalformed),
            ("63eda080", CBORMalformed),
        ],
    )
    def test_refuses_what_is_not_core_deterministic(self, data: str, error: type[errors.Malformed]) -> None:
        with pytest.raises(errors.Malformed) as raised:
            decode(bytes.fromhex(data))
        assert (type(raised.value), raised.value.where) == (error, "test")

    @pytest.mark.parametrize("head", ["9b", "5b", "7b", "bb", "9a", "5a", "7a", "ba"])
    def test_refuses_huge_lengths_without_making_room_for_them(self, head: str) -> None:
        size = "ffffffff" if head.endswith("a") else "00000fffffffffff"
        tracemalloc.start()
        begun = time.perf_counter()
        with pytest.raises(CBORMalformed):
            decode(bytes.fromhex(head + size) + b"\x00" * 100)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert time.perf_counter() - begun < 1
        assert most < 2**20

    @pytest.mark.parametrize("opening", [b"\x81", b"\xa1\x01", b"\x82\x00", b"\xc1", b"\xd8\x20"])
    def test_refuses_deep_nesting_however_deep(self, opening: bytes) -> None:
        for depth in (codec.DEEPEST + 1, 1000, 30_000):
            with pytest.raises(CBORMalformed):
                decode((opening * depth + b"\x00")[: codec.LARGEST])

    def test_refuses_more_bytes_than_the_largest_object_has(self) -> None:
        largest = codec.encode(bytes(codec.LARGEST - 3))
        assert len(largest) == codec.LARGEST
        assert decode(largest) == bytes(codec.LARGEST - 3)
        with pytest.raises(CBORMalformed):
            decode(codec.encode(bytes(codec.LARGEST - 2)))
        assert codec.decode(largest + b"", what="list", largest=codec.LARGEST * 2)

    @given(st.binary(max_size=200))
    def test_takes_any_bytes_for_one_value_or_for_none(self, data: bytes) -> None:
        try:
            value = decode(data)
        except (CBORMalformed, NotDeterministic):
            return
        assert codec.encode(value) == data


class TestCertificates:
    @given(strategies.certificates())
    def test_come_back_whole_and_byte_for_byte(self, certificate: Certificate) -> None:
        payload = codec.encode_certificate(certificate)
        read = codec.decode_certificate(payload)
        assert read == certificate
        assert codec.encode_certificate(read) == payload

    @given(strategies.certificates())
    def test_are_encoded_alike_each_time(self, certificate: Certificate) -> None:
        again = replace(certificate, extensions=dict(reversed(list(certificate.extensions.items()))))
        assert codec.encode_certificate(again) == codec.encode_certificate(certificate)

    @given(strategies.extensions)
    def test_keep_the_fields_of_a_later_version(self, extensions: dict[int, object]) -> None:
        claims = claims_of(codec.encode_certificate(a_small_certificate()))
        claims[codec.PRIVATE] |= extensions
        payload = codec.encode(claims)
        read = codec.decode_certificate(payload)
        assert read.extensions == extensions
        assert codec.encode_certificate(read) == payload

    @pytest.mark.parametrize("key", [*codec.CERTIFICATE_FIELDS, "19", True, None])
    def test_refuse_an_extension_that_bears_a_known_key_or_none(self, key: Any) -> None:
        with pytest.raises(FieldMalformed) as raised:
            codec.encode_certificate(a_small_certificate(extensions={key: 1}))
        assert raised.value.where == f"extension {key}"

    def test_keep_an_extension_of_the_depth_that_is_left(self) -> None:
        deepest = a_small_certificate(extensions={99: nested(codec.DEEPEST - 2)})
        assert codec.decode_certificate(codec.encode_certificate(deepest)) == deepest
        with pytest.raises(CBORMalformed):
            codec.encode_certificate(a_small_certificate(extensions={99: nested(codec.DEEPEST - 1)}))

    @pytest.mark.parametrize("claim", [codec.ISSUER, codec.SUBJECT, codec.EXPIRES, codec.ISSUED_AT, codec.PRIVATE])
    @pytest.mark.parametrize("wrong", [None, 1.5, "no", -1, b"", [], True, 2**64 - 1])
    def test_lack_no_claim_and_no_claim_is_of_another_type(self, claim: int, wrong: object) -> None:
        claims = claims_of(codec.encode_certificate(FULL))
        name = codec.CERTIFICATE_CLAIMS[claim]
        del claims[claim]
        with pytest.raises(errors.Malformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == name
        if wrong == 1.5:
            return
        with pytest.raises(errors.Malformed) as raised:
            codec.decode_certificate(codec.encode({**claims, claim: wrong}))
        assert raised.value.where == name

    @pytest.mark.parametrize("key", [key for key in codec.CERTIFICATE_FIELDS if key != 18])
    def test_lack_no_field(self, key: int) -> None:
        claims = claims_of(codec.encode_certificate(FULL))
        del claims[codec.PRIVATE][key]
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == codec.CERTIFICATE_FIELDS[key]

    @pytest.mark.parametrize("key", list(codec.CERTIFICATE_FIELDS))
    @pytest.mark.parametrize("wrong", [None, True, -1, 2**64 - 1, "", "x\n", b"x", [], [1, 2, 3, 4, 5, 6], {}, [[[]]]])
    def test_have_no_field_of_another_type_or_out_of_range(self, key: int, wrong: object) -> None:
        claims = claims_of(codec.encode_certificate(FULL))
        claims[codec.PRIVATE][key] = wrong
        with pytest.raises((FieldMalformed, CertificateMalformed, TermInvalid)):
            codec.decode_certificate(codec.encode(claims))

    @pytest.mark.parametrize(
        ("key", "wrong", "where"),
        [
            (0, 3, "kind"),
            (14, 3, "consent_level"),
            (3, 3_000_000, "date_of_issuance"),
            (5, ["Example", "", "Gaborone", "bw", ""], "exporter"),
            (6, ["Example", "", "Gaborone", "BW"], "importer"),
            (6, ["Example", "", "Gaborone", "BW", 1], "importer"),
            (7, "eu", "destination"),
            (8, "EUR", "country_of_provenance"),
            (9, [3, [], ""], "origin.kind"),
            (9, [True, [], ""], "origin"),
            (9, [1, ["AO", "b"], ""], "origin.countries"),
            (9, [1, ["AO", 1], ""], "origin.countries"),
            (9, [1, ["AO"] * 65, ""], "origin"),
            (9, [1, ["AO", "AO"], ""], "origin"),
            (10, [], "lines"),
            (10, [[0, 1, 1]] * 2, "lines"),
            (10, [[0, 1, 1]] * 4, "lines"),
            (10, [[3, 1, 1]], "lines"),
            (10, [[-1, 1, 1]], "lines"),
            (10, [[0, 1]], "lines"),
            (10, [[0, 1, True]], "lines"),
            (11, 0, "parcels"),
            (12, ["A", 1], "container_seals"),
            (12, ["A", "A"], "container_seals"),
            (13, [4, [], ""], "validation.kind"),
            (13, [0, [1], ""], "validation.officials"),
            (13, [3, [], ""], "validation.reference"),
            (15, ["v", ""], "profile.statement"),
            (16, 2**32, "status_index"),
            (17, bytes(31), "record_digest"),
            (18, ["BW 1", b""], "refers_to"),
            (18, ["BW1", bytes(5)], "refers_to.identity"),
            (18, ["bw1", b""], "refers_to"),
        ],
    )
    def test_say_which_field_it_is(self, key: int, wrong: object, where: str) -> None:
        claims = claims_of(codec.encode_certificate(FULL))
        claims[codec.PRIVATE][key] = wrong
        with pytest.raises(errors.Malformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == where

    @pytest.mark.parametrize("line", [[0, 10**11, 1], [0, 1, 10**15], [0, -1, 1]])
    def test_hold_no_weight_or_value_beyond_the_limit(self, line: list[int]) -> None:
        claims = claims_of(codec.encode_certificate(FULL))
        claims[codec.PRIVATE][10] = [line]
        with pytest.raises(TermInvalid):
            codec.decode_certificate(codec.encode(claims))

    def test_have_the_issuer_that_their_number_names(self) -> None:
        claims = claims_of(codec.encode_certificate(FULL)) | {codec.ISSUER: "NA"}
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == "issuer"

    def test_write_their_number_as_one_word(self) -> None:
        claims = claims_of(codec.encode_certificate(FULL)) | {codec.SUBJECT: "BW 00004821"}
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == "number"

    @pytest.mark.parametrize("claim", [0, 3, 5, 7, -65538, "x"])
    def test_have_no_claim_beside_the_known_ones(self, claim: object) -> None:
        claims: dict[Any, Any] = {**claims_of(codec.encode_certificate(FULL)), claim: 1}
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == f"claim {claim}"

    def test_have_no_field_under_a_text(self) -> None:
        claims = claims_of(codec.encode_certificate(FULL))
        claims[codec.PRIVATE]["later"] = 1
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_certificate(codec.encode(claims))
        assert raised.value.where == "later"

    @pytest.mark.parametrize("value", [[], 1, "x", None, b""])
    def test_are_maps(self, value: object) -> None:
        with pytest.raises(FieldMalformed):
            codec.decode_certificate(codec.encode(value))

    @pytest.mark.parametrize(
        "changes",
        [
            {"validated_at": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "date_of_issuance": date(1970, 1, 1)},
            {"validated_at": datetime(1970, 1, 1, tzinfo=UTC), "date_of_issuance": date(1969, 12, 31)},
        ],
    )
    def test_before_1970_are_not_written_as_nobody_could_read_them(self, changes: dict[str, Any]) -> None:
        with pytest.raises(FieldMalformed):
            codec.encode_certificate(a_small_certificate(**changes))

    def test_hold_the_first_and_the_last_second_there_is(self) -> None:
        for moment in (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)):
            certificate = a_small_certificate(validated_at=moment, date_of_issuance=moment.date())
            assert codec.decode_certificate(codec.encode_certificate(certificate)).validated_at == moment
        last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        assert codec.instant(codec.seconds(last), where="x") == last - timedelta(microseconds=999999)

    @pytest.mark.parametrize(
        ("shortest", "other"),
        [
            (b"\x11" + b"\x58\x20" + FULL.record_digest, b"\x18\x11" + b"\x58\x20" + FULL.record_digest),
            (b"\x58\x20" + FULL.record_digest, b"\x59\x00\x20" + FULL.record_digest),
            (b"\x58\x20" + FULL.record_digest, b"\x5f\x58\x20" + FULL.record_digest + b"\xff"),
            (b"\x0b\x0a", b"\x0b\x18\x0a"),
            (b"\x0b\x0a", b"\x0b\xc2\x41\x0a"),
            (b"\x0b\x0a", b"\x0b\xf9\x49\x00"),
            (b"\x0b\x0a", b"\x0b\xd8\x20\x0a"),
            (b"\x00\x02\x01\x68Gaborone", b"\x01\x68Gaborone\x00\x02"),
            (b"\x00\x02\x01\x68Gaborone", b"\xf4\x02\xf5\x68Gaborone"),
            (b"\x00\x02\x01\x68Gaborone", b"\x00\x02\x01\x78\x08Gaborone"),
            (b"\x13\x78\x1a", b"\x18\x13\x78\x1a"),
        ],
    )
    def test_in_any_other_encoding_are_refused(self, shortest: bytes, other: bytes) -> None:
        payload = codec.encode_certificate(FULL)
        assert payload.count(shortest) == 1
        with pytest.raises((NotDeterministic, CBORMalformed, FieldMalformed)):
            codec.decode_certificate(payload.replace(shortest, other))
        with pytest.raises((NotDeterministic, CBORMalformed)):
            codec.decode_certificate(payload + b"\x00")

    @pytest.mark.parametrize(
        "value",
        ["1801", "f90000", "f7", "c000", "9fff", "a202010101", "a201010102", "a1f501", "e0", "c24101", "5f4100ff"],
    )
    def test_hold_no_extension_in_any_other_encoding(self, value: str) -> None:
        mark = codec.encode("the value is put here")
        payload = codec.encode_certificate(a_small_certificate(extensions={99: "the value is put here"}))
        with pytest.raises((NotDeterministic, CBORMalformed)):
            codec.decode_certificate(payload.replace(mark, bytes.fromhex(value)))

    @given(st.integers(0, 10**9), st.integers(0, 255))
    def test_changed_by_one_byte_are_another_certificate_or_none(self, at: int, byte: int) -> None:
        payload = bytearray(codec.encode_certificate(FULL))
        payload[at % len(payload)] = byte
        try:
            read = codec.decode_certificate(bytes(payload))
        except errors.Malformed:
            return
        assert codec.encode_certificate(read) == bytes(payload)

    def test_are_small_enough_for_the_code_on_the_sheet(self) -> None:
        assert len(codec.encode_certificate(FULL)) < 1500


class TestConfirmations:
    @given(strategies.confirmations)
    def test_come_back_whole_and_byte_for_byte(self, confirmation: ImportConfirmation) -> None:
        payload = codec.encode_confirmation(confirmation)
        read = codec.decode_confirmation(payload)
        assert read == confirmation
        assert codec.encode_confirmation(read) == payload

    @pytest.mark.parametrize("key", list(codec.CONFIRMATION_FIELDS))
    def test_refuse_an_extension_that_bears_a_known_key(self, key: int) -> None:
        with pytest.raises(FieldMalformed):
            codec.encode_confirmation(replace(CONFIRMATION, extensions={key: 1}))

    @pytest.mark.parametrize("key", list(codec.CONFIRMATION_FIELDS))
    @pytest.mark.parametrize("wrong", [None, True, -1, 2**64 - 1, b"x", [], {}])
    def test_have_no_field_of_another_type(self, key: int, wrong: object) -> None:
        claims = claims_of(codec.encode_confirmation(CONFIRMATION))
        claims[codec.PRIVATE][key] = wrong
        with pytest.raises((FieldMalformed, ConfirmationMalformed, CertificateMalformed)):
            codec.decode_confirmation(codec.encode(claims))

    @pytest.mark.parametrize("key", [key for key in codec.CONFIRMATION_FIELDS if key != 7])
    def test_lack_no_field_but_the_measured_figures(self, key: int) -> None:
        claims = claims_of(codec.encode_confirmation(CONFIRMATION))
        del claims[codec.PRIVATE][7]
        assert codec.decode_confirmation(codec.encode(claims)).measured is None
        del claims[codec.PRIVATE][key]
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_confirmation(codec.encode(claims))
        assert raised.value.where == codec.CONFIRMATION_FIELDS[key]

    def test_do_not_expire(self) -> None:
        claims = claims_of(codec.encode_confirmation(CONFIRMATION)) | {codec.EXPIRES: 1}
        with pytest.raises(FieldMalformed) as raised:
            codec.decode_confirmation(codec.encode(claims))
        assert raised.value.where == "claim 4"

    def test_are_no_certificates(self) -> None:
        with pytest.raises(errors.Malformed):
            codec.decode_certificate(codec.encode_confirmation(CONFIRMATION))
        with pytest.raises(errors.Malformed):
            codec.decode_confirmation(codec.encode_certificate(FULL))
