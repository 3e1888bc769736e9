"""Vectors of what a known key did not sign, or signed without being allowed to: steps 4 to 6 and 8 to 11."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from macle.proof import codec
from macle.scheme.certificates import (
    CertificateKind,
    ConsentLevel,
    Origin,
    OriginKind,
    ProfileReference,
    Reference,
    Validation,
    ValidationKind,
)
from macle.scheme.terms import CertificateNumber, CountryCode, HSCode, ParticipantCode
from tests.support.signed import a_signer
from tests.vectors import world
from tests.vectors.vector import (
    KEY_COMPROMISED,
    KEY_NOT_IN_FORCE,
    KEY_UNKNOWN,
    NOT_ENTITLED,
    RECORD_ENDED,
    SECOND_IDENTITY,
    Answers,
    Vector,
    certify,
    forged,
    sign,
    spoilt,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from macle.scheme.certificates import Certificate

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
"""The order of the P-256 group, and the prime of its field."""


def vectors() -> Iterator[Vector]:
    """Give all vectors of forged and unauthorised certificates."""
    yield from _changed_fields()
    yield from _signatures()
    yield from _algorithms()
    yield from _unknown_keys()
    yield from _not_entitled()
    yield from _not_in_force()
    yield from _records_and_identities()


# --- Changed after signing --------------------------------------------------------------------------


def _changes() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return by name of a field what was changed, in words and as fields."""
    full = world.a_full_certificate()
    exporter, importer, validation = full.exporter, full.importer, full.validation
    unsorted, industrial, rest = full.lines
    earlier, day = full.validated_at - timedelta(hours=2), timedelta(days=1)
    return {
        "number": ("the number", {"number": CertificateNumber.parse("BW00004823")}),
        "issuer": ("number and issuer", {"number": CertificateNumber.parse("AO00004821")}),
        "kind": ("the kind", {"kind": CertificateKind.STANDARD}),
        "office": ("the office", {"office": "Francistown"}),
        "issuing-authority": ("the issuing authority", {"issuing_authority": "Imaginary Ministry of Minerals"}),
        "validated-at": ("the instant of validation", {"validated_at": earlier}),
        "expires-at": ("the instant of expiry alone", {"expires_at": full.expires_at + timedelta(hours=2)}),
        "date-of-issuance": ("the date of issuance", {"date_of_issuance": full.date_of_issuance - day}),
        "date-of-expiry": (
            "the date and the instant of expiry: a month more",
            {"date_of_expiry": date(2027, 2, 1), "expires_at": datetime(2027, 2, 1, 22, 0, tzinfo=UTC)},
        ),
        "exporter-name": ("the exporter's name", {"exporter": replace(exporter, name="شركة أخرى متخيلة")}),
        "exporter-latin-name": (
            "the exporter's name in Latin letters",
            {"exporter": replace(exporter, latin_name="Another Imaginary Company")},
        ),
        "exporter-town": ("the exporter's town", {"exporter": replace(exporter, town="Orapa")}),
        "exporter-country": ("the exporter's country", {"exporter": replace(exporter, country=CountryCode("ZA"))}),
        "exporter-licence": ("the exporter's licence", {"exporter": replace(exporter, licence="BW-EX-0047")}),
        "importer-name": ("the importer's name", {"importer": replace(importer, name="अन्य काल्पनिक कंपनी")}),
        "importer-latin-name": (
            "the importer's name in Latin letters",
            {"importer": replace(importer, latin_name="X")},
        ),
        "importer-town": ("the importer's town", {"importer": replace(importer, town="Surat")}),
        "importer-country": ("the importer's country", {"importer": replace(importer, country=CountryCode("AE"))}),
        "importer-licence": ("the importer's licence", {"importer": replace(importer, licence="")}),
        "destination": ("the destination", {"destination": ParticipantCode("AE")}),
        "country-of-provenance": ("the country of provenance", {"country_of_provenance": ParticipantCode("ZA")}),
        "origin-kind": ("the kind of origin", {"origin": Origin(OriginKind.MIXED_UNDISCLOSED, (), "Imaginary Pipe")}),
        "origin-countries": (
            "one country of origin",
            {"origin": world.an_origin("BW", "NA", "ZA", area="Imaginary Pipe")},
        ),
        "origin-area": ("the mining area", {"origin": replace(full.origin, area="Another Pipe")}),
        "line-heading": (
            "one HS heading: a line is left out and another takes its figures",
            {"lines": (unsorted, replace(industrial, hs=HSCode.NON_INDUSTRIAL))},
        ),
        "line-carats": (
            "the weight of one line, by a hundredth of a carat",
            {"lines": (unsorted, industrial, world.a_line(HSCode.NON_INDUSTRIAL, "12204.81", "2618922.75"))},
        ),
        "line-value": (
            "the value of one line, by ten times",
            {"lines": (unsorted, industrial, world.a_line(HSCode.NON_INDUSTRIAL, "12204.80", "26189227.50"))},
        ),
        "line-order": ("the order of the lines", {"lines": (rest, industrial, unsorted)}),
        "parcels": ("the number of parcels", {"parcels": 11}),
        "container-seals": (
            "one container seal",
            {"container_seals": ("GB 884120", "GB 884121", "GB 884122", "GB 884124")},
        ),
        "validation-kind": (
            "the kind of validation",
            {"validation": replace(validation, kind=ValidationKind.TWO_OFFICIALS)},
        ),
        "validation-officials": (
            "one official",
            {"validation": Validation(validation.kind, ("official-01", "official-08"), validation.reference)},
        ),
        "validation-reference": (
            "the reference of the validation",
            {"validation": replace(validation, reference="consent of 3 November")},
        ),
        "consent-level": ("the level of consent", {"consent_level": ConsentLevel.BOUND}),
        "profile-version": ("the version of the profile", {"profile": ProfileReference("bw-2026-02", "core")}),
        "profile-statement": ("the printed statement", {"profile": ProfileReference("bw-2026-01", "other")}),
        "status-index": ("the status index", {"status_index": 18}),
        "record-digest": (
            "the hash of the full record",
            {"record_digest": hashlib.sha256(b"another full record").digest()},
        ),
        "refers-to": (
            "the identity of the certificate that it replaces",
            {"refers_to": Reference(CertificateNumber.parse("BW00004820"), hashlib.sha256(b"another").digest())},
        ),
        "extension-changed": (
            "a field of a later version",
            {"extensions": {**full.extensions, 19: "Another field of a later version"}},
        ),
        "extension-removed": (
            "a field of a later version, which was left out",
            {"extensions": {19: full.extensions[19]}},
        ),
        "extension-added": ("a field of a later version, which was added", {"extensions": {**full.extensions, 20: 1}}),
    }


_WORTH_FORGING = ("number", "date-of-expiry", "importer-name", "origin-countries", "line-carats", "line-value")


def _changed_fields() -> Iterator[Vector]:
    """Give each field changed under a good signature and encoded anew; some of them as a QR text, too."""
    certificate = world.a_full_certificate()
    signed = certify(certificate)
    for name, (words, changes) in _changes().items():
        changed = replace(signed, payload=codec.encode_certificate(replace(certificate, **changes)))
        yield spoilt(f"changed-{name}", f"Changed after signing: {words}.", changed.cose, forged(6))
        if name in _WORTH_FORGING:
            yield spoilt(
                f"changed-{name}-as-text",
                f"Changed after signing and made into a sound QR text: {words}.",
                changed.text,
                forged(6),
            )
    content = cbor2.loads(signed.payload)
    for name, words, claims in (
        ("issuer-claim", "the issuer alone, so that it is no longer the number's", {**content, 1: "AO"}),
        ("claim-left-out", "a claim was left out", {key: content[key] for key in content if key != 4}),
    ):
        changed = replace(signed, payload=cbor2.dumps(claims))
        yield spoilt(f"changed-{name}", f"Changed after signing: {words}.", changed.cose, forged(6))
    one_bit = bytearray(signed.payload)
    one_bit[-1] ^= 1
    yield spoilt(
        "changed-one-bit", "One bit of the payload was turned.", replace(signed, payload=bytes(one_bit)).cose, forged(6)
    )
    header = cbor2.dumps({1: -7, 4: a_signer("BW validate").key_id, 16: _TYPE, "later": True})
    yield spoilt(
        "changed-header",
        "A parameter was added to the protected header after signing.",
        replace(signed, protected=header).cose,
        forged(6),
    )


_TYPE = "application/vnd.kpcs.cert.v1"


# --- Signatures -------------------------------------------------------------------------------------


def _signatures() -> Iterator[Vector]:
    """Give every wrong signature of 64 bytes; other lengths are no signature at all and fail in the envelope."""
    signed = certify(world.a_certificate())
    r, s = signed.signature[:32], signed.signature[32:]
    one, nought, other = (1).to_bytes(32), bytes(32), certify(world.a_certificate("BW00004822")).signature
    spoilings = {
        "of-another-key": (
            "made by a key that nobody knows",
            certify(world.a_certificate(), key="nobody at-all").signature,
        ),
        "of-another-certificate": ("of the same key over another certificate", other),
        "zeros": ("64 zero bytes", bytes(64)),
        "ones": ("64 bytes with all bits set", b"\xff" * 64),
        "r-zero": ("r is nought", nought + s),
        "s-zero": ("s is nought", r + nought),
        "r-one-s-one": ("r and s are 1", one + one),
        "r-is-order": ("r is the order of the group", _ORDER.to_bytes(32) + s),
        "s-is-order": ("s is the order of the group", r + _ORDER.to_bytes(32)),
        "r-beyond-order": ("r lies between the order and the prime of the field", (_FIELD - 1).to_bytes(32) + s),
        "s-beyond-order": ("s lies beyond the order", r + (2**256 - 1).to_bytes(32)),
        "order-and-order": ("both are the order", _ORDER.to_bytes(32) * 2),
        "high-bytes": ("the first byte of each half is set", b"\xff" + r[1:] + b"\xff" + s[1:]),
        "swapped": ("r and s are swapped", s + r),
        "r-negated": ("n - r stands for r", (_ORDER - int.from_bytes(r)).to_bytes(32) + s),
        "little-endian": ("r and s with their bytes reversed", r[::-1] + s[::-1]),
        "last-bit": ("the last bit is turned", signed.signature[:-1] + bytes((signed.signature[-1] ^ 1,))),
        "first-bit": ("the first bit is turned", bytes((signed.signature[0] ^ 0x80,)) + signed.signature[1:]),
    }
    for name, (words, signature) in spoilings.items():
        yield spoilt(f"signature-{name}", f"Signature: {words}.", replace(signed, signature=signature).cose, forged(6))
    payload_only = a_signer("BW validate").sign(signed.payload)
    yield spoilt(
        "signature-over-payload-alone",
        "The right key signed the payload and not the Sig_structure.",
        replace(signed, signature=payload_only).cose,
        forged(6),
    )
    for name, words, structure in (
        (
            "context-of-counter-signature",
            "with the context of a countersignature",
            ["CounterSignature", signed.protected, b""],
        ),
        ("context-of-cose-sign", "with the context of a COSE_Sign", ["Signature", signed.protected, b""]),
        ("external-data", "with external data", ["Signature1", signed.protected, b"external"]),
        ("header-left-out", "without the protected header", ["Signature1", b"", b""]),
    ):
        signature = a_signer("BW validate").sign(cbor2.dumps([*structure, signed.payload]))
        yield spoilt(
            f"signature-{name}",
            f"The right key signed a Sig_structure {words}.",
            replace(signed, signature=signature).cose,
            forged(6),
        )
    der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
    for name, words, signature in (
        ("empty", "empty", b""),
        ("63-bytes", "63 bytes: the last one is missing", signed.signature[:-1]),
        ("65-bytes", "65 bytes: one more at the end", signed.signature + b"\x00"),
        ("leading-zero", "65 bytes: one more at the beginning", b"\x00" + signed.signature),
        ("32-bytes", "only r", r),
        ("der", "in DER, as X.509 has it", der),
        ("96-bytes", "96 bytes, as a P-384 key makes them", signed.signature + bytes(32)),
    ):
        yield spoilt(
            f"signature-{name}",
            f"Signature: {words}.",
            replace(signed, signature=signature).cose,
            Answers("no", "not_judged", "not_judged", 2, "AnnexI.A.tamper-resistance"),
        )
    eddsa = certify(world.a_certificate("ZA00000451", office="Capital", origin=world.an_origin("ZA")))
    edwards_order = 2**252 + 27742317777372353535851937790883648493
    s = (int.from_bytes(eddsa.signature[32:], "little") + edwards_order).to_bytes(32, "little")
    for name, words, signature in (
        ("s-not-reduced", "s is larger by the order of the group, which RFC 8032 forbids", eddsa.signature[:32] + s),
        ("zeros", "64 zero bytes", bytes(64)),
        ("neutral", "the neutral point and nought", b"\x01" + bytes(63)),
        ("of-another", "of the same key over another certificate", _another_eddsa()),
    ):
        yield spoilt(
            f"signature-eddsa-{name}", f"EdDSA signature: {words}.", replace(eddsa, signature=signature).cose, forged(6)
        )


def _another_eddsa() -> bytes:
    return certify(world.a_certificate("ZA00000452", office="Capital", origin=world.an_origin("ZA"))).signature


# --- Algorithms and key ids -------------------------------------------------------------------------


def _algorithms() -> Iterator[Vector]:
    for name, words, algorithm in (
        ("eddsa-named-for-ec-key", "EdDSA is named, the key is P-256", -8),
        ("none", "algorithm 0, which is reserved", 0),
        ("es384", "ES384 is named", -35),
        ("es256k", "ES256K is named", -47),
        ("esp256", "the fully specified ESP256 is named, which version 1 does not know", -9),
        ("hmac", "HMAC 256 is named, as if the public key were a secret", 5),
        ("rs256", "RS256 is named", -257),
    ):
        message = certify(world.a_certificate(), alg=algorithm)
        yield vector(f"algorithm-{name}", f"The right key signed, but {words}.", message, forged(5))
    message = certify(world.a_certificate("ZA00000451", office="Capital", origin=world.an_origin("ZA")), alg=-7)
    yield vector(
        "algorithm-es256-named-for-ed25519-key", "The right Ed25519 key signed, but ES256 is named.", message, forged(5)
    )
    for name, words, key in (
        ("of-another-participant", "India's key for validation", "IN validate"),
        ("of-another-usage", "Botswana's key for confirmations", "BW confirm"),
        ("of-another-office", "the key of Botswana's other office", "BW validate francistown"),
    ):
        message = certify(world.a_certificate(), kid=a_signer(key).key_id)
        yield vector(f"key-id-{name}", f"Signed with Botswana's key, with the key id of {words}.", message, forged(6))


def _unknown_keys() -> Iterator[Vector]:
    before = world.a_certificate(
        **world.dated(date(2026, 10, 30), date(2026, 12, 29), datetime(2026, 12, 29, 22, 0, tzinfo=UTC))
    )
    after = world.a_certificate()
    yield vector(
        "key-unknown-data-newer",
        "A key that Botswana did not have when this claims to have been validated: the record is newer than that.",
        certify(before, key="BW unheard-of"),
        forged(4),
    )
    yield vector(
        "key-unknown-data-newer-as-text",
        "The same, read from a QR code.",
        certify(before, key="BW unheard-of"),
        forged(4),
        as_text=True,
    )
    yield vector(
        "key-unknown-data-older",
        "A key that is not in the record of Botswana, which is older than this claims to be.",
        certify(after, key="BW unheard-of"),
        KEY_UNKNOWN,
    )
    yield vector(
        "key-unknown-data-as-old",
        "An unknown key, and the record was issued in the very second in which this claims to have been validated.",
        certify(_claiming(world.RECORDED_AT), key="BW unheard-of"),
        KEY_UNKNOWN,
    )
    yield vector(
        "key-unknown-data-a-second-newer",
        "An unknown key, and the record was issued one second after this claims to have been validated.",
        certify(_claiming(world.RECORDED_AT - timedelta(seconds=1)), key="BW unheard-of"),
        forged(4),
    )
    yield vector(
        "key-unknown-pinned-later",
        "The record was pinned after this claims to have been validated, but issued before: it cannot know the key.",
        certify(_claiming(world.RECORDED_AT + timedelta(hours=6)), key="BW unheard-of"),
        KEY_UNKNOWN,
    )
    yield vector(
        "key-unknown-list-newer",
        "A key that is not in the list, which is newer than this claims to be.",
        certify(before, key="BW unheard-of"),
        forged(4),
        trust="list",
    )
    yield vector(
        "issuer-unknown",
        "No record of the issuer is held.",
        certify(world.a_certificate("NA00000001", office="Capital", origin=world.an_origin("NA"))),
        KEY_UNKNOWN,
    )
    yield vector("nobody-known", "No record of anybody is held.", certify(after), KEY_UNKNOWN, trust="nobody")
    yield vector(
        "root-signs-certificate",
        "Signed with Botswana's root, which signs records and nothing else.",
        certify(before, key="BW root"),
        forged(4),
    )
    yield vector(
        "list-against-pin-other-key",
        "The key of the root that the list names for India; another root is pinned, so nobody can say yet.",
        certify(_of_india(after), key="IN other validate"),
        KEY_UNKNOWN,
        trust="list-and-pins",
    )
    yield vector(
        "list-not-yet-with-the-key",
        "Botswana's renewed key, with trust data that do not have it.",
        certify(after, key="BW validate renewed"),
        KEY_UNKNOWN,
    )
    yield vector(
        "key-unknown-and-unreadable",
        "An unknown key signed something that cannot be read.",
        sign(b"\xa0", key="BW unheard-of"),
        KEY_UNKNOWN,
    )


def _claiming(validated_at: datetime) -> Certificate:
    return replace(world.a_certificate(), validated_at=validated_at, date_of_issuance=validated_at.date())


def _of_india(certificate: Certificate) -> Certificate:
    return replace(
        certificate,
        number=CertificateNumber.parse("IN00093311"),
        office="Mumbai",
        destination=ParticipantCode("AE"),
        expires_at=datetime(2027, 1, 1, 18, 30, tzinfo=UTC),
    )


# --- Keys that may not, or not then -----------------------------------------------------------------


def _not_entitled() -> Iterator[Vector]:
    certificate = world.a_certificate()
    for usage, words in (
        ("confirm", "confirmations of import"),
        ("commit", "profiles and records"),
        ("stamp", "stamps"),
        ("exchange", "envelopes of letters"),
        ("receive", "receiving"),
    ):
        yield vector(
            f"usage-{usage}",
            f"Signed with Botswana's key for {words}.",
            certify(certificate, key=f"BW {usage}"),
            NOT_ENTITLED,
        )
    yield vector(
        "key-of-another-participant",
        "A number of Botswana, signed with India's key for validation.",
        certify(certificate, key="IN validate"),
        KEY_UNKNOWN,
    )
    yield vector(
        "key-of-another-participant-as-text",
        "The same, read from a QR code.",
        certify(certificate, key="IN validate"),
        KEY_UNKNOWN,
        as_text=True,
    )
    yield vector(
        "key-of-another-office",
        "Signed with the key of the office in Francistown, issued in Gaborone.",
        certify(certificate, key="BW validate francistown"),
        NOT_ENTITLED,
    )
    yield vector(
        "key-of-office-in-small-letters",
        "The key is of Francistown; names of offices are compared letter by letter.",
        certify(world.a_certificate(office="francistown"), key="BW validate francistown"),
        NOT_ENTITLED,
    )
    yield vector(
        "key-of-union-for-member-state",
        "A number of a member state, signed with the Union's key.",
        certify(world.a_certificate("BE00000001"), key="EU validate"),
        KEY_UNKNOWN,
    )
    yield vector(
        "borrowed-key-for-the-borrower",
        "A number of Botswana, signed with the key of the Emirates, whose record also claims Botswana's key.",
        certify(certificate, key="AE validate"),
        KEY_UNKNOWN,
        trust="borrowed-key",
    )


def _not_in_force() -> Iterator[Vector]:
    certificate, second = world.a_certificate(), timedelta(seconds=1)
    december = world.a_certificate(
        **{
            **world.dated(date(2026, 12, 31), date(2027, 2, 28), datetime(2027, 2, 28, 22, 0, tzinfo=UTC)),
            "validated_at": world.NOT_BEFORE - second,
        }
    )
    july = world.a_certificate(
        **{
            **world.dated(date(2026, 7, 1), date(2026, 8, 30), datetime(2026, 8, 30, 22, 0, tzinfo=UTC)),
            "validated_at": world.RETIRED_AT,
        }
    )
    september = world.a_certificate(
        **world.dated(date(2026, 9, 20), date(2026, 11, 15), datetime(2026, 11, 15, 22, 0, tzinfo=UTC))
    )
    october = world.a_certificate(
        **{
            **world.dated(date(2026, 10, 1), date(2026, 11, 30), datetime(2026, 11, 30, 22, 0, tzinfo=UTC)),
            "validated_at": world.COMPROMISED_AT,
        }
    )
    yield vector(
        "key-not-yet-in-force",
        "Signed with a key that is in force from next year.",
        certify(certificate, key="BW validate next"),
        KEY_NOT_IN_FORCE,
    )
    yield vector(
        "key-a-second-too-early",
        "Signed one second before the key was in force.",
        certify(december, key="BW validate next"),
        KEY_NOT_IN_FORCE,
        at=datetime(2027, 1, 5, 12, 0, tzinfo=UTC),
    )
    yield vector(
        "key-retired-before",
        "The key was retired four months before it signed.",
        certify(certificate, key="BW validate retired"),
        KEY_NOT_IN_FORCE,
    )
    yield vector(
        "key-retired-in-that-second",
        "Signed in the very second in which the key was retired: the end is not part of its time.",
        certify(july, key="BW validate retired"),
        KEY_NOT_IN_FORCE,
        at=datetime(2026, 7, 20, 12, 0, tzinfo=UTC),
    )
    yield vector(
        "key-never-in-force",
        "The key's time ended in the second in which it began.",
        certify(certificate, key="BW validate short-lived"),
        KEY_NOT_IN_FORCE,
    )
    back_dated = certify(september, key="BW validate compromised")
    yield vector(
        "key-compromised-nothing-places-it",
        "The key is compromised; the certificate claims to be older, and nothing but itself says so.",
        back_dated,
        KEY_COMPROMISED,
    )
    yield vector(
        "key-compromised-seen-in-that-second",
        "The first evidence is of the very second since which the key is compromised.",
        back_dated,
        KEY_COMPROMISED,
        known={"existed_before": {back_dated.identity.hex(): "2026-10-01T00:00:00Z"}},
    )
    yield vector(
        "key-compromised-seen-too-late",
        "The first evidence is of the day after the key was compromised.",
        back_dated,
        KEY_COMPROMISED,
        known={"existed_before": {back_dated.identity.hex(): "2026-10-02T08:00:00Z"}},
    )
    yield vector(
        "key-compromised-another-was-seen",
        "Evidence places another certificate before that, not this one.",
        back_dated,
        KEY_COMPROMISED,
        known={"existed_before": {certify(certificate).identity.hex(): "2026-09-21T08:00:00Z"}},
    )
    yield vector(
        "key-compromised-signed-after",
        "Claims to be validated after the key was compromised.",
        certify(certificate, key="BW validate compromised"),
        KEY_COMPROMISED,
    )
    yield vector(
        "key-compromised-in-that-second",
        "Claims to be validated in the very second since which the key is compromised.",
        certify(october, key="BW validate compromised"),
        KEY_COMPROMISED,
    )
    early = certify(october, key="BW validate compromised")
    yield vector(
        "key-compromised-seen-before-it-was-signed",
        "Evidence places it before the key was compromised, and it claims itself to be later: nothing fits.",
        early,
        KEY_COMPROMISED,
        known={"existed_before": {early.identity.hex(): "2026-09-30T08:00:00Z"}},
    )
    yield vector(
        "key-compromised-and-expired",
        "The key is compromised, and the certificate is expired: what is certain decides.",
        back_dated,
        Answers("cannot_decide", "no", "yes", 12, "III.b.in-date"),
        at=datetime(2026, 11, 15, 22, 0, tzinfo=UTC),
    )


def _records_and_identities() -> Iterator[Vector]:
    summer = world.a_certificate(
        **world.dated(date(2026, 7, 6), date(2026, 9, 4), datetime(2026, 9, 4, 22, 0, tzinfo=UTC))
    )
    at_the_end = replace(summer, validated_at=datetime(2026, 7, 1, tzinfo=UTC), date_of_issuance=date(2026, 7, 1))
    july = datetime(2026, 7, 20, 12, 0, tzinfo=UTC)
    yield vector(
        "record-ended",
        "The record of Botswana reaches until July, and this was validated after that.",
        certify(summer),
        RECORD_ENDED,
        trust="ends-in-june",
        at=july,
    )
    yield vector(
        "record-ended-in-that-second",
        "Validated in the very second in which the record ends.",
        certify(at_the_end),
        RECORD_ENDED,
        trust="ends-in-june",
        at=july,
    )
    yield vector(
        "list-ended-before-validation",
        "The list of January reached until February, and this was validated in November.",
        certify(world.a_certificate()),
        Answers("cannot_decide", "yes", "cannot_decide", 10, "trust.reach"),
        trust="list-of-january",
    )
    message = certify(world.a_certificate())
    for name, words, as_text in (("second-identity", "", False), ("second-identity-as-text", ", from a QR code", True)):
        yield vector(
            name,
            f"Another certificate was seen under this number{words}.",
            message,
            SECOND_IDENTITY,
            as_text=as_text,
            known={"identities": {"BW00004821": certify(world.a_full_certificate()).identity.hex()}},
        )
    yield vector(
        "second-identity-is-hash-of-the-file",
        "What is known under the number is the hash of the COSE bytes, which is not the identity.",
        message,
        SECOND_IDENTITY,
        known={"identities": {"BW00004821": hashlib.sha256(message.cose).hexdigest()}},
    )
