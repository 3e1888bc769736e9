"""Is it genuine, is it in date, may it enter here? Three questions, twenty-one numbered steps, one report.

A file with a stamp has five steps more, 22 to 26: the stamp must cover all of it and be of the same authority.

The rules of this module:

- The bytes that were received are judged, never a copy made from what was read in them.
- Steps 1 to 9 and 11 stop at the first failure: below a failed signature nothing is judged,
  and what the bytes claim is shown as a claim.
- Missing or stale trust data is *cannot decide*: never *valid*, and never *forged*.
- The issuer's standing and key are judged on the day of validation; expiry and single use at presentation;
  the importing Participant's own list and prohibitions on the day of import. Each step names its day.
- `report` explains and never raises for what it was given; `verify` raises for what must not be ignored.

Source: KPCS Core Document, Section III(b), (c) and Annex I.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from macle import errors
from macle.proof import codec, cose, qr
from macle.proof.keys import Usage
from macle.proof.stamps import StampEvidence
from macle.proof.trust import Ended
from macle.scheme import rules
from macle.scheme.rules import Outcome
from macle.scheme.rules.settings import PresentationSetting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from macle.proof.cose import Signed
    from macle.proof.keys import PublicKey
    from macle.proof.trust import Trust, TrustedKey
    from macle.scheme.certificates import Certificate
    from macle.scheme.lifecycle import CertificateState
    from macle.scheme.profiles import Profiles
    from macle.scheme.rules.settings import EarlierPresentation
    from macle.scheme.terms import CertificateNumber, ParticipantCode


class Question(StrEnum):
    """What an officer has to know; the answers are never mixed."""

    GENUINE = "genuine"
    IN_DATE = "in_date"
    ADMISSIBLE = "admissible"


class Answer(StrEnum):
    """The answer to a question."""

    YES = "yes"
    NO = "no"
    CANNOT_DECIDE = "cannot_decide"
    NOT_JUDGED = "not_judged"


class Result(StrEnum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    NOT_JUDGED = "not_judged"


class Judged(StrEnum):
    """On which day a step is judged."""

    VALIDATION = "validation"
    PRESENTATION = "presentation"
    STAMPING = "stamping"


class Rests(StrEnum):
    """Which trust data a step rests on."""

    ON_KEYS = "keys"
    ON_STANDING = "standing"


class StepDefinition(NamedTuple):
    """A step as it stands in the specification."""

    number: int
    name: str
    question: Question
    rule: str
    judged: Judged
    failure: type[errors.MacleError]
    passed: str
    trust: Rests | None = None

    def __reduce__(self) -> tuple[object, tuple[int]]:
        """Go to another process as a number: both have the same steps."""
        return _definition, (self.number,)


def _definition(number: int) -> StepDefinition:
    return (*STEPS, *STAMP_STEPS)[number - 1]


_G, _D, _A = Question.GENUINE, Question.IN_DATE, Question.ADMISSIBLE
_V, _P, _S = Judged.VALIDATION, Judged.PRESENTATION, Judged.STAMPING
_BYTES = "AnnexI.A.tamper-resistance"
_OFFICE = "AnnexI.A.validation"

STEPS = (
    StepDefinition(1, "carrier", _G, _BYTES, _P, errors.Malformed, "The text, picture or file could be read."),
    StepDefinition(2, "envelope", _G, _BYTES, _P, errors.Malformed, "It is one signed object in its one encoding."),
    StepDefinition(3, "type", _G, _BYTES, _P, errors.Malformed, "It is a certificate, version 1."),
    StepDefinition(4, "key", _G, _BYTES, _V, errors.Untrusted, "The key is known.", Rests.ON_KEYS),
    StepDefinition(5, "algorithm", _G, _BYTES, _V, errors.Untrusted, "The algorithm is that of the key."),
    StepDefinition(6, "signature", _G, _BYTES, _V, errors.Untrusted, "The signature is of this key over these bytes."),
    StepDefinition(
        7, "content", _G, "certificate.complete", _V, errors.Malformed, "Everything that Annex I orders is there."
    ),
    StepDefinition(
        8,
        "authority",
        _G,
        _OFFICE,
        _V,
        errors.Untrusted,
        "The key may validate for the issuer and the office.",
        Rests.ON_KEYS,
    ),
    StepDefinition(
        9, "key-in-force", _G, _OFFICE, _V, errors.Untrusted, "The key was in force when it signed.", Rests.ON_KEYS
    ),
    StepDefinition(
        10,
        "keys-known",
        _G,
        "trust.reach",
        _V,
        errors.Untrusted,
        "The issuer's record reaches the day of validation.",
        Rests.ON_KEYS,
    ),
    StepDefinition(
        11,
        "one-identity",
        _G,
        "AnnexI.A.number-unique",
        _P,
        errors.Untrusted,
        "No other certificate is known under this number.",
    ),
    StepDefinition(12, "in-date", _D, "III.b.in-date", _P, errors.Refused, "It is presented before it expires."),
    StepDefinition(
        13,
        "standing-known",
        _A,
        "trust.reach",
        _P,
        errors.Refused,
        "The standing of Participants is known up to this day.",
        Rests.ON_STANDING,
    ),
    StepDefinition(
        14,
        "issuer-standing",
        _A,
        "III.c.issuer-standing",
        _V,
        errors.Refused,
        "The issuer was a Participant in good standing.",
        Rests.ON_STANDING,
    ),
    StepDefinition(
        15,
        "origin-standing",
        _A,
        "III.c.origin-standing",
        _V,
        errors.Refused,
        "No origin was excluded.",
        Rests.ON_STANDING,
    ),
    StepDefinition(
        16,
        "importing-standing",
        _A,
        "III.c.importing-standing",
        _P,
        errors.Refused,
        "The importing side is a Participant in good standing.",
        Rests.ON_STANDING,
    ),
    StepDefinition(
        17,
        "destination",
        _A,
        "III.b.destination-matches",
        _P,
        errors.Refused,
        "It is presented where it is destined.",
        Rests.ON_STANDING,
    ),
    StepDefinition(
        18,
        "national-list",
        _A,
        "profile.national-list",
        _P,
        errors.Refused,
        "The importing Participant's own list has the issuer.",
        Rests.ON_STANDING,
    ),
    StepDefinition(
        19,
        "prohibitions",
        _A,
        "profile.prohibitions",
        _P,
        errors.Refused,
        "No other import prohibition is known to apply.",
    ),
    StepDefinition(20, "not-withdrawn", _A, "III.b.not-withdrawn", _P, errors.Refused, "No withdrawal is known."),
    StepDefinition(
        21, "single-use", _A, "III.b.single-use", _P, errors.Refused, "No earlier presentation elsewhere is known."
    ),
)

STAMP_STEPS = (
    StepDefinition(22, "stamp", _G, _BYTES, _S, errors.Untrusted, "The file has a stamp."),
    StepDefinition(23, "stamp-covers", _G, _BYTES, _S, errors.Untrusted, "The stamp covers the whole file."),
    StepDefinition(24, "stamp-signature", _G, _BYTES, _S, errors.Untrusted, "The stamp is of these very bytes."),
    StepDefinition(
        25,
        "stamp-authority",
        _G,
        _OFFICE,
        _S,
        errors.Untrusted,
        "Stamp and certificate are of one authority.",
        Rests.ON_KEYS,
    ),
    StepDefinition(
        26,
        "stamp-in-force",
        _G,
        _OFFICE,
        _S,
        errors.Untrusted,
        "The stamp was in force when it was set.",
        Rests.ON_KEYS,
    ),
)
"""The steps of a file with a stamp, such as a PDF; of a text, a picture or bytes they are no part."""


class Step(NamedTuple):
    """One step of one report."""

    definition: StepDefinition
    result: Result
    reason: str
    advice: str = ""

    def to_error(self) -> errors.MacleError:
        """Return the error that this step is for whoever must not ignore it."""
        family = errors.Undecided if self.result is Result.UNDECIDED else self.definition.failure
        return family(
            self.reason,
            where=f"step {self.definition.number}, {self.definition.name}",
            mend=self.advice,
            rule=self.definition.rule,
        )


_PASSED = tuple(Step(step, Result.PASSED, step.passed) for step in (*STEPS, *STAMP_STEPS))
_NOT_JUDGED = tuple(Step(step, Result.NOT_JUDGED, "Not judged.") for step in STEPS)
_STAMP_NOT_JUDGED = tuple(Step(step, Result.NOT_JUDGED, "Not judged.") for step in STAMP_STEPS)
PAPER = "paper"
"""The carrier of what was typed from a sheet."""
_SIGNATURE = 6
_STANDING_KNOWN = 13
_PRESENTATION = tuple((step, rules.catalogue()[step.rule].decide) for step in STEPS[11:])
"""Steps 12 to 21, each with the function of its rule; whether standing is known is no rule of the Scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the verifier knows from elsewhere: letters, receipts, its own register. Empty when offline.

    ``identities`` has the first identity seen under a number; ``existed_before`` the earliest instant at
    which other evidence places an identity; ``statuses`` the last state known of a number.
    """

    identities: Mapping[CertificateNumber, bytes] = field(default_factory=dict)
    existed_before: Mapping[bytes, datetime] = field(default_factory=dict)
    statuses: Mapping[CertificateNumber, CertificateState] = field(default_factory=dict)
    presentations: Mapping[bytes, EarlierPresentation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who asks, when, and what they believe.

    ``importing`` None asks as if the certificate were presented where it is destined. ``first_import`` says
    whether the goods enter for the first time, where a prohibition depends on it.
    """

    trust: Trust
    profiles: Profiles
    at: datetime
    importing: ParticipantCode | None = None
    office: str = ""
    first_import: bool | None = None
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answers, step by step.

    ``certificate`` is what the issuer signed with ``key``; it is None unless the signature is good. ``claim`` is what
    bytes with no good signature say of themselves, and nobody has signed.
    """

    steps: tuple[Step, ...]
    at: datetime
    certificate: Certificate | None = None
    claim: Certificate | None = None
    signed: Signed | None = None
    carrier: str = "bytes"
    key: TrustedKey | None = None
    keys_as_of: datetime | None = None
    standing_as_of: datetime | None = None
    stamped_at: datetime | None = None

    def judged_at(self, step: Step) -> datetime | None:
        """Return the instant for which a step was judged, or None where it was not reached or is not known."""
        if step.result is Result.NOT_JUDGED:
            return None
        if step.definition.judged is Judged.PRESENTATION:
            return self.at
        if step.definition.judged is Judged.STAMPING:
            return self.stamped_at
        certificate = self.certificate or self.claim
        return certificate.validated_at if certificate else None

    def trust_as_of(self, step: Step) -> datetime | None:
        """Return when the trust data that a step rests on was known to be right, or None if it rests on none."""
        if step.result is Result.NOT_JUDGED or step.definition.trust is None:
            return None
        return self.keys_as_of if step.definition.trust is Rests.ON_KEYS else self.standing_as_of

    def answer(self, question: Question) -> Answer:
        """Return the answer to one of the three questions."""
        results = {step.result for step in self.steps if step.definition.question is question}
        if Result.FAILED in results:
            return Answer.NO
        if Result.UNDECIDED in results:
            return Answer.CANNOT_DECIDE
        return Answer.NOT_JUDGED if Result.NOT_JUDGED in results else Answer.YES

    @property
    def genuine(self) -> Answer:
        """Return whether bytes and keys are good."""
        return self.answer(Question.GENUINE)

    @property
    def in_date(self) -> Answer:
        """Return whether it is presented within its validity."""
        return self.answer(Question.IN_DATE)

    @property
    def admissible(self) -> Answer:
        """Return whether standing, lists and prohibitions let it enter."""
        return self.answer(Question.ADMISSIBLE)

    @property
    def is_good_in_a_bad_file(self) -> bool:
        """Return whether the certificate is genuine by itself, and only the file around it is not what was stamped."""
        own = {step.result for step in self.steps[: len(STEPS)] if step.definition.question is Question.GENUINE}
        around = {step.result for step in self.steps[len(STEPS) :]}
        return own == {Result.PASSED} and Result.FAILED in around

    @property
    def failing(self) -> Step | None:
        """Return the step that decides against it: the first that failed, else the first undecided one."""
        for wanted in (Result.FAILED, Result.UNDECIDED):
            for step in self.steps:
                if step.result is wanted:
                    return step
        return None


def verify(
    data: bytes | str, *, circumstances: Circumstances, stamps: Sequence[StampEvidence] | None = None
) -> Certificate:
    """Return the certificate if all three answers are yes; ``stamps`` as in `report`.

    Raises `Malformed`, `Untrusted`, `Undecided` or `Refused`: the error of the step that decides.
    """
    judged = report(data, circumstances=circumstances, stamps=stamps)
    failing = judged.failing
    if failing is not None:
        raise failing.to_error()
    if judged.certificate is None:
        raise errors.Undecided("Nothing was judged.")
    return judged.certificate


def report(
    data: bytes | str,
    *,
    circumstances: Circumstances,
    carrier: str = "",
    stamps: Sequence[StampEvidence] | None = None,
) -> Report:
    """Judge a QR text or COSE bytes, step by step; ``carrier`` says how they came (*read from a picture*).

    ``stamps`` are those of the file that the bytes are attached to, and make its stamp part of the judgement; None if
    they came by themselves.
    """
    return _Judgement(circumstances).of(data, carrier, stamps)


def report_of_paper(certificate: Certificate, *, circumstances: Circumstances) -> Report:
    """Judge what was typed from a paper certificate.

    No machine can say whether paper is genuine, so that is never answered; whoever holds it compares it with the
    issuer's specimens. What the Scheme and the law ask of any certificate is judged as of a signed one.
    """
    return _Judgement(circumstances).of_paper(certificate)


def unreadable(error: errors.MacleError, *, circumstances: Circumstances, carrier: str) -> Report:
    """Return the report on a picture or file in which no certificate could be found.

    A blurred scan is no forgery: nothing was read, so nothing is decided.
    """
    judgement = _Judgement(circumstances)
    judgement.undecided(1, error.what, error.mend)
    return judgement.finish(carrier)


class _Judgement:
    """Goes through the steps once."""

    __slots__ = (
        "at",
        "certificate",
        "circumstances",
        "claim",
        "key",
        "keys_as_of",
        "signed",
        "stamped_at",
        "steps",
        "trust",
    )

    def __init__(self, circumstances: Circumstances) -> None:
        self.circumstances = circumstances
        self.trust = circumstances.trust
        self.at = circumstances.at
        self.steps: list[Step] = []
        self.stamped_at: datetime | None = None
        self.signed: Signed | None = None
        self.certificate: Certificate | None = None
        self.claim: Certificate | None = None
        self.key: TrustedKey | None = None
        self.keys_as_of: datetime | None = None

    def of(self, data: bytes | str, carrier: str, stamps: Sequence[StampEvidence] | None) -> Report:
        """Judge, and stop where nothing below can be judged."""
        signed = self.read(data)
        keys = [] if signed is None else self.signing_keys(signed)
        if signed is not None and keys:
            certificate = self.content(signed, keys)
            if certificate is not None and self.authority(signed, certificate):
                self.present(signed.identity, certificate)
        self.steps.extend(_NOT_JUDGED[len(self.steps) :])
        if stamps is not None:
            self.stamp(stamps)
            self.steps.extend(_STAMP_NOT_JUDGED[len(self.steps) - len(STEPS) :])
        return self.finish(carrier or ("text" if isinstance(data, str) else "bytes"))

    def of_paper(self, certificate: Certificate) -> Report:
        """Judge what does not rest on bytes: that it is whole, in date and admissible, and was not used before."""
        self.claim = certificate
        self.steps.extend(_NOT_JUDGED[: _SIGNATURE - 1])
        self.undecided(_SIGNATURE, "Paper has no signature that a machine could check.", _BY_EYE)
        self.passed(_SIGNATURE + 1)
        self.steps.extend(_NOT_JUDGED[_SIGNATURE + 1 : _PRESENTATION[0][0].number - 2])
        self.passed(_PRESENTATION[0][0].number - 1)
        self.present(b"", certificate)
        return self.finish(PAPER)

    # Each method below is named after what it decides and gives the numbers of its steps.

    def read(self, data: bytes | str) -> Signed | None:
        """Steps 1 to 3: what was brought is one signed certificate."""
        number = 1
        try:
            cose_bytes = qr.from_text(data) if isinstance(data, str) else data
            number = 2
            signed = cose.read(cose_bytes)
            number = 3
            cose.expect(signed, cose.CERTIFICATE)
        except errors.Malformed as error:
            self.passed(*range(1, number))
            self.fail(number, _sentence(error), error.mend or "Scan again; if it stays so, it is not a certificate.")
            return None
        self.passed(1, 2, 3)
        self.signed = signed
        return signed

    def signing_keys(self, signed: Signed) -> list[TrustedKey]:
        """Steps 4 to 6: known keys of this algorithm that signed these very bytes."""
        candidates = self.trust.by_key_id.get(signed.header.key_id, ())
        if not candidates:
            self.unknown_key(_claim(signed))
            return []
        fitting = [key for key in candidates if key.algorithm == signed.header.algorithm]
        to_be_signed = signed.to_be_signed
        signing = [key for key in fitting if key.public_key.has_signed(to_be_signed, signed.signature)]
        if not signing:
            self.claim = _claim(signed)
            self.keys_as_of = self.trust.sources[candidates[0].participant].as_of
            self.passed(4)
            if fitting:
                self.passed(5)
                self.fail(
                    6, "The signature does not fit these bytes: they were changed, or signed by somebody else.", _CALL
                )
            else:
                self.fail(5, "The message names another algorithm than the key's.", _CALL)
        return signing

    def unknown_key(self, claim: Certificate | None, *, named_by: ParticipantCode | None = None) -> None:
        """Step 4: whether an unknown key is a forger's or only newer than what is held depends on the dates."""
        self.claim = claim
        source = None if claim is None else self.trust.sources.get(claim.issuer)
        self.keys_as_of = None if source is None else source.as_of
        if claim is None:
            self.undecided(4, "The key is not known here, and what it signed cannot be read.", _REFRESH)
        elif source is None:
            self.undecided(4, f"No keys of {claim.issuer} are held here.", _REFRESH)
        elif claim.validated_at < source.as_of:
            self.fail(4, f"{claim.issuer} had no such key when this claims to have been validated.", _CALL)
        else:
            named = f"Only the record of {named_by} names this key. " if named_by else ""
            self.undecided(
                4, f"{named}The keys of {claim.issuer} held here are older than this claims to be.", _REFRESH
            )

    def content(self, signed: Signed, keys: list[TrustedKey]) -> Certificate | None:
        """Step 7: what was signed is a whole certificate; a key counts if it is of the issuer that it names.

        A key that only another Participant's record has is an unknown one: nobody can speak for the issuer.
        """
        try:
            certificate = codec.decode_certificate(signed.payload)
        except errors.Malformed as error:
            self.keys_as_of = self.trust.sources[keys[0].participant].as_of
            self.passed(4, 5, 6)
            self.fail(7, _sentence(error), "Ask the issuing authority: it signed this itself.")
            return None
        self.key = next((key for key in keys if key.participant == certificate.issuer), None)
        if self.key is None:
            self.unknown_key(certificate, named_by=keys[0].participant)
            return None
        self.certificate = certificate
        self.keys_as_of = self.trust.sources[certificate.issuer].as_of
        self.passed(4, 5, 6, 7)
        return certificate

    def authority(self, signed: Signed, certificate: Certificate) -> bool:
        """Steps 8 to 11: the key may do this, was in force, is known so far, and there is no second identity."""
        key, source = self.key, self.trust.sources[certificate.issuer]
        if key is None:
            return False
        wrong = key.why_not(participant=certificate.issuer, usage=Usage.VALIDATE, office=certificate.office)
        if wrong:
            return self.fail(8, wrong, _CALL)
        self.passed(8)
        seen = self.circumstances.known.existed_before.get(signed.identity)
        if not self.in_force(9, key, certificate.validated_at, existed_before=seen):
            return False
        if certificate.validated_at >= source.reaches_until:
            self.undecided(
                10, f"What is known of {certificate.issuer} ends on {source.reaches_until:%Y-%m-%d}.", _REFRESH
            )
        else:
            self.passed(10)
        first = self.circumstances.known.identities.get(certificate.number)
        if first is not None and first != signed.identity:
            return self.fail(11, f"Another certificate is known under the number {certificate.number}.", _ALARM)
        self.passed(11)
        return True

    def in_force(self, number: int, key: TrustedKey, claimed: datetime, *, existed_before: datetime | None) -> bool:
        """Steps 9 and 26: the key's half-open interval holds the claimed time, and nothing says that it was stolen.

        ``existed_before`` is the earliest instant at which other evidence places what was signed.
        """
        if claimed < key.since:
            return self.fail(number, f"The key is in force only since {key.since:%Y-%m-%d %H:%M} UTC.", _CALL)
        if key.until is None:
            self.passed(number)
        elif key.ended is Ended.COMPROMISED:
            if claimed < key.until and existed_before is not None and existed_before < key.until:
                self.passed(number)
            else:
                self.undecided(
                    number,
                    f"The key is compromised since {key.until:%Y-%m-%d %H:%M} UTC, and nothing else places this "
                    f"{'certificate' if number <= len(STEPS) else 'stamp'} before that.",
                    _ASK_REGISTER if number <= len(STEPS) else _WHOLE_FILE,
                )
        elif claimed >= key.until:
            return self.fail(number, f"The key was retired on {key.until:%Y-%m-%d %H:%M} UTC.", _CALL)
        else:
            self.passed(number)
        return True

    def present(self, identity: bytes, certificate: Certificate) -> None:
        """Steps 12 to 21: the rules of presentation, each with its own day; paper has no identity."""
        here, known = self.circumstances, self.circumstances.known
        importing = here.importing or certificate.destination
        setting = PresentationSetting(
            participants=self.trust.participants,
            profile=here.profiles.of_day(importing, at=self.at, office=here.office),
            importing=importing,
            office=here.office,
            at=self.at,
            first_import=here.first_import,
            earlier_presentation=known.presentations.get(identity) if known.presentations else None,
            known_status=known.statuses.get(certificate.number),
        )
        for definition, decide in _PRESENTATION:
            if decide is None:
                self.standing_known()
            elif breaches := decide(subject=certificate, setting=setting):
                worst = next((each for each in breaches if each.outcome is Outcome.REFUSE), breaches[0])
                reason = " ".join(each.what for each in breaches)
                self.steps.append(Step(definition, _RESULTS[worst.outcome], reason, worst.mend))
            else:
                self.steps.append(_PASSED[definition.number - 1])

    def standing_known(self) -> None:
        """Step 13: what is known of everyone's standing reaches the day of presentation."""
        reach = self.trust.standing_reaches_until
        if self.at < reach:
            self.passed(_STANDING_KNOWN)
        else:
            self.undecided(
                _STANDING_KNOWN, f"The standing of Participants is known up to {reach:%Y-%m-%d} only.", _REFRESH
            )

    def stamp(self, stamps: Sequence[StampEvidence]) -> bool:
        """Steps 22 to 26: a stamp covers the whole file, is of its bytes, and of the certificate's authority.

        Nothing may follow a stamp, so of several only one that covers the whole file counts.
        """
        covering = [each for each in stamps if each.covers_file and not each.problem]
        stamp = (covering or stamps or [_NO_STAMP])[-1]
        self.stamped_at = stamp.stamped_at
        if stamp.problem:
            return self.fail(22, stamp.problem, _WHOLE_FILE)
        self.passed(22)
        if not stamp.covers_file:
            return self.fail(23, "Something was added to the file after it was stamped.", _WHOLE_FILE)
        self.passed(23)
        if stamp.key is None or not stamp.is_of_these_bytes:
            return self.fail(24, "The file was changed after it was stamped.", _WHOLE_FILE)
        self.passed(24)
        certificate = self.certificate or self.claim
        key = None if certificate is None else self.stamp_key(stamp.key, stamp.stamped_at, certificate)
        if key is None:
            return False
        self.passed(25)
        return self.stamp_in_force(key, stamp.stamped_at)

    def stamp_in_force(self, key: TrustedKey, at: datetime | None) -> bool:
        """Step 26: the stamp was in force when it was set, as far as that is known."""
        reach = self.trust.sources[key.participant].reaches_until
        if at is None:
            return self.fail(26, "The stamp does not say when it was set.", _WHOLE_FILE)
        if at <= self.at and at < reach:
            return self.in_force(26, key, at, existed_before=None)
        known = f"What is known of {key.participant} ends on {reach:%Y-%m-%d}"
        claimed = f"It claims to be stamped on {at:%Y-%m-%d}, after the day asked for"
        self.undecided(26, f"{known if at <= self.at else claimed}.", _REFRESH)
        return False

    def stamp_key(self, key: PublicKey, at: datetime | None, certificate: Certificate) -> TrustedKey | None:
        """Step 25: the participant record of the certificate's issuer names the key, as a stamp of the office."""
        issuer = certificate.issuer
        named = [each for each in self.trust.by_key_id.get(key.key_id, ()) if each.public_key == key]
        trusted = next((each for each in named if each.participant == issuer), None)
        source = self.trust.sources.get(issuer)
        if trusted is not None:
            wrong = trusted.why_not(participant=issuer, usage=Usage.STAMP, office=certificate.office)
            if not wrong:
                return trusted
            self.fail(25, wrong, _CALL)
        elif named:
            self.fail(25, f"The stamp is of {named[0].participant}, and the certificate is of {issuer}.", _CALL)
        elif source is None:
            self.undecided(25, f"No keys of {issuer} are held here.", _REFRESH)
        elif at is not None and at < source.as_of:
            self.fail(25, f"{issuer} had no such stamp when this claims to have been stamped.", _CALL)
        else:
            self.undecided(25, f"The keys of {issuer} held here are older than this stamp claims to be.", _REFRESH)
        return None

    def passed(self, *numbers: int) -> None:
        """Note that these steps passed."""
        self.steps.extend([_PASSED[number - 1] for number in numbers])

    def fail(self, number: int, reason: str, advice: str) -> bool:
        """Note that a step failed; return False, for the caller to return."""
        self.steps.append(Step(_definition(number), Result.FAILED, reason, advice))
        return False

    def undecided(self, number: int, reason: str, advice: str) -> None:
        """Note that a step cannot be decided."""
        self.steps.append(Step(_definition(number), Result.UNDECIDED, reason, advice))

    def finish(self, carrier: str) -> Report:
        """Return the report; the steps that were not reached stand in it too."""
        return Report(
            steps=(*self.steps, *_NOT_JUDGED[len(self.steps) :]),
            at=self.at,
            certificate=self.certificate,
            claim=self.claim,
            signed=self.signed,
            carrier=carrier,
            key=self.key,
            keys_as_of=self.keys_as_of,
            standing_as_of=self.trust.standing_as_of,
            stamped_at=self.stamped_at,
        )


def _sentence(error: errors.MacleError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what


_RESULTS = {
    Outcome.REFUSE: Result.FAILED,
    Outcome.HOLD: Result.UNDECIDED,
    Outcome.UNDECIDED: Result.UNDECIDED,
    Outcome.REVIEW: Result.PASSED,
}
_CALL = "Stop the shipment and ask the issuing authority by telephone, with the number and a copy."
_REFRESH = "Fetch newer trust data, or ask the issuing authority. Nothing here says that it is false."
_BY_EYE = "Compare it with the issuing authority's specimens, and ask it by telephone where anything differs."
_ASK_REGISTER = "Ask the issuing authority whether its own register has this certificate."
_WHOLE_FILE = "Ask whoever sent it for the file as it was stamped."
_NO_STAMP = StampEvidence(problem="The file has no stamp.")
_ALARM = "Stop the shipment and tell the issuing authority both identities."


def _claim(signed: Signed) -> Certificate | None:
    """Return what unsigned bytes say of themselves, or None if not even that can be read."""
    try:
        return codec.decode_certificate(signed.payload)
    except errors.Malformed:
        return None
