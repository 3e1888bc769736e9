"""The one shape of a signed object, and each deviation from it."""

from __future__ import annotations

import hashlib
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from macle import errors
from macle.proof import codec, cose
from macle.proof.codec import CBORMalformed, NotDeterministic
from macle.proof.cose import Algorithm, EnvelopeMalformed, Signed
from tests.support.signed import a_signer

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SIGNER = a_signer("cose")
SIGNED = cose.sign(signer=SIGNER, typ=cose.CERTIFICATE, payload=b"payload")
HEADER: dict[Any, Any] = {1: -7, 4: SIGNER.key_id, 16: cose.CERTIFICATE}


def parts() -> list[Any]:
    return [SIGNED.protected, {}, SIGNED.payload, SIGNED.signature]


def tagged(value: object) -> bytes:
    return b"\xd2" + cbor2.dumps(value, canonical=True)


def with_header(header: object) -> bytes:
    return tagged([cbor2.dumps(header, canonical=True), *parts()[1:]])


def refusal_of(data: bytes) -> errors.Malformed:
    with pytest.raises(errors.Malformed) as raised:
        cose.read(data)
    return raised.value


class TestSign:
    @pytest.mark.parametrize("algorithm", list(Algorithm))
    @given(payload=st.binary(max_size=300))
    def test_makes_what_is_read_as_the_same(self, algorithm: Algorithm, payload: bytes) -> None:
        signer = a_signer("cose", algorithm)
        signed = cose.sign(signer=signer, typ=cose.RECORD, payload=payload)
        assert cose.read(signed.to_bytes()) == signed
        assert signed.header == cose.Header(int(algorithm), signer.key_id, cose.RECORD)
        assert signer.public_key.has_signed(signed.to_be_signed, signed.signature)

    @pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65535, 65536, 70000])
    def test_writes_every_length_with_its_shortest_head(self, size: int) -> None:
        signed = Signed(SIGNED.protected, bytes(size), SIGNED.signature, SIGNED.header)
        encoded = cbor2.loads(signed.to_bytes())
        assert isinstance(encoded, cbor2.CBORTag)
        assert signed.to_bytes() == cbor2.dumps(encoded)
        assert cose.read(signed.to_bytes(), largest=10**6) == signed

    def test_signs_the_structure_of_rfc_9052(self) -> None:
        structure = ["Signature1", SIGNED.protected, b"", SIGNED.payload]
        assert SIGNED.to_be_signed == cbor2.dumps(structure)
        assert SIGNED.identity == hashlib.sha256(cbor2.dumps(structure)).digest()

    def test_signs_the_same_bytes_with_the_same_signature(self) -> None:
        again = cose.sign(signer=SIGNER, typ=cose.CERTIFICATE, payload=b"payload")
        assert again.to_bytes() == SIGNED.to_bytes()


class TestRead:
    @pytest.mark.parametrize(
        "opening", [b"", b"\xd1", b"\xd8\x12", b"\xd8\x62\xd2", b"\xd9\xd9\xf7\xd2", b"\xd2\xd2", b"\xc1"]
    )
    def test_refuses_another_tag_or_none(self, opening: bytes) -> None:
        error = refusal_of(opening + SIGNED.to_bytes()[1:])
        assert error.where == "envelope"

    @pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6])
    def test_refuses_any_other_number_of_parts(self, count: int) -> None:
        error = refusal_of(tagged([*parts(), b"", b""][:count]))
        assert isinstance(error, EnvelopeMalformed)

    @pytest.mark.parametrize("value", [{}, b"", "x", None, 4, {0: b"", 1: {}, 2: b"", 3: b""}])
    def test_refuses_what_is_no_array(self, value: object) -> None:
        assert isinstance(refusal_of(tagged(value)), EnvelopeMalformed)

    @pytest.mark.parametrize(
        ("index", "wrong", "where"),
        [
            (0, {}, "envelope"),
            (0, "x", "envelope"),
            (0, None, "envelope"),
            (1, {4: SIGNER.key_id}, "unprotected header"),
            (1, {"x": 1}, "unprotected header"),
            (1, [], "unprotected header"),
            (1, b"", "unprotected header"),
            (1, None, "unprotected header"),
            (2, None, "envelope"),
            (2, "payload", "envelope"),
            (2, {}, "envelope"),
            (3, None, "envelope"),
            (3, "x" * 64, "envelope"),
            (3, b"", "signature"),
            (3, bytes(63), "signature"),
            (3, bytes(65), "signature"),
            (3, bytes(72), "signature"),
        ],
    )
    def test_refuses_a_part_that_is_not_what_it_must_be(self, index: int, wrong: object, where: str) -> None:
        changed = parts()
        changed[index] = wrong
        error = refusal_of(tagged(changed))
        assert isinstance(error, EnvelopeMalformed)
        assert error.where == where

    @pytest.mark.parametrize(
        "header",
        [
            {**HEADER, 2: [1]},
            {**HEADER, 2: []},
            {key: HEADER[key] for key in (4, 16)},
            {key: HEADER[key] for key in (1, 16)},
            {key: HEADER[key] for key in (1, 4)},
            {**HEADER, 1: "ES256"},
            {**HEADER, 1: True},
            {**HEADER, 4: "12345678"},
            {**HEADER, 4: bytes(7)},
            {**HEADER, 4: bytes(9)},
            {**HEADER, 4: bytes(32)},
            {**HEADER, 16: 5},
            {**HEADER, 16: b"x"},
            {},
            [],
            "x",
            None,
        ],
    )
    def test_refuses_a_header_that_lacks_or_orders_something(self, header: object) -> None:
        error = refusal_of(with_header(header))
        assert isinstance(error, EnvelopeMalformed)
        assert error.where == "protected header"

    @pytest.mark.parametrize(
        ("protected", "error"),
        [
            (b"", CBORMalformed),
            (b"\xa0\x00", NotDeterministic),
            (b"\xbf\xff", CBORMalformed),
            (codec.encode(HEADER)[:-1], CBORMalformed),
            (codec.encode({**HEADER, 16: "x" * cose.LARGEST_HEADER}), CBORMalformed),
        ],
    )
    def test_refuses_a_header_in_another_encoding(self, protected: bytes, error: type[errors.Malformed]) -> None:
        refusal = refusal_of(tagged([protected, *parts()[1:]]))
        assert (type(refusal), refusal.where) == (error, "protected header")

    def test_reads_the_algorithm_and_type_as_they_stand_whoever_may_know_them(self) -> None:
        strange = cose.read(with_header({**HEADER, 1: -999, 16: "text/plain", 99: "more"}))
        assert (strange.header.algorithm, strange.header.typ) == (-999, "text/plain")

    @pytest.mark.parametrize(
        "data",
        [
            SIGNED.to_bytes() + b"\x00",
            SIGNED.to_bytes()[:-1],
            b"\xd2\x9f" + SIGNED.to_bytes()[2:] + b"\xff",
            b"\xd2\x98\x04" + SIGNED.to_bytes()[2:],
            b"\xd2",
            b"",
        ],
    )
    def test_refuses_any_other_encoding_of_the_same(self, data: bytes) -> None:
        assert refusal_of(data).where == "envelope"

    def test_refuses_more_than_64_kib_unless_told_otherwise(self) -> None:
        large = Signed(SIGNED.protected, bytes(codec.LARGEST), SIGNED.signature, SIGNED.header).to_bytes()
        assert isinstance(refusal_of(large), CBORMalformed)
        assert cose.read(large, largest=2 * codec.LARGEST).payload == bytes(codec.LARGEST)

    @given(st.integers(0, len(SIGNED.to_bytes()) - 1), st.integers(1, 255))
    def test_reads_a_changed_byte_as_another_object_or_none(self, at: int, change: int) -> None:
        changed = bytearray(SIGNED.to_bytes())
        changed[at] ^= change
        try:
            read = cose.read(bytes(changed))
        except errors.Malformed:
            return
        assert read.to_bytes() == bytes(changed)
        same_content = (read.protected, read.payload) == (SIGNED.protected, SIGNED.payload)
        assert (read.identity == SIGNED.identity) is same_content
        assert not SIGNER.public_key.has_signed(read.to_be_signed, read.signature)


class TestIdentity:
    def test_stays_when_an_ecdsa_signature_is_turned_into_its_other_form(self) -> None:
        r, s = SIGNED.signature[:32], int.from_bytes(SIGNED.signature[32:])
        turned = Signed(SIGNED.protected, SIGNED.payload, r + (ORDER - s).to_bytes(32), SIGNED.header)
        assert turned.to_bytes() != SIGNED.to_bytes()
        assert SIGNER.public_key.has_signed(turned.to_be_signed, turned.signature)
        assert cose.read(turned.to_bytes()).identity == SIGNED.identity

    def test_changes_with_the_payload_the_type_and_the_key(self) -> None:
        others = [
            cose.sign(signer=SIGNER, typ=cose.CERTIFICATE, payload=b"payloae"),
            cose.sign(signer=SIGNER, typ=cose.CONFIRMATION, payload=b"payload"),
            cose.sign(signer=a_signer("another"), typ=cose.CERTIFICATE, payload=b"payload"),
        ]
        assert len({SIGNED.identity, *(other.identity for other in others)}) == 4

    def test_does_not_flow_from_the_header_into_the_payload(self) -> None:
        one = Signed(b"ab", b"c", bytes(64), SIGNED.header)
        other = Signed(b"a", b"bc", bytes(64), SIGNED.header)
        assert one.identity != other.identity


class TestExpect:
    def test_passes_the_type_that_is_meant(self) -> None:
        cose.expect(SIGNED, cose.CERTIFICATE)

    @pytest.mark.parametrize("typ", [cose.CONFIRMATION, cose.RECORD, cose.TRUST_LIST, cose.APPROVAL, ""])
    def test_refuses_every_other_type(self, typ: str) -> None:
        with pytest.raises(cose.OfAnotherType):
            cose.expect(SIGNED, typ)
