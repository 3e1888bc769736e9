"""What a vector is made of: a message, the circumstances, and the answers, which are stated by hand.

Messages are put together here with `cbor2` and `hashlib` alone, not with the code that reads them; the
answers never come from the verifier. Only the identity and the view of the certificate are computed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cbor2

from macle.proof import codec, qr, views
from macle.proof.cose import Algorithm
from tests.support.signed import a_signer
from tests.vectors import world

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from macle.proof.keys import FileSigner
    from macle.scheme.certificates import Certificate

CERTIFICATE_TYPE = "application/vnd.kpcs.cert.v1"


@dataclass(frozen=True, slots=True)
class Answers:
    """What every verifier must answer, and the step and rule that decide."""

    genuine: str
    in_date: str
    admissible: str
    step: int | None
    rule: str | None


ADMITTED = Answers("yes", "yes", "yes", None, None)
"""Genuine, in date, and nothing speaks against its entry."""


def malformed(step: int) -> Answers:
    """Return the answers for what cannot be read, at one of the steps 1, 2 and 3."""
    return Answers("no", "not_judged", "not_judged", step, "AnnexI.A.tamper-resistance")


def forged(step: int) -> Answers:
    """Return the answers for what a known key did not sign, at one of the steps 4, 5 and 6."""
    return Answers("no", "not_judged", "not_judged", step, "AnnexI.A.tamper-resistance")


KEY_UNKNOWN = Answers("cannot_decide", "not_judged", "not_judged", 4, "AnnexI.A.tamper-resistance")
INCOMPLETE = Answers("no", "not_judged", "not_judged", 7, "certificate.complete")
NOT_ENTITLED = Answers("no", "not_judged", "not_judged", 8, "AnnexI.A.validation")
KEY_NOT_IN_FORCE = Answers("no", "not_judged", "not_judged", 9, "AnnexI.A.validation")
KEY_COMPROMISED = Answers("cannot_decide", "yes", "yes", 9, "AnnexI.A.validation")
RECORD_ENDED = Answers("cannot_decide", "yes", "yes", 10, "trust.reach")
SECOND_IDENTITY = Answers("no", "not_judged", "not_judged", 11, "AnnexI.A.number-unique")
OUT_OF_DATE = Answers("yes", "no", "yes", 12, "III.b.in-date")


UNREADABLE = Answers("cannot_decide", "not_judged", "not_judged", 1, "AnnexI.A.tamper-resistance")
"""A PDF in which nothing could be found: no forgery, for nothing was read."""


def changed(step: int) -> Answers:
    """Return the answers for a good certificate in a file that is not as it was stamped, at one of 22, 23 and 24."""
    return Answers("no", "yes", "yes", step, "AnnexI.A.tamper-resistance")


STAMP_NOT_ENTITLED = Answers("no", "yes", "yes", 25, "AnnexI.A.validation")
STAMP_UNKNOWN = Answers("cannot_decide", "yes", "yes", 25, "AnnexI.A.validation")
STAMP_NOT_IN_FORCE = Answers("no", "yes", "yes", 26, "AnnexI.A.validation")
STAMP_UNDECIDED = Answers("cannot_decide", "yes", "yes", 26, "AnnexI.A.validation")
"""Compromised, or set when nothing is known of its key, or later than is asked for."""


def inadmissible(step: int, rule: str) -> Answers:
    """Return the answers for a genuine certificate whose goods may not enter."""
    return Answers("yes", "yes", "no", step, rule)


def entry_undecided(step: int, rule: str) -> Answers:
    """Return the answers for a genuine certificate of which nobody can say whether the goods may enter."""
    return Answers("yes", "yes", "cannot_decide", step, rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A COSE_Sign1 in its parts, each of them still to be spoilt."""

    protected: bytes
    payload: bytes
    signature: bytes
    certificate: Certificate | None = None

    @property
    def identity(self) -> bytes:
        """Return the SHA-256 of the Sig_structure."""
        return hashlib.sha256(to_be_signed(self.protected, self.payload)).digest()

    @property
    def cose(self) -> bytes:
        """Return the message as it should be: tag 18, four parts."""
        return b"\xd2" + cbor2.dumps([self.protected, {}, self.payload, self.signature])

    @property
    def text(self) -> str:
        """Return the message as the text of a QR code."""
        return qr.to_text(self.cose)


def to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def a_header(signer: FileSigner, **changes: Any) -> bytes:
    """Return the protected header; ``alg``, ``kid`` and ``typ`` change it, None leaves a part out."""
    parts = {"alg": int(signer.algorithm), "kid": signer.key_id, "typ": CERTIFICATE_TYPE, **changes}
    labels = {1: "alg", 4: "kid", 16: "typ"}
    return cbor2.dumps({label: parts[name] for label, name in labels.items() if parts[name] is not None})


def sign(payload: bytes, *, key: str = "BW validate", protected: bytes | None = None, **header: Any) -> Message:
    """Sign any payload with the key of that name; a header given whole is signed as it is."""
    signer = _signer(key)
    protected = a_header(signer, **header) if protected is None else protected
    return Message(protected=protected, payload=payload, signature=signer.sign(to_be_signed(protected, payload)))


def certify(certificate: Certificate, *, key: str = "", **header: Any) -> Message:
    """Sign a certificate, with its issuer's key for validation unless another one is named."""
    message = sign(codec.encode_certificate(certificate), key=key or f"{certificate.issuer} validate", **header)
    return replace(message, certificate=certificate)


def _signer(key: str) -> FileSigner:
    """Return the signer of the key of that name: South Africa's keys are Ed25519, but for its root."""
    is_ed25519 = key.startswith("ZA ") and key != "ZA root"
    return a_signer(key, Algorithm.EDDSA if is_ed25519 else Algorithm.ES256)


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF that lies in a file of its own; ``make`` makes it anew, each time with other identifiers and serials."""

    name: str
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One vector; ``message`` is what was signed, ``data`` what is brought to the verifier."""

    name: str
    about: str
    data: bytes | str | Document
    answers: Answers
    message: Message | None = None
    trust: str = "pins"
    at: datetime = world.PRESENTED_AT
    asked: dict[str, Any] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Return whether it is genuine and in date."""
        return self.answers.genuine == self.answers.in_date == "yes"

    def to_json(self) -> dict[str, Any]:
        """Return the vector as its file says it."""
        shown = self._shown()
        return {
            "name": self.name,
            "about": self.about,
            "trust": self.trust,
            **self._presented(),
            "circumstances": {
                "at": world.instant(self.at),
                **self.asked,
                **({"known": self.known} if self.known else {}),
            },
            "expect": {
                "genuine": self.answers.genuine,
                "in_date": self.answers.in_date,
                "admissible": self.answers.admissible,
                "step": self.answers.step,
                "rule": self.answers.rule,
                "identity": None if shown is None else shown.identity.hex(),
                "certificate": None
                if shown is None or shown.certificate is None
                else views.certificate_to_json(shown.certificate),
            },
        }

    def _presented(self) -> dict[str, str]:
        """Return what is brought to the verifier, under the name of its kind."""
        if isinstance(self.data, Document):
            return {"pdf": self.data.name}
        return {"text": self.data} if isinstance(self.data, str) else {"cose": self.data.hex()}

    def _shown(self) -> Message | None:
        """Return the message whose certificate is shown: only what a known key signed whole, which is past step 7."""
        step = self.answers.step
        is_signed = step is None or step > 7
        return self.message if is_signed else None


def vector(name: str, about: str, message: Message, answers: Answers, *, as_text: bool = False, **more: Any) -> Vector:
    """Return the vector of a message that is brought as it was signed."""
    data = message.text if as_text else message.cose
    return Vector(name=name, about=about, data=data, message=message, answers=answers, **more)


def document(
    name: str,
    about: str,
    make: Callable[[], bytes],
    answers: Answers,
    message: Message | None = None,
    *,
    pdf: str = "",
    **more: Any,
) -> Vector:
    """Return the vector of a PDF; ``message`` is what is attached to it or stands on it.

    The file is called as the vector is, without ``pdf-``, unless it is that of another vector.
    """
    made = Document(pdf or name.removeprefix("pdf-"), make)
    return Vector(name=name, about=about, data=made, message=message, answers=answers, **more)


def spoilt(name: str, about: str, data: bytes | str, answers: Answers, **more: Any) -> Vector:
    """Return the vector of something that nobody signed in this shape."""
    return Vector(name=name, about=about, data=data, answers=answers, **more)
