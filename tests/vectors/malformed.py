"""Vectors of what is no certificate: the carrier, the envelope, the type (steps 1 to 3) and the content (step 7)."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import cbor2

from macle.proof import codec, cose, qr, trust, views
from tests.support.signed import a_signer, a_small_confirmation, an_authority
from tests.vectors import good, world
from tests.vectors.vector import (
    CERTIFICATE_TYPE,
    INCOMPLETE,
    Vector,
    a_header,
    certify,
    malformed,
    sign,
    spoilt,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.vectors.vector import Message

_KEY = "BW validate"
CARRIER, ENVELOPE, TYPE = malformed(1), malformed(2), malformed(3)


def vectors() -> Iterator[Vector]:
    """Give all vectors of what cannot be read."""
    yield from _carriers()
    yield from _truncations()
    yield from _envelopes()
    yield from _headers()
    yield from _types()
    yield from _missing_fields()
    yield from _wrong_fields()
    yield from _impossible_contents()
    yield from _encodings()


# --- Step 1: the carrier ----------------------------------------------------------------------------


def stored(data: bytes) -> bytes:
    """Return the zlib form without compression, which is the same whatever library makes it."""
    return b"\x78\x01" + _stored_block(data, last=True) + zlib.adler32(data).to_bytes(4)


def _stored_block(data: bytes, *, last: bool) -> bytes:
    size = len(data)
    return bytes((last,)) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + data


def bomb(size: int) -> bytes:
    """Return the zlib form of that many zero bytes: one zero, and copies of it, 258 bytes in 13 bits each."""
    bits, copies = "110" + "00110000", -(-(size - 1) // 258)
    bits += ("11000101" + "00000") * copies + "0000000"
    bits += "0" * (-len(bits) % 8)
    packed = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    return b"\x78\x01" + packed + zlib.adler32(bytes(1 + 258 * copies)).to_bytes(4)


def _gzip(data: bytes) -> bytes:
    """Return the gzip form without compression."""
    head, size = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", len(data).to_bytes(4, "little")
    return head + _stored_block(data, last=True) + zlib.crc32(data).to_bytes(4, "little") + size


def _as_text(data: bytes) -> str:
    return qr.PREFIX + qr.to_base45(data)


def _wrapped_triple(body: str) -> str:
    """Return the text with 65536 added to the first triple that leaves room for it."""
    for at in range(0, len(body) - 2, 3):
        first, second, third = (_ALPHABET.index(letter) for letter in body[at : at + 3])
        value = first + second * 45 + third * 2025 + 65536
        if value < 45**3:
            letters = _ALPHABET[value % 45] + _ALPHABET[value // 45 % 45] + _ALPHABET[value // 2025]
            return "KP1:" + body[:at] + letters + body[at + 3 :]
    raise AssertionError(body)


def _wrapped_pair(packed: bytes) -> str:
    """Return the text of an odd number of bytes with 256 added to the last of them."""
    value = packed[-1] + 256
    assert len(packed) % 2 == 1
    return "KP1:" + qr.to_base45(packed)[:-2] + _ALPHABET[value % 45] + _ALPHABET[value // 45]


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def _carriers() -> Iterator[Vector]:
    message = certify(world.a_certificate())
    packed = stored(message.cose)
    body = qr.to_base45(packed)
    wrong_sum = packed[:-1] + bytes((packed[-1] ^ 1,))
    cases: dict[str, tuple[str, str]] = {
        "empty": ("Nothing at all.", ""),
        "prefix-alone": ("The prefix and nothing behind it.", "KP1:"),
        "no-prefix": ("The prefix is missing.", body),
        "prefix-small": ("The prefix in small letters.", "kp1:" + body),
        "prefix-of-version-2": ("The prefix of another version.", "KP2:" + body),
        "prefix-of-health-certificate": ("The prefix of another kind of certificate.", "HC1:" + body),
        "prefix-twice": ("The prefix stands twice.", "KP1:KP1:" + body),
        "space-before": ("A space before the prefix.", " KP1:" + body),
        "space-behind": ("A space behind the text; it is part of the alphabet.", "KP1:" + body + " "),
        "line-end-behind": ("A line end behind the text.", "KP1:" + body + "\n"),
        "small-letters": ("All in small letters.", "KP1:" + body.lower()),
        "foreign-character": ("One character that Base45 does not have.", "KP1:" + body[:40] + "#" + body[41:]),
        "not-ascii": ("One character that is not ASCII.", "KP1:" + body[:40] + "É" + body[41:]),
        "full-width-digit": ("One digit in its full-width form.", "KP1:" + body[:40] + "\uff17" + body[41:]),
        "nul": ("A NUL character.", "KP1:" + body[:40] + "\x00" + body[41:]),
        "triple-overflows": (
            "Three characters that stand for more than two bytes.",
            "KP1:" + body[:60] + ":::" + body[63:],
        ),
        "triple-just-overflows": ("Three characters that stand for 65536.", "KP1:" + body[:60] + "GGW" + body[63:]),
        "pair-overflows": (
            "Two last characters that stand for more than a byte.",
            "KP1:" + qr.to_base45(packed[:60]) + "::",
        ),
        "triple-wraps": (
            "Three characters that stand for 65536 more than they should: only what is left of it is right.",
            _wrapped_triple(body),
        ),
        "pair-wraps": (
            "Two last characters that stand for 256 more than they should: only what is left of it is right.",
            _wrapped_pair(packed if len(packed) % 2 else stored(certify(world.a_certificate("BW000048210")).cose)),
        ),
        "one-character-left": ("One last character that stands for nothing.", "KP1:" + qr.to_base45(packed[:60]) + "A"),
        "base64": ("Base64 instead of Base45.", "KP1:" + base64.b64encode(packed).decode()),
        "hexadecimal": ("Hexadecimal digits instead of Base45.", "KP1:" + message.cose.hex().upper()),
        "not-deflated": ("The COSE bytes without zlib.", _as_text(message.cose)),
        "raw-deflate": ("Deflated without the head and the sum of zlib.", _as_text(packed[2:-4])),
        "gzip": ("The form of gzip instead of zlib.", _as_text(_gzip(message.cose))),
        "zlib-method": ("A method that zlib does not have.", _as_text(b"\x77\x85" + packed[2:])),
        "zlib-dictionary": (
            "A dictionary is asked for that nobody has.",
            _as_text(b"\x78\xbb" + b"\x00\x00\x00\x01" + packed[2:]),
        ),
        "zlib-sum-wrong": ("The checksum of zlib does not fit.", _as_text(wrong_sum)),
        "zlib-sum-missing": ("The checksum of zlib is missing.", _as_text(packed[:-4])),
        "zlib-no-last-block": (
            "No block is marked as the last one.",
            _as_text(b"\x78\x01" + _stored_block(message.cose, last=False)),
        ),
        "zlib-reserved-block": ("A block of the kind that is reserved.", _as_text(b"\x78\x01\x07" + packed[3:])),
        "zlib-bomb": ("A text of a few hundred characters that inflates to more than 64 KiB.", _as_text(bomb(66_000))),
        "zlib-bomb-large": ("The longest text, which inflates to half a megabyte.", _as_text(bomb(450_000))),
        "behind-zlib": ("Something behind the end of the zlib form.", _as_text(packed + b"\x00")),
        "zlib-twice": ("A second zlib form behind the first.", _as_text(packed + packed)),
        "too-long": ("More characters than the largest QR code holds.", certify(good.filled(72)).text),
        "web-address": ("The address of a page.", "https://example.org/KP1"),
        "number-alone": ("The number of a certificate.", "BW00004821"),
    }
    for name, (about, text) in cases.items():
        yield spoilt(f"text-{name}", about, text, CARRIER)
    yield spoilt("text-of-nothing", "A sound text of no bytes.", _as_text(stored(b"")), ENVELOPE)
    yield spoilt(
        "text-in-text",
        "A sound text whose content is the QR text itself.",
        _as_text(stored(_as_text(stored(message.cose)).encode())),
        ENVELOPE,
    )


def _truncations() -> Iterator[Vector]:
    message = certify(world.a_certificate())
    text, data = _as_text(stored(message.cose)), message.cose
    for name, words, length in (
        ("3-characters", "after three characters, before the prefix ends", 3),
        ("10-characters", "after ten characters", 10),
        ("half", "in the middle", len(text) // 2 // 3 * 3 + 1),
        ("7-missing", "seven characters before its end", len(text) - 7),
        ("3-missing", "three characters before its end", len(text) - 3),
        ("1-missing", "one character before its end", len(text) - 1),
    ):
        yield spoilt(f"text-cut-{name}", f"The text is cut off {words}.", text[:length], CARRIER)
    for name, words, length in (
        ("nothing", "before it begins: nothing is left", 0),
        ("tag", "after its tag", 1),
        ("array", "after the head of the array", 2),
        ("header", "in its header", 20),
        ("payload", "in its payload", len(data) // 2),
        ("before-signature", "before the signature", len(data) - 66),
        ("signature", "in its signature", len(data) - 30),
        ("last-byte", "by one byte", len(data) - 1),
    ):
        yield spoilt(f"file-cut-{name}", f"The file is cut off {words}.", data[:length], ENVELOPE)
    for name, words, length in (
        ("half", "half of it", len(data) // 2),
        ("last-byte", "but the last byte", len(data) - 1),
    ):
        yield spoilt(
            f"text-of-cut-file-{name}",
            f"A sound text of a file of which {words} is there.",
            _as_text(stored(data[:length])),
            ENVELOPE,
        )


# --- Step 2: the envelope ---------------------------------------------------------------------------


def _envelopes() -> Iterator[Vector]:
    message = certify(world.a_certificate())
    protected, payload, signature = message.protected, message.payload, message.signature
    body = message.cose[1:]
    whole = [protected, {}, payload, signature]
    assert body == cbor2.dumps(whole)

    def tagged(parts: object) -> bytes:
        return b"\xd2" + cbor2.dumps(parts)

    long_payload = b"\x5a" + len(payload).to_bytes(4) + payload
    pieces = b"\x5f" + cbor2.dumps(payload[:100]) + cbor2.dumps(payload[100:]) + b"\xff"
    cases: dict[str, tuple[str, bytes]] = {
        "no-tag": ("No tag.", body),
        "tag-98": ("The tag of COSE_Sign.", cbor2.dumps(cbor2.CBORTag(98, whole))),
        "tag-16": ("The tag of COSE_Encrypt0.", cbor2.dumps(cbor2.CBORTag(16, whole))),
        "tag-17": ("The tag of COSE_Mac0.", cbor2.dumps(cbor2.CBORTag(17, whole))),
        "tag-61": ("The tag of a CWT around the right one.", b"\xd8\x3d" + message.cose),
        "tag-self-described": ("The tag of self-described CBOR around the right one.", b"\xd9\xd9\xf7" + message.cose),
        "tag-twice": ("The tag stands twice.", b"\xd2" + message.cose),
        "tag-longer": ("The tag is not in its shortest form.", b"\xd8\x12" + body),
        "three-parts": ("Three parts: the unprotected header is missing.", tagged([protected, payload, signature])),
        "five-parts": ("Five parts.", tagged([*whole, b""])),
        "two-signatures": ("A list of signatures.", tagged([protected, {}, payload, [signature]])),
        "not-an-array": ("A map instead of the array.", tagged({1: protected, 2: payload, 3: signature})),
        "payload-nil": ("The payload is nil: it is said to be elsewhere.", tagged([protected, {}, None, signature])),
        "payload-not-bytes": (
            "The payload is a map and not a byte string.",
            tagged([protected, {}, cbor2.loads(payload), signature]),
        ),
        "payload-text": ("The payload is a text.", tagged([protected, {}, "payload", signature])),
        "unprotected-key-id": (
            "A key id in the unprotected header.",
            tagged([protected, {4: b"\x00" * 8}, payload, signature]),
        ),
        "unprotected-algorithm": (
            "An algorithm in the unprotected header.",
            tagged([protected, {1: -7}, payload, signature]),
        ),
        "unprotected-anything": (
            "A remark in the unprotected header.",
            tagged([protected, {"note": "x"}, payload, signature]),
        ),
        "unprotected-array": ("The unprotected header is an array.", tagged([protected, [], payload, signature])),
        "unprotected-nil": ("The unprotected header is nil.", tagged([protected, None, payload, signature])),
        "unprotected-false": ("The unprotected header is false.", tagged([protected, False, payload, signature])),
        "header-not-bytes": (
            "The protected header is a map.",
            tagged([cbor2.loads(protected), {}, payload, signature]),
        ),
        "signature-text": ("The signature is a text of 64 letters.", tagged([protected, {}, payload, "s" * 64])),
        "array-indefinite": ("The array has no length.", b"\xd2\x9f" + body[1:] + b"\xff"),
        "payload-head-longer": (
            "The head of the payload is longer than it need be; all parts are the same.",
            b"\xd2\x84" + cbor2.dumps(protected) + b"\xa0" + long_payload + cbor2.dumps(signature),
        ),
        "payload-in-pieces": (
            "The payload comes in pieces; all parts are the same.",
            b"\xd2\x84" + cbor2.dumps(protected) + b"\xa0" + pieces + cbor2.dumps(signature),
        ),
        "behind": ("A byte behind the end.", message.cose + b"\x00"),
        "twice": ("The same file twice.", message.cose + message.cose),
        "line-end-behind": ("A line end behind the file.", message.cose + b"\n"),
        "too-large": (
            "One byte more than the 65536 that are read.",
            tagged(
                [
                    protected,
                    {},
                    bytes(65536 + 1 - len(tagged([protected, {}, bytes(60000), signature])) + 60000),
                    signature,
                ]
            ),
        ),
        "deep": ("Arrays within arrays, ten thousand deep.", b"\xd2" + b"\x81" * 10_000 + b"\x00"),
        "huge-length": (
            "A payload that claims to have 2^63 bytes.",
            b"\xd2\x84" + cbor2.dumps(protected) + b"\xa0\x5b\x7f" + b"\xff" * 7,
        ),
        "huge-array": ("An array that claims to have 2^32 items.", b"\xd2\x9a\xff\xff\xff\xff" + body[1:]),
        "zeros": ("A hundred zero bytes.", bytes(100)),
        "text": ("The QR text, brought as a file.", _as_text(stored(message.cose)).encode()),
        "json": (
            "The JSON view, brought as a file.",
            json.dumps(views.certificate_to_json(world.a_certificate())).encode(),
        ),
        "pdf": ("The first bytes of a PDF.", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        "jws": ("A signed object of another kind: the beginning of a JWS.", b"eyJhbGciOiJFUzI1NiJ9."),
    }
    for name, (about, data) in cases.items():
        yield spoilt(f"envelope-{name}", about, data, ENVELOPE)


def _headers() -> Iterator[Vector]:
    """Give headers that are wrong although the right key signed them."""
    key_id = a_signer(_KEY).key_id
    certificate, parts = world.a_certificate(), {1: -7, 4: key_id, 16: CERTIFICATE_TYPE}
    alg, kid, typ = (cbor2.dumps(label) + cbor2.dumps(value) for label, value in parts.items())
    cases: dict[str, tuple[str, bytes]] = {
        "empty": ("An empty byte string.", b""),
        "empty-map": ("An empty map.", b"\xa0"),
        "not-a-map": ("An array.", cbor2.dumps([1, -7])),
        "not-cbor": ("No CBOR.", b"\xff\xff"),
        "no-algorithm": ("No algorithm.", a_header(a_signer(_KEY), alg=None)),
        "no-key-id": ("No key id.", a_header(a_signer(_KEY), kid=None)),
        "no-type": ("No type.", a_header(a_signer(_KEY), typ=None)),
        "algorithm-text": ("The algorithm as the text ES256.", a_header(a_signer(_KEY), alg="ES256")),
        "algorithm-none": ("The algorithm as the text none.", a_header(a_signer(_KEY), alg="none")),
        "algorithm-null": ("The algorithm is null.", cbor2.dumps({**parts, 1: None})),
        "algorithm-false": ("The algorithm is false, which is not 0.", cbor2.dumps({**parts, 1: False})),
        "key-id-7-bytes": ("A key id of seven bytes.", a_header(a_signer(_KEY), kid=key_id[:7])),
        "key-id-9-bytes": ("A key id of nine bytes.", a_header(a_signer(_KEY), kid=key_id + b"\x00")),
        "key-id-32-bytes": (
            "The whole hash of the key as its id.",
            a_header(a_signer(_KEY), kid=hashlib.sha256(a_signer(_KEY).public_key.spki).digest()),
        ),
        "key-id-text": ("A key id as a text.", a_header(a_signer(_KEY), kid=key_id.hex()[:8])),
        "type-number": ("The type as a number.", a_header(a_signer(_KEY), typ=18)),
        "critical": (
            "A parameter that is marked as critical.",
            cbor2.dumps({1: -7, 2: [99], 4: key_id, 16: CERTIFICATE_TYPE, 99: 1}),
        ),
        "critical-known": (
            "The type is marked as critical, which version 1 does not know.",
            cbor2.dumps({1: -7, 2: [16], 4: key_id, 16: CERTIFICATE_TYPE}),
        ),
        "critical-empty": (
            "An empty list of critical parameters.",
            cbor2.dumps({1: -7, 2: [], 4: key_id, 16: CERTIFICATE_TYPE}),
        ),
        "algorithm-twice": ("The algorithm stands twice, with one value.", b"\xa4" + alg + alg + kid + typ),
        "algorithm-twice-differing": (
            "The algorithm stands twice, with two values.",
            b"\xa4" + alg + b"\x01\x27" + kid + typ,
        ),
        "key-id-twice": ("Two key ids.", b"\xa4" + alg + kid + b"\x04\x48" + a_signer("IN validate").key_id + typ),
        "not-sorted": ("The parameters are not in their order.", b"\xa3" + kid + alg + typ),
        "indefinite": ("The map has no length.", b"\xbf" + alg + kid + typ + b"\xff"),
        "head-longer": ("The algorithm is not in its shortest form.", b"\xa3" + b"\x01\x38\x06" + kid + typ),
        "behind": ("A byte behind the header.", cbor2.dumps(parts) + b"\x00"),
        "tagged": (
            "A tagged value in a parameter of a later version.",
            b"\xa4" + alg + kid + typ + b"\x18\x63\xc1\x00",
        ),
        "float": (
            "A floating point number in a parameter of a later version.",
            b"\xa4" + alg + kid + typ + b"\x18\x63\xf9\x3c\x00",
        ),
        "too-large": ("A header of more than 512 bytes.", cbor2.dumps({**parts, 99: bytes(500)})),
    }
    for name, (words, header) in cases.items():
        message = certify(certificate, protected=header)
        yield vector(f"header-{name}", f"Protected header, signed by the right key: {words}", message, ENVELOPE)


# --- Step 3: the type -------------------------------------------------------------------------------


def _types() -> Iterator[Vector]:
    certificate = certify(world.a_certificate())
    botswana = an_authority("BW")
    signed = cose.read(certificate.cose)
    confirmation = codec.encode_confirmation(a_small_confirmation(signed, an_authority("IN", "Mumbai")))
    approval = trust.approve(signed, signer=a_signer("BW commit"), at=world.PINNED_AT)
    for name, words, message in (
        (
            "confirmation",
            "An import confirmation, signed by a key for that",
            sign(confirmation, key="IN confirm", typ="application/vnd.kpcs.confirmation.v1"),
        ),
        (
            "certificate-called-confirmation",
            "A certificate that calls itself a confirmation",
            _typed("confirmation.v1"),
        ),
        ("certificate-of-version-2", "A certificate of version 2", _typed("cert.v2")),
        ("certificate-in-capitals", "The type in capitals", _typed("CERT.V1")),
        ("certificate-with-parameter", "The type with a parameter", _typed("cert.v1; charset=utf-8")),
        ("letter", "An envelope of a letter", _typed("letter.v1")),
        ("approval", "An approval that names the certificate", approval.to_bytes()),
        ("record", "The record of Botswana, signed by its root", botswana.record_bytes),
        (
            "trust-list",
            "The signed part of a trust list",
            sign(_LIST_CLAIMS, key="list chair", typ="application/vnd.kpcs.trust-list.v1"),
        ),
        ("empty", "An empty type", certify(world.a_certificate(), typ="")),
        ("cwt", "A CWT of another kind", certify(world.a_certificate(), typ="application/cwt")),
    ):
        data = message if isinstance(message, bytes) else message.cose
        yield spoilt(f"type-{name}", f"{words}, brought as a certificate.", data, TYPE)
    yield spoilt(
        "type-confirmation-as-text",
        "An import confirmation in a QR code.",
        sign(confirmation, key="IN confirm", typ="application/vnd.kpcs.confirmation.v1").text,
        TYPE,
    )
    yield vector(
        "type-certificate-content-confirmation",
        "The content of a confirmation under the type of a certificate, signed by India's key for confirmations.",
        sign(confirmation, key="IN confirm"),
        INCOMPLETE,
    )


def _typed(name: str) -> Message:
    return certify(world.a_certificate(), typ=f"application/vnd.kpcs.{name}")


_LIST_CLAIMS = cbor2.dumps({1: "KP", 2: "trust list", 4: 1_800_000_000, 6: 1_790_000_000, -65537: {0: 1, 1: [], 2: {}}})


# --- Step 7: the content ----------------------------------------------------------------------------

_CLAIMS = {1: "issuer", 2: "number", 4: "expires-at", 6: "validated-at", -65537: "certificate"}
_FIELDS = {
    0: "kind",
    1: "office",
    2: "issuing-authority",
    3: "date-of-issuance",
    4: "date-of-expiry",
    5: "exporter",
    6: "importer",
    7: "destination",
    8: "country-of-provenance",
    9: "origin",
    10: "lines",
    11: "parcels",
    12: "container-seals",
    13: "validation",
    14: "consent-level",
    15: "profile",
    16: "status-index",
    17: "record-digest",
}
_PRIVATE = -65537


def _content(**changes: Any) -> dict[int, Any]:
    """Return the claims of a certificate as a plain map, to be spoilt."""
    return dict(cbor2.loads(codec.encode_certificate(world.a_certificate(**changes))))


def _signed_content(name: str, about: str, claims: object) -> Vector:
    """Return the vector of content that the right key signed in the one encoding, and that is no certificate."""
    return vector(f"content-{name}", about, sign(codec.encode(claims), key=_KEY), INCOMPLETE)


def _with_field(key: int, value: object) -> dict[int, Any]:
    claims = _content()
    return {**claims, _PRIVATE: {**claims[_PRIVATE], key: value}}


def _missing_fields() -> Iterator[Vector]:
    claims = _content()
    for key, name in _CLAIMS.items():
        left = {each: claims[each] for each in claims if each != key}
        yield _signed_content(f"without-claim-{name}", f"The claim {name.replace('-', ' ')} is missing.", left)
    fields = claims[_PRIVATE]
    for key, name in _FIELDS.items():
        left = {each: fields[each] for each in fields if each != key}
        about = f"The field {name.replace('-', ' ')} is missing."
        yield _signed_content(f"without-{name}", about, {**claims, _PRIVATE: left})
    replacement = dict(cbor2.loads(codec.encode_certificate(world.a_full_certificate())))
    left = {each: value for each, value in replacement[_PRIVATE].items() if each != 18}
    yield _signed_content(
        "without-refers-to",
        "A replacement that does not name what it replaces.",
        {**replacement, _PRIVATE: left},
    )


def _wrong_fields() -> Iterator[Vector]:
    """Give each field with a value of a wrong type, or one that the field never has."""
    party = _content()[_PRIVATE][5]
    claims: dict[int, tuple[str, str, object]] = {
        1: ("issuer", "the issuer as a number", 1),
        2: ("number", "the number as a number", 4821),
        4: ("expires-at", "the instant of expiry as a text", "2027-01-01T22:00:00Z"),
        6: ("validated-at", "the instant of validation as bytes", b"\x00"),
        _PRIVATE: ("certificate", "the fields as an array", []),
    }
    for key, (name, words, value) in claims.items():
        yield _signed_content(f"type-of-claim-{name}", f"Wrong type: {words}.", {**_content(), key: value})
    fields: tuple[tuple[int, str, str, object], ...] = (
        (0, "kind", "the kind as a text", "standard"),
        (0, "kind-false", "the kind is false, which is not 0", False),
        (0, "kind-null", "the kind is null", None),
        (0, "kind-3", "a kind that version 1 does not have", 3),
        (1, "office", "the office as bytes", b"Gaborone"),
        (1, "office-empty", "an empty office", ""),
        (2, "issuing-authority", "the issuing authority as a number", 1),
        (3, "date-of-issuance", "the date of issuance as a text", "2026-11-02"),
        (3, "date-of-issuance-negative", "a date of issuance before 1970", -1),
        (3, "date-of-issuance-another-day", "a date of issuance that was nowhere when it was validated", 20_757),
        (4, "date-of-expiry", "the date of expiry as bytes", b"\x00"),
        (4, "date-of-expiry-far", "a date of expiry after the year 9999", 2_932_897),
        (5, "exporter", "the exporter as a text", "Kgalagadi Voorbeeld Diamonds"),
        (5, "exporter-four-parts", "an exporter of four parts", party[:4]),
        (5, "exporter-six-parts", "an exporter of six parts", [*party, ""]),
        (5, "exporter-without-name", "an exporter without a name", ["", *party[1:]]),
        (5, "exporter-country-small", "a country in small letters", [*party[:3], "bw", party[4]]),
        (5, "exporter-country-three-letters", "a country of three letters", [*party[:3], "BWA", party[4]]),
        (6, "importer", "the importer as a map", {0: "Kalpanik Heera"}),
        (6, "importer-without-town", "an importer without a town", [party[0], party[1], "", *party[3:]]),
        (7, "destination", "the destination as a list", ["IN"]),
        (7, "destination-number", "the destination as digits", "91"),
        (8, "country-of-provenance", "the country of provenance as a number", 267),
        (8, "country-of-provenance-empty", "an empty country of provenance", ""),
        (9, "origin", "the origin as a country", "BW"),
        (9, "origin-kind-3", "a kind of origin that version 1 does not have", [3, [], ""]),
        (9, "origin-single-of-two", "a single origin of two countries", [0, ["BW", "ZA"], ""]),
        (9, "origin-single-of-none", "a single origin of no country", [0, [], ""]),
        (9, "origin-listed-of-one", "a listed origin of one country", [1, ["BW"], ""]),
        (9, "origin-listed-twice", "a listed origin with one country twice", [1, ["BW", "BW"], ""]),
        (
            9,
            "origin-listed-of-13",
            "a listed origin of thirteen countries",
            [1, ["AO", "BR", "BW", "CA", "CD", "GN", "LS", "NA", "RU", "SL", "TZ", "ZA", "ZW"], ""],
        ),
        (9, "origin-undisclosed-with-country", "an undisclosed origin that discloses", [2, ["BW"], ""]),
        (9, "origin-asterisks", "asterisks as a country", [0, ["**"], ""]),
        (10, "lines", "the lines as a number", 1),
        (10, "lines-empty", "no line", []),
        (10, "lines-four", "four lines", [[0, 1, 1], [1, 1, 1], [2, 1, 1], [2, 1, 1]]),
        (10, "lines-heading-twice", "two lines of one heading", [[2, 100, 100], [2, 100, 100]]),
        (10, "lines-heading-3", "an HS heading that is not rough diamonds", [[3, 100, 100]]),
        (10, "lines-heading-negative", "a negative number for a heading", [[-1, 100, 100]]),
        (10, "lines-carats-text", "a weight as a text", [[2, "205.18", 4182050]]),
        (10, "lines-carats-negative", "a negative weight", [[2, -1, 4182050]]),
        (10, "lines-carats-too-many", "more carats than there can be", [[2, 10**11, 4182050]]),
        (10, "lines-value-too-large", "more US dollars than there can be", [[2, 20518, 10**15]]),
        (10, "lines-sum-too-large", "more carats in all than there can be", [[1, 10**11 - 1, 1], [2, 1, 1]]),
        (10, "lines-weight-nought", "a shipment of no weight", [[2, 0, 4182050]]),
        (10, "lines-value-nought", "a shipment of no value", [[2, 20518, 0]]),
        (10, "lines-true", "true as a weight", [[2, True, 4182050]]),
        (11, "parcels", "the parcels as a text", "1"),
        (11, "parcels-nought", "no parcel", 0),
        (11, "parcels-negative", "a negative number of parcels", -1),
        (11, "parcels-too-many", "more than a million parcels", 1_000_001),
        (11, "parcels-true", "true as the number of parcels", True),
        (12, "container-seals", "one seal as a text", "GB 000017"),
        (12, "container-seals-none", "no seal", []),
        (12, "container-seals-13", "thirteen seals", [f"GB {number}" for number in range(13)]),
        (12, "container-seals-twice", "one seal twice", ["GB 000017", "GB 000017"]),
        (12, "container-seals-number", "a seal as a number", [17]),
        (12, "container-seals-long", "a seal of 33 characters", ["S" * 33]),
        (12, "container-seals-empty", "an empty seal", [""]),
        (13, "validation", "the validation as a number", 1),
        (13, "validation-kind-4", "a kind of validation that version 1 does not have", [4, ["official-01"], ""]),
        (13, "validation-two-of-one", "a validation by two officials that names one", [1, ["official-01"], ""]),
        (
            13,
            "validation-one-official-twice",
            "a validation by two officials that names one twice",
            [1, ["a", "a"], ""],
        ),
        (13, "validation-nobody", "a validation by one official that names nobody", [0, [], ""]),
        (13, "validation-five-officials", "a validation by five officials", [1, ["a", "b", "c", "d", "e"], ""]),
        (13, "validation-without-reference", "a validation by customs reference without one", [3, [], ""]),
        (14, "consent-level", "the level of consent as a text", "token"),
        (14, "consent-level-3", "a level of consent that version 1 does not have", 3),
        (15, "profile", "the profile as a text", "bw-2026-01"),
        (15, "profile-without-statement", "a profile without a statement", ["bw-2026-01", ""]),
        (16, "status-index", "the status index as bytes", b"\x11"),
        (16, "status-index-too-large", "a status index of 2^32", 2**32),
        (16, "status-index-negative", "a negative status index", -1),
        (17, "record-digest", "the hash of the full record as hexadecimal digits", "00" * 32),
        (17, "record-digest-short", "a hash of 31 bytes", bytes(31)),
        (17, "record-digest-empty", "an empty hash", b""),
        (18, "refers-to", "the replaced certificate as a text", "BW00004820"),
        (18, "refers-to-null", "the replaced certificate is null", None),
        (18, "refers-to-short", "an identity of 31 bytes", ["BW00004820", bytes(31)]),
        (18, "refers-to-no-number", "a replaced certificate without a number", ["", bytes(32)]),
    )
    for key, name, words, value in fields:
        yield _signed_content(f"field-{name}", f"Signed by the right key: {words}.", _with_field(key, value))


def _impossible_contents() -> Iterator[Vector]:
    claims = _content()
    party = claims[_PRIVATE][5]
    yield _signed_content(
        "issuer-not-of-number", "The issuer is not the Participant of the number.", {**claims, 1: "AO"}
    )
    for name, words, number in (
        ("with-space", "with a space, as people read it", "BW 00004821"),
        ("small", "in small letters", "bw00004821"),
        ("alone", "without a national part", "BW"),
        ("long", "with a national part of 21 characters", "BW" + "1" * 21),
        ("hyphen", "that ends in a hyphen", "BW4821-"),
        ("digits", "in Arabic-Indic digits", "BW\u0664\u0668\u0662\u0661"),
    ):
        yield _signed_content(f"number-{name}", f"The number is written {words}.", {**claims, 2: number})
    for name, words, expires in (
        ("a-day-later", "a day later than the printed day ends", datetime(2027, 1, 2, 22, 0, tzinfo=UTC)),
        ("a-second-too-early", "a second before the day ends anywhere", datetime(2027, 1, 1, 9, 59, 59, tzinfo=UTC)),
        (
            "a-second-too-late",
            "a second after the day has ended everywhere",
            datetime(2027, 1, 2, 12, 0, 1, tzinfo=UTC),
        ),
        ("years-later", "years after the printed day", datetime(2036, 1, 1, 22, 0, tzinfo=UTC)),
    ):
        yield _signed_content(
            f"expiry-{name}", f"The instant of expiry is {words}.", {**claims, 4: int(expires.timestamp())}
        )
    for name, words, instant in (
        ("negative", "before 1970", -1),
        ("beyond-9999", "after the year 9999", 253_402_300_800),
        ("milliseconds", "in milliseconds", 1_793_611_800_000),
    ):
        yield _signed_content(f"validated-{name}", f"The instant of validation is {words}.", {**claims, 6: instant})
    for name, words, text in (
        (
            "right-to-left-override",
            "a control character that turns the direction of what follows",
            "Example\u202eseoreZ",
        ),
        ("zero-width-space", "a character that nobody sees", "Exam\u200bple"),
        ("byte-order-mark", "a byte order mark", "\ufeffExample"),
        ("line-end", "a line end", "Example\nDiamonds"),
        ("nul", "a NUL character", "Example\x00"),
        ("delete", "a control character", "Example\x7f"),
        ("no-break-space", "a space that does not break", "Example\u00a0Diamonds"),
        ("space-before", "a space before it", " Example"),
        ("space-behind", "a space behind it", "Example "),
        ("spaces-alone", "nothing but spaces", "   "),
        ("121-characters", "121 characters", "E" * 121),
        ("private-character", "a character that has no agreed meaning", "Example \ue000"),
        ("left-to-right-mark", "a mark of direction that nobody sees", "Example\u200eDiamonds"),
        ("line-separator", "a line separator", "Example\u2028Diamonds"),
    ):
        yield _signed_content(f"name-{name}", f"The exporter's name has {words}.", _with_field(5, [text, *party[1:]]))
    yield _signed_content("extra-claim", "A claim that certificates do not have: an audience.", {**claims, 3: "IN"})
    yield _signed_content("extra-claim-private", "A second private claim.", {**claims, -65538: {}})
    yield _signed_content("extra-claim-text", "A claim whose key is a text.", claims | {"note": 1})
    yield _signed_content(
        "field-key-text", "A field whose key is a text.", {**claims, _PRIVATE: claims[_PRIVATE] | {"note": 1}}
    )
    contents: tuple[tuple[str, str, object], ...] = (
        ("empty-map", "An empty map.", {}),
        ("array", "An array.", [claims]),
        ("text", "A text.", "certificate"),
        ("null", "Null.", None),
        ("nested-message", "The certificate as a byte string.", codec.encode_certificate(world.a_certificate())),
    )
    for name, words, content in contents:
        yield _signed_content(name, f"Signed by the right key instead of claims: {words}", content)


def _encodings() -> Iterator[Vector]:
    """Give payloads that say the same as a certificate in another encoding, or are no CBOR; the right key signed."""
    payload = codec.encode_certificate(world.a_certificate())
    claims = cbor2.loads(payload)
    fields = claims[_PRIVATE]
    inner = cbor2.dumps(fields)
    assert payload.endswith(inner)
    outer = payload[: -len(inner)]

    def later(encoded: str) -> bytes:
        """Return the payload with a field of a later version, 20, in this encoding."""
        longer = bytes((inner[0] + 1,)) if inner[0] < 0xB7 else b"\xb8" + bytes((inner[0] - 0xA0 + 1,))
        return outer + longer + inner[1:] + b"\x14" + bytes.fromhex(encoded)

    parcels, two = b"\x0b\x01", b"\x0c"
    assert inner.count(parcels + two) == 1

    def parcels_as(encoded: str) -> bytes:
        return payload.replace(parcels + two, b"\x0b" + bytes.fromhex(encoded) + two)

    reordered: dict[int, Any] = {2: claims[2], **claims}
    unsorted = cbor2.dumps(reordered)
    swapped = cbor2.dumps({key: fields[key] for key in (1, 0, *range(2, 18))})
    cases: dict[str, tuple[str, bytes]] = {
        "integer-longer": ("The number of parcels in two bytes.", parcels_as("1801")),
        "integer-nine-bytes": ("The number of parcels in nine bytes.", parcels_as("1b0000000000000001")),
        "integer-as-float": ("The number of parcels as a floating point number.", parcels_as("f93c00")),
        "integer-as-bignum": ("The number of parcels as a tagged big number.", parcels_as("c24101")),
        "integer-undefined": ("The number of parcels is undefined.", parcels_as("f7")),
        "integer-simple": ("The number of parcels is a simple value.", parcels_as("f820")),
        "key-longer": ("A key in two bytes.", payload.replace(parcels + two, b"\x18\x0b\x01" + two)),
        "map-longer": ("The head of the fields in two bytes.", outer + b"\xb8\x12" + inner[1:]),
        "map-indefinite": ("The map of fields has no length.", outer + b"\xbf" + inner[1:] + b"\xff"),
        "outer-map-indefinite": ("The map of claims has no length.", b"\xbf" + payload[1:] + b"\xff"),
        "text-in-pieces": (
            "The office comes in two pieces.",
            payload.replace(b"\x01\x68Gaborone", b"\x01\x7f\x64Gabo\x64rone\xff"),
        ),
        "text-longer": (
            "The length of the office in two bytes.",
            payload.replace(b"\x01\x68Gabo", b"\x01\x78\x08Gabo"),
        ),
        "text-not-utf8": ("A text that is not UTF-8.", payload.replace(b"\x68Gaborone", b"\x68Gaboron\xff")),
        "text-overlong": (
            "A text with an overlong form of UTF-8.",
            payload.replace(b"\x68Gaborone", b"\x68Gaboro\xc1\xae"),
        ),
        "text-surrogate": (
            "A text with half of a surrogate pair.",
            payload.replace(b"\x68Gaborone", b"\x68Gabor\xed\xa0\x80"),
        ),
        "not-sorted-claims": ("The claims are not in their order.", unsorted),
        "not-sorted-fields": ("The fields are not in their order.", outer + swapped),
        "twice-claim": ("A claim stands twice, with one value.", b"\xa6\x01\x62BW" + payload[1:]),
        "twice-claim-differing": (
            "The number stands twice, with two values.",
            b"\xa6" + payload[1:5] + b"\x02\x6aBW00004822" + payload[5:],
        ),
        "twice-field": ("A field stands twice.", outer + b"\xb3" + inner[1:3] + inner[1:]),
        "twice-later-field": (
            "A field of a later version stands twice.",
            outer + b"\xb4" + inner[1:] + b"\x14\x01\x14\x01",
        ),
        "behind": ("A byte behind the claims.", payload + b"\x00"),
        "behind-second": ("The claims twice.", payload + payload),
        "cut": ("The claims are cut off by one byte.", payload[:-1]),
        "nothing": ("An empty payload.", b""),
        "break": ("A break that ends nothing.", b"\xff"),
        "reserved": ("A head that is reserved.", b"\x1c" + payload[1:]),
        "tagged-claims": ("The claims are tagged as a CWT.", b"\xd8\x3d" + payload),
        "tagged-self-described": ("The claims are tagged as self-described CBOR.", b"\xd9\xd9\xf7" + payload),
        "tagged-date": (
            "The instant of expiry is tagged as one.",
            payload.replace(b"\x04\x1a", b"\x04\xc1\x1a", 1),
        ),
        "later-float": ("A floating point number in a field of a later version.", later("fb3ff0000000000000")),
        "later-nan": ("Not a number, in a field of a later version.", later("f97e00")),
        "later-undefined": ("Undefined, in a field of a later version.", later("f7")),
        "later-tag": (
            "A tagged value in a field of a later version.",
            later("c074323032362d31312d30325430393a33303a30305a"),
        ),
        "later-unknown-tag": (
            "A value with a tag that nobody knows, in a field of a later version.",
            later("d9fde801"),
        ),
        "later-bignum": ("A big number in a field of a later version.", later("c249010000000000000000")),
        "later-shared": ("A shared reference in a field of a later version.", later("d81c8101")),
        "later-simple": ("A simple value in a field of a later version.", later("f820")),
        "later-not-sorted": ("A map that is not in its order, in a field of a later version.", later("a202000100")),
        "later-twice": ("A map with one key twice, in a field of a later version.", later("a201000100")),
        "later-key-null": ("A map whose key is null, in a field of a later version.", later("a1f600")),
        "later-key-array": ("A map whose key is an array, in a field of a later version.", later("a18000")),
        "later-key-bytes": ("A map whose key is bytes, in a field of a later version.", later("a1410000")),
        "later-key-true": ("A map whose key is true, in a field of a later version.", later("a1f500")),
        "later-longer": ("A number in two bytes, in a field of a later version.", later("1801")),
        "later-deep": ("Arrays within arrays, twelve deep, in a field of a later version.", later("81" * 12 + "00")),
        "later-indefinite": ("An array without length, in a field of a later version.", later("9f01ff")),
    }
    for name, (words, data) in cases.items():
        assert data != payload
        yield vector(f"encoding-{name}", f"Signed by the right key: {words}", sign(data, key=_KEY), INCOMPLETE)
    eddsa = sign(parcels_as("1801").replace(b"BW", b"ZA"), key="ZA validate")
    yield vector(
        "encoding-integer-longer-eddsa",
        "Signed by the right Ed25519 key: the number of parcels in two bytes.",
        replace(eddsa, certificate=None),
        INCOMPLETE,
    )
