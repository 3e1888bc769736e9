"""The English description says what the code does: every key, step and limit of the code stands in it."""

import hashlib
import re
from enum import IntEnum
from pathlib import Path

import pytest

from macle.proof import codec, cose, keys, qr, trust
from macle.proof.cose import Algorithm
from macle.proof.keys import PublicKey, Usage
from macle.proof.trust import Ended
from macle.proof.verification import STAMP_STEPS, STEPS, StepDefinition
from macle.scheme import certificates, confirmations, participants
from macle.scheme.certificates import CertificateKind, ConsentLevel, OriginKind, ValidationKind
from macle.scheme.confirmations import ConfirmationResult, SealState
from macle.scheme.participants import ParticipantKind, StandingKind, TerritoryKind
from macle.scheme.rules import trade
from macle.scheme.terms import Carats, HSCode, USDollars
from tests.support import signed

TEXT = (Path(__file__).parents[2] / "spec" / "certificate.md").read_text(encoding="utf-8")
FLOWING = re.sub(r"\s+", " ", TEXT)
SECTIONS = dict(re.findall(r"(?ms)^## \d+\. ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT))


def block(name: str) -> str:
    """Return the block of the example with this name, its lines joined."""
    (found,) = re.findall(rf"(?ms)^```{name}\n(.*?)\n```", TEXT)
    return str(found).replace("\n", "")


def rows(section: str) -> dict[str, list[str]]:
    """Return the rows of the tables in a section by their first cell."""
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip(): row for row in cells}


class TestFields:
    @pytest.mark.parametrize(("key", "name"), [*codec.CERTIFICATE_CLAIMS.items(), *codec.CERTIFICATE_FIELDS.items()])
    def test_every_claim_and_field_of_the_certificate_stands_in_its_table(self, key: int, name: str) -> None:
        assert f"\n| {key} | `{name}` | " in SECTIONS["The certificate"]

    @pytest.mark.parametrize(("key", "name"), [*codec.CONFIRMATION_CLAIMS.items(), *codec.CONFIRMATION_FIELDS.items()])
    def test_every_claim_and_field_of_the_confirmation_stands_in_its_table(self, key: int, name: str) -> None:
        assert f"\n| {key} | `{name}` | " in SECTIONS["The import confirmation"]

    def test_there_are_no_others(self) -> None:
        for section, known in (
            ("The certificate", len(codec.CERTIFICATE_CLAIMS) + len(codec.CERTIFICATE_FIELDS)),
            ("The import confirmation", len(codec.CONFIRMATION_CLAIMS) + len(codec.CONFIRMATION_FIELDS)),
        ):
            assert len(re.findall(r"(?m)^\| -?\d+ \| `", SECTIONS[section])) == known

    @pytest.mark.parametrize(
        ("section", "field", "kind"),
        [
            ("The certificate", "kind", CertificateKind),
            ("The certificate", "origin", OriginKind),
            ("The certificate", "validation", ValidationKind),
            ("The certificate", "consent_level", ConsentLevel),
            ("The import confirmation", "seals", SealState),
            ("The import confirmation", "result", ConfirmationResult),
        ],
    )
    def test_the_members_of_enumerations_stand_with_their_numbers(
        self, section: str, field: str, kind: type[IntEnum]
    ) -> None:
        (row,) = (line for line in SECTIONS[section].splitlines() if f"| `{field}` |" in line)
        found = re.findall(r"(\d+) ([a-z_]+)(?=[,. |])", row.split(f"| `{field}` |")[1])
        assert [(int(number), word) for number, word in found] == [(each.value, each.name.lower()) for each in kind]

    def test_the_optional_fields_are_named(self) -> None:
        assert "Every field but 18 must be there" in FLOWING
        assert "Every field but 7 must be there" in FLOWING
        assert "| optional; array: number, identity" in TEXT
        assert "| optional; array: parcels, lines." in TEXT


class TestSteps:
    @pytest.mark.parametrize("step", [*STEPS, *STAMP_STEPS], ids=lambda step: step.name)
    def test_every_step_stands_in_its_order_with_question_rule_and_day(self, step: StepDefinition) -> None:
        row = f"\n| {step.number} | `{step.name}` | {step.question} | `{step.rule}` | {step.judged} | "
        assert row in SECTIONS["Verification"]

    def test_there_are_no_others(self) -> None:
        found = re.findall(r"(?m)^\| (\d+) \| `", SECTIONS["Verification"])
        assert [int(number) for number in found] == [step.number for step in (*STEPS, *STAMP_STEPS)]

    def test_the_states_of_withdrawal_are_those_of_the_rule(self) -> None:
        (sentence,) = re.findall(r"Withdrawn are the states ([^.]*)\.", FLOWING)
        assert set(re.findall(r"`([a-z_]+)`", sentence)) == trade._WITHDRAWN


LIMITS = [
    ("inflates to more than {} bytes (64 KiB)", codec.LARGEST),
    ("an object has at most {} bytes (64 KiB)", codec.LARGEST),
    ("at most {} containers", codec.DEEPEST),
    ("a trust list {} MiB", trust.LARGEST_LIST // 2**20),
    ("of more than {} characters, the most that any QR code holds", qr.LONGEST_TEXT),
    ("`{}` followed by the Base45 form", qr.PREFIX),
    ("A module is {} mm or more", qr.MODULE_MM),
    ("there are {} modules of white", qr.QUIET_ZONE),
    ("any version up to {}", 40),
    ("{} dots a module at", qr.PIXELS),
    ("at {} dpi (0.508 mm)", qr.DPI),
    ("byte string of {} bytes: the signature", cose.SIGNATURE_BYTES),
    ("the first {} bytes of the SHA-256", cose.KEY_ID_BYTES),
    ("| 4 | key id | {} bytes |", cose.KEY_ID_BYTES),
    ("| {} | algorithm |", cose._ALGORITHM),
    ("| {} | key id |", cose._KEY_ID),
    ("| {} | type (RFC 9596) |", cose._TYPE),
    ("Key {} (critical) must not be there", cose._CRITICAL),
    ("{} (ES256", int(Algorithm.ES256)),
    ("{} (EdDSA", int(Algorithm.EDDSA)),
    ("from 0 to {}; a *day*", codec._LAST_INSTANT),
    ("1970-01-01, from 0 to {}.", codec._LAST_DAY),
    ("a text of 1 to {} characters, all of them printable", certificates.LONGEST_TEXT),
    ("different texts of 1 to {} characters", certificates.LONGEST_SEAL),
    ("array of 1 to {} different texts", certificates.MOST_SEALS),
    ("a listed one 2 to {} different ones", certificates.MOST_ORIGINS),
    ("`parcels` | 1 to {} |", certificates.MOST_PARCELS),
    ("at most {} printable characters, may be empty", confirmations.LONGEST_REMARK),
    ("`keys` (array of at most {} keys)", trust.MOST_KEYS),
    ("`records` (array of at most {} byte strings", trust.MOST_RECORDS),
    ("The threshold is at least {}", trust.LEAST_THRESHOLD),
    ("A list that reaches more than {} days", trust.LIST_LIFE.days),
    ("when fewer than {} are left", trust.LIST_WARNING.days),
    ("({} days after its issue", trust.RECORD_LIFE.days),
    ("reaches {} days from the day", trust.STANDING_LIFE.days),
    ("as {} English words", len(keys.fingerprint(b"any key"))),
]


class TestLimits:
    @pytest.mark.parametrize(("sentence", "value"), LIMITS, ids=lambda each: str(each)[:40])
    def test_every_limit_stands_as_the_code_has_it(self, sentence: str, value: object) -> None:
        assert sentence.format(value) in FLOWING

    def test_quantities(self) -> None:
        assert f"hundredths of a carat (0 to 10^{len(str(Carats.limit)) - 1}-1)" in FLOWING
        assert f"US cents (0 to 10^{len(str(USDollars.limit)) - 1}-1)" in FLOWING
        assert (Carats.limit, USDollars.limit) == (10**11, 10**15)

    def test_headings(self) -> None:
        stated = ", ".join(f"{index} for {heading}" for index, heading in enumerate(codec._HEADINGS))
        assert f"HS heading ({stated})" in FLOWING
        assert set(codec._HEADINGS) == set(HSCode)

    def test_the_days_around_a_printed_date(self) -> None:
        earliest, latest = -certificates._EASTMOST, certificates._DAY + certificates._WESTMOST
        hours = (each // 3600 for each in (earliest, latest, certificates._DAY + earliest, latest))
        assert list(hours) == [-14, 36, 10, 36]
        assert "not earlier than 14 hours before that day begins in UTC, and earlier than 36 hours after" in FLOWING
        assert "from 10 to 36 hours after that day begins in UTC, both included" in FLOWING

    def test_the_edge_of_an_envelope_is_where_the_text_says(self) -> None:
        authority = signed.an_authority()
        small = authority.sign(signed.a_small_certificate(authority))
        heads = len(small.to_bytes()) - len(small.payload)
        fitting = cose.Signed(small.protected, bytes(codec.LARGEST - heads), small.signature, small.header).to_bytes()
        assert len(fitting) == codec.LARGEST
        assert cose.read(fitting).signature == small.signature
        too_long = cose.Signed(small.protected, bytes(codec.LARGEST - heads + 1), small.signature, small.header)
        with pytest.raises(codec.CBORMalformed):
            cose.read(too_long.to_bytes())

    def test_no_qr_text_ends_in_a_space(self) -> None:
        for data in (bytes((high, low)) for high in range(256) for low in range(256)):
            assert not qr.to_base45(data).endswith(" ")
        for last in range(256):
            assert not qr.to_base45(bytes((last,))).endswith(" ")


class TestEnvelopes:
    @pytest.mark.parametrize(
        ("name", "typ"),
        [
            ("certificate", cose.CERTIFICATE),
            ("import confirmation", cose.CONFIRMATION),
            ("participant record", cose.RECORD),
            ("trust list", cose.TRUST_LIST),
            ("approval", cose.APPROVAL),
        ],
    )
    def test_every_type_stands_in_the_table(self, name: str, typ: str) -> None:
        assert f"\n| {name} | `{typ}` |\n" in TEXT

    def test_the_bytes_of_envelope_and_sig_structure_are_those_of_the_table(self) -> None:
        authority = signed.an_authority()
        certificate = authority.sign(signed.a_small_certificate(authority))
        header, payload = certificate.protected.hex(), certificate.payload.hex()
        assert certificate.to_bytes().hex() == f"d284582c{header}a059013e{payload}5840{certificate.signature.hex()}"
        assert certificate.to_be_signed.hex() == f"846a5369676e617475726531582c{header}4059013e{payload}"
        for piece in ("d2", "84", "58 2c", "a0", "59 01 3e", "58 40", "6a 5369676e617475726531", "40"):
            assert f"| `{piece}`" in TEXT


class TestTrust:
    def test_every_usage_stands_with_its_number(self) -> None:
        stated = ", ".join(f"{usage.value} *{usage.name.lower()}*" for usage in Usage if usage is not Usage.ROOT)
        assert f"| usage | {stated}; {Usage.ROOT.value} is the root" in TEXT

    def test_every_end_of_a_key_stands_with_its_number(self) -> None:
        stated = ", ".join(f"{each.value} {each.name.lower()}" for each in Ended)
        assert f"| ended | {stated}, or null |" in TEXT

    def test_the_items_of_a_key_are_as_many_as_the_code_writes(self) -> None:
        (table,) = re.findall(r"(?s)A key is an array of eight:\n\n\| Item \| Value \|\n\|---\|---\|\n(.*?)\n\n", TEXT)
        assert len(table.splitlines()) == trust._KEY_ITEMS

    def test_the_tables_of_standing_have_the_columns_of_the_code(self) -> None:
        stated = rows(SECTIONS["Trust"])
        for name, table in participants.load().rows().items():
            columns = re.sub(r"\([^)]*\)", "", stated[f"`{name}`"][1]).split(",")
            assert [len(columns)] == list({len(row) for row in table})
        assert set(participants.load().rows()) == trust._TABLES

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ("participants", {str(each) for each in ParticipantKind}),
            ("standing", {str(each) for each in participants._DECIDED}),
            ("territories", {str(each) for each in TerritoryKind}),
        ],
    )
    def test_the_words_in_the_tables_are_those_of_the_code(self, table: str, words: set[str]) -> None:
        cell = rows(SECTIONS["Trust"])[f"`{table}`"][1]
        assert set(re.findall(r"`([a-z_]+)`", cell)) == words

    def test_the_standings_in_which_rough_may_be_traded_are_those_of_the_code(self) -> None:
        words = {
            StandingKind.PARTICIPANT: "a Participant,",
            StandingKind.PARTIAL: "a Participant in partial standing",
            StandingKind.TRADING_ENTITY: "a trading entity;",
        }
        (allowed,) = re.findall(r"Trade is allowed with (.*?) not with", FLOWING)
        assert {kind for kind in StandingKind if kind.may_trade} == words.keys()
        assert all(word in allowed for word in words.values())


class TestExample:
    def test_everything_in_it_fits_together(self) -> None:
        key = PublicKey.from_spki(bytes.fromhex(block("spki")))
        certificate = cose.read(bytes.fromhex(block("cose")))
        assert qr.from_text(block("text")) == certificate.to_bytes()
        assert certificate.protected == bytes.fromhex(block("protected"))
        assert trust.is_signed_by(certificate, key)
        assert f"with the key id `{key.key_id.hex()}`" in FLOWING
        assert hashlib.sha256(certificate.to_be_signed).hexdigest() == block("identity")

    def test_it_is_the_small_certificate_of_the_tests(self) -> None:
        authority = signed.an_authority()
        content = signed.a_small_certificate(authority)
        assert codec.decode_certificate(cose.read(bytes.fromhex(block("cose"))).payload) == content
        assert authority.sign(content).identity.hex() == block("identity")
