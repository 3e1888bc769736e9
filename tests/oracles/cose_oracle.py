"""A second opinion in Python: the library cwt, in an environment of its own, without any code of ours.

Reads one request as JSON from standard input and answers with one JSON object; run by
``.venv-oracle/bin/python``.

    {"do": "verify", "cose": hex, "spki": hex}
    {"do": "sign", "payload": hex, "key": hex of PKCS #8, "key_id": hex, "typ": text, "algorithm": -7}
"""

from __future__ import annotations

import json
import sys
from typing import Any

import cbor2
from cryptography.hazmat.primitives import serialization
from cwt import COSE, COSEKey

Answer = dict[str, Any]


def verify(request: Answer) -> Answer:
    """Return what the library reads, once it has found the signature good."""
    public = serialization.load_der_public_key(bytes.fromhex(request["spki"]))
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = COSEKey.from_pem(pem, kid=bytes.fromhex(request["key_id"]))
    protected, unprotected, payload = COSE.new(verify_kid=True).decode_with_headers(
        bytes.fromhex(request["cose"]), [key]
    )
    claims = cbor2.loads(payload)
    return {
        "algorithm": protected[1],
        "key_id": protected[4].hex(),
        "typ": protected[16],
        "unprotected": unprotected,
        "payload": payload.hex(),
        "issuer": claims[1],
        "number": claims[2],
    }


def sign(request: Answer) -> Answer:
    """Return the payload signed by the library."""
    private = serialization.load_der_private_key(bytes.fromhex(request["key"]), None)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    header = {1: request["algorithm"], 4: bytes.fromhex(request["key_id"]), 16: request["typ"]}
    signed = COSE.new(deterministic_header=True).encode_and_sign(
        bytes.fromhex(request["payload"]), COSEKey.from_pem(pem), protected=header
    )
    return {"cose": signed.hex()}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    try:
        answer = {"agrees": True, **{"verify": verify, "sign": sign}[asked["do"]](asked)}
    except Exception as error:  # noqa: BLE001 (whatever the library says, the answer is no)
        answer = {"agrees": False, "why": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))
