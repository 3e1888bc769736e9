"""The programs of others that the tests ask for a second opinion."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from macle.proof.keys import FileSigner

HERE = Path(__file__).parent
PYTHON_OF_THE_ORACLE = HERE.parents[1] / ".venv-oracle" / "bin" / "python"


def run(*command: str | Path, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the program, give it the content, and return what it says; skip the test where it is missing."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"the program {Path(command[0]).name} is missing: make system setup-oracles")
    return subprocess.run([str(part) for part in command], input=content, capture_output=True, check=False, timeout=60)


def ask_node(**request: Any) -> dict[str, Any]:
    """Ask the JavaScript library one thing."""
    (answer,) = ask_node_all([request])
    return answer


def ask_node_all(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask the JavaScript library many things at once; the answers stand in the same order."""
    if not (HERE / "node_modules" / "@auth0" / "cose").is_dir():
        pytest.skip("the JavaScript library @auth0/cose is missing: make setup-oracles")
    finished = run("node", HERE / "cose.mjs", content=json.dumps(requests).encode())
    assert finished.returncode == 0, finished.stderr.decode()
    answers: list[dict[str, Any]] = json.loads(finished.stdout)
    return answers


def ask_python(**request: Any) -> dict[str, Any]:
    """Ask the Python library, in its own environment."""
    finished = run(PYTHON_OF_THE_ORACLE, HERE / "cose_oracle.py", content=json.dumps(request).encode())
    assert finished.returncode == 0, finished.stderr.decode()
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


def private_bytes(signer: FileSigner) -> bytes:
    """Return the private key of a test signer as PKCS #8, for a library that wants to hold it itself."""
    return signer.private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
