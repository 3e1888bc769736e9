"""X.509 for outside tools: a Participant's root, and a signing certificate for each key under it.

The participant record alone decides what a key may do and when; these wrap the same keys so that PDF
readers and `openssl` can follow the chain. They are called signing certificates and never certificates.

Source: RFC 5280; extended key usage for documents: RFC 9336.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from macle.proof.keys import Usage

if TYPE_CHECKING:
    from datetime import datetime

    from macle.proof.keys import FileSigner, PublicKey

ROOT_LIFE = timedelta(days=365 * 20)
LEAF_LIFE = timedelta(days=365 * 5)
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")


def make_root(*, root: FileSigner, participant: str, authority: str, at: datetime) -> bytes:
    """Return the root's own X.509 (PEM), signed by itself: it may sign others and nothing else."""
    name = _name(participant, authority, "Kimberley Process root")
    builder = (
        _builder(root.public_key, subject=name, issuer=name, at=at, life=ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _signed(builder, root)


def make_signing_certificate(
    *, root: FileSigner, root_certificate: bytes, key: PublicKey, usage: Usage, holder: str, at: datetime
) -> bytes:
    """Return the X.509 (PEM) of one key with one usage, signed by the root."""
    issuer = x509.load_pem_x509_certificate(root_certificate).subject
    country = issuer.get_attributes_for_oid(NameOID.COUNTRY_NAME)[0].value
    authority = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    subject = _name(str(country), str(authority), f"{holder} ({usage.name.lower()})")
    builder = (
        _builder(key, subject=subject, issuer=issuer, at=at, life=LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False, agrees=usage is Usage.RECEIVE), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier(_hint(root.public_key), None, None), critical=False)
    )
    if usage is Usage.STAMP:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING])
        builder = builder.add_extension(purposes, critical=False)
    return _signed(builder, root)


def is_signed_by(wrapped: bytes, root: bytes) -> bool:
    """Return whether the root (PEM) is the issuer of this signing certificate (PEM), and signed it."""
    try:
        x509.load_pem_x509_certificate(wrapped).verify_directly_issued_by(x509.load_pem_x509_certificate(root))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _name(participant: str, authority: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, participant),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, authority[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:_LONGEST_NAME]),
        ]
    )


_LONGEST_NAME = 64


def _builder(
    key: PublicKey, *, subject: x509.Name, issuer: x509.Name, at: datetime, life: timedelta
) -> x509.CertificateBuilder:
    public = serialization.load_der_public_key(key.spki)
    if not isinstance(public, (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)):
        raise TypeError("A public key is P-256 or Ed25519.")
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(at + life)
        .add_extension(x509.SubjectKeyIdentifier(_hint(key)), critical=False)
    )


def _hint(key: PublicKey) -> bytes:
    """Return what joins a signing certificate to its issuer's key: 160 bits of the hash (RFC 7093)."""
    return hashlib.sha256(key.spki).digest()[:20]


def _key_usage(*, signs_certificates: bool, agrees: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates and not agrees,
        content_commitment=not signs_certificates and not agrees,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=agrees,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, root: FileSigner) -> bytes:
    algorithm = None if isinstance(root.private_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(root.private_key, algorithm).public_bytes(serialization.Encoding.PEM)
