"""Small PDFs put together by hand, so that each part of them can be another than it should.

Nothing of the code that reads or stamps is used. A file is a `Draft`: numbered objects, written with a table of their
places. A stamp is a dictionary with room for a signature, which `stamped` fills in at the end.

Source: ISO 32000-1; RFC 5652; RFC 5035.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asn1crypto import cms, core, pem, tsp, x509
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from macle.proof import signing_certificates
from macle.proof.keys import Usage
from tests.support.signed import SINCE, a_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric import rsa

    from macle.proof.keys import FileSigner

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
A4 = "0 0 595 842"
WORDS = b"BT /F 12 Tf 72 770 Td (What counts is attached to this page.) Tj ET"
FONT = "/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
ROOM = 4096
"""Hexadecimal digits that are kept free for a signature."""

CATALOG, PAGES, PAGE = 1, 2, 3
"""The numbers of the first objects of every draft."""


def stream(data: bytes, entries: str = "", *, deflated: bool = False) -> bytes:
    """Return a stream with these entries in its dictionary."""
    data = zlib.compress(data, 9) if deflated else data
    entries = f"{entries} /Filter /FlateDecode" if deflated else entries
    return f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


@dataclass(slots=True)
class Draft:
    """A PDF of one page in the making; ``catalog`` and ``page`` are further entries of these two."""

    content: bytes = WORDS
    box: str = A4
    catalog: str = ""
    page: str = FONT
    pages: int = 1
    trailer: str = ""
    objects: dict[int, bytes] = field(default_factory=lambda: {CATALOG: b"", PAGES: b"", PAGE: b""})
    fields: list[int] = field(default_factory=list)

    def add(self, body: bytes | str) -> int:
        """Take one more object and return its number."""
        number = max(self.objects) + 1
        self.objects[number] = body.encode() if isinstance(body, str) else body
        return number

    def attach(self, *files: tuple[str, bytes], deflated: bool = False) -> None:
        """Attach these files, as the tree of names has them."""
        named = [f"{_text(name)} {self.file(name, content, deflated=deflated)} 0 R" for name, content in files]
        tree = self.add(f"<< /Names [{' '.join(named)}] >>")
        self.catalog += f" /Names << /EmbeddedFiles {tree} 0 R >>"

    def file(self, name: str, content: bytes, *, deflated: bool = False) -> int:
        """Take a file and return the number of what names it; nothing refers to it yet."""
        embedded = self.add(stream(content, "/Type /EmbeddedFile", deflated=deflated))
        text = _text(name)
        return self.add(f"<< /Type /Filespec /F {text} /UF {text} /EF << /F {embedded} 0 R >> >>")

    def sign_here(self, entries: str = "", *, room: int = ROOM, at: str = "D:20261102093100Z", **parts: str) -> None:
        """Take a field with a stamp that is still empty; ``parts`` change or remove entries of its dictionary."""
        stated = {
            "Type": "/Sig",
            "Filter": "/Adobe.PPKLite",
            "SubFilter": "/ETSI.CAdES.detached",
            "M": f"({at})",
            "ByteRange": PLACES.decode(),
            "Contents": f"<{'0' * room}>",
            **parts,
        }
        dictionary = " ".join(f"/{name} {value}" for name, value in stated.items() if value)
        signature = self.add(f"<< {dictionary} {entries} >>")
        self.fields.append(
            self.add(
                "<< /FT /Sig /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F 132 /T "
                f"(Stamp {signature}) /V {signature} 0 R /P {PAGE} 0 R >>"
            )
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        form = f" /AcroForm << /SigFlags 3 /Fields [{_references(self.fields)}] >>" if self.fields else ""
        content = self.add(stream(self.content))
        self.objects[CATALOG] = f"<< /Type /Catalog /Pages {PAGES} 0 R{form}{self.catalog} >>".encode()
        self.objects[PAGES] = f"<< /Type /Pages /Count {self.pages} /Kids [{f'{PAGE} 0 R ' * self.pages}] >>".encode()
        self.objects[PAGE] = (
            f"<< /Type /Page /Parent {PAGES} 0 R /MediaBox [{self.box}] /Contents {content} 0 R {self.page} >>".encode()
        )
        written = HEADER + _written(self.objects, at=len(HEADER), trailer=f"/Root {CATALOG} 0 R {self.trailer}")
        del self.objects[content]
        return written


def a_file(*attached: tuple[str, bytes], **changes: Any) -> bytes:
    """Return a page with these files attached and without a stamp."""
    draft = Draft(**changes)
    if attached:
        draft.attach(*attached)
    return draft.to_bytes()


def updated(pdf: bytes, objects: Mapping[int, bytes], *, trailer: str = "") -> bytes:
    """Return the file with objects added or replaced behind its end."""
    before = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    head = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    more = f"/Root {CATALOG} 0 R /Prev {before} {trailer}"
    size = max(int(re.findall(rb"/Size (\d+)", pdf)[-1]), max(objects) + 1)
    return head + _written(objects, at=len(head), trailer=more, size=size)


def _written(objects: Mapping[int, bytes], *, at: int, trailer: str, size: int = 0) -> bytes:
    """Return objects with the table of their places; ``size`` is that of a file that is there already."""
    parts, table = [], [] if size else [b"0 1\n0000000000 65535 f \n"]
    for number, body in sorted(objects.items()):
        written = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table.append(b"%d 1\n%010d 00000 n \n" % (number, at))
        parts.append(written)
        at += len(written)
    end = f"trailer\n<< /Size {size or max(objects) + 1} {trailer} >>\nstartxref\n{at}\n%%EOF\n".encode()
    return b"".join([*parts, b"xref\n", *table, end])


def _references(numbers: Sequence[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)


def _text(text: str) -> str:
    return f"<FEFF{text.encode('utf-16-be').hex()}>" if not text.isascii() else f"({text})"


# --- Stamps -----------------------------------------------------------------------------------------

PLACES = b"[0 /AAAAAAAAA /BBBBBBBBB /CCCCCCCCC]"
"""Where the covered bytes will be named."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a signature covers: so many bytes, and from ``second`` on ``behind`` more."""

    before: int
    second: int
    behind: int

    def of(self, file: bytes) -> bytes:
        """Return the covered bytes."""
        return file[: self.before] + file[self.second : self.second + self.behind]

    @property
    def text(self) -> str:
        """Return it as a signature states it."""
        return f"[0 {self.before} {self.second} {self.behind}]"


def stamped(
    pdf: bytes,
    sign: Callable[[bytes], bytes],
    *,
    choose: Callable[[Range], Range] = lambda honest: honest,
    state: Callable[[Range], str] = lambda chosen: chosen.text,
) -> bytes:
    """Return the file with its last empty stamp filled in.

    ``choose`` may cover other bytes than all but the signature, ``state`` may say so in another way.
    """
    before = pdf.rindex(b"/Contents <0000") + len(b"/Contents ")
    second = pdf.index(b">", before) + 1
    covered = choose(Range(before, second, len(pdf) - second))
    at = pdf.rindex(PLACES)
    stated = state(covered).encode().ljust(len(PLACES))
    named = pdf[:at] + stated + pdf[at + len(stated) :]
    signature = sign(hashlib.sha256(covered.of(named)).digest())
    return named[: before + 1] + signature.hex().encode().ljust(second - before - 2, b"0") + named[second - 1 :]


def a_wrapper(signer: FileSigner, *, code: str = "BW", holder: str = "stamp-01") -> bytes:
    """Return the X.509 (DER) of a key, under the root of that Participant."""
    root = a_signer(f"{code} root")
    issuer = signing_certificates.make_root(root=root, participant=code, authority="Imaginary Office", at=SINCE)
    wrapped = signing_certificates.make_signing_certificate(
        root=root, root_certificate=issuer, key=signer.public_key, usage=Usage.STAMP, holder=holder, at=SINCE
    )
    return bytes(pem.unarmor(wrapped)[2])


def a_wrapper_of_rsa(key: rsa.RSAPrivateKey) -> bytes:
    """Return an X.509 (DER) of an RSA key, signed by itself."""
    name = crypto_x509.Name([crypto_x509.NameAttribute(NameOID.COMMON_NAME, "stamp-01 (stamp)")])
    builder = crypto_x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(SINCE).not_valid_after(SINCE + signing_certificates.LEAF_LIFE)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def a_signature(
    signer: FileSigner, wrapped: bytes, *, change: Callable[[dict[str, Any]], None] | None = None, **parts: Any
) -> Callable[[bytes], bytes]:
    """Return what makes the CAdES signature over a digest; ``change`` and ``parts`` make it another than it should."""

    def sign(digest: bytes) -> bytes:
        certificate = x509.Certificate.load(wrapped)
        attributes = parts.get("attributes", attributes_of)(digest, wrapped)
        raw = signer.sign(cms.CMSAttributes(attributes).dump())
        info = {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            },
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])),
        }
        signed = {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [certificate],
            "signer_infos": [info],
        }
        if change is not None:
            change(signed)
        content = cms.SignedData(signed)
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())

    return sign


def attributes_of(digest: bytes, wrapped: bytes) -> list[dict[str, Any]]:
    """Return the signed attributes that PAdES asks for."""
    named = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(wrapped).digest()}]})
    return [
        {"type": "content_type", "values": ["data"]},
        {"type": "message_digest", "values": [core.OctetString(digest)]},
        {"type": "signing_certificate_v2", "values": [named]},
    ]


def of_key(name: str, *, code: str = "BW", **parts: Any) -> Callable[[bytes], bytes]:
    """Return what signs with the key of that name, wrapped in the X.509 of that Participant."""
    signer = a_signer(name)
    return a_signature(signer, a_wrapper(signer, code=code), **parts)
