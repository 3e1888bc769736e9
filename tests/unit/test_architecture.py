"""What no linter holds: one path to a signature, one clock, no floating point, no framework in the core."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import macle
from macle.proof import cose

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(macle.__file__).parent
SCHEME, PROOF = "scheme", "proof"


@dataclass(frozen=True)
class Place:
    """One node of the syntax tree of one module, with what stands around it, outermost first."""

    module: str
    node: ast.AST
    around: tuple[ast.AST, ...]

    @property
    def function(self) -> str:
        names = [each.name for each in self.around if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return names[-1] if names else ""

    def __str__(self) -> str:
        return f"{self.module}:{getattr(self.node, 'lineno', 0)} {ast.unparse(self.node)}"


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """Return every node of every module of the package."""
    return tuple(
        place
        for path in sorted(ROOT.rglob("*.py"))
        for place in below(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")), ())
    )


def below(module: str, node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Place]:
    for child in ast.iter_child_nodes(node):
        yield Place(module, child, around)
        yield from below(module, child, (*around, child))


def within(*layers: str) -> Iterator[Place]:
    """Give the nodes of these layers."""
    return (place for place in places() if place.module.split("/")[0] in layers)


def name_of(node: ast.AST) -> str:
    """Return a dotted name as it is written, or nothing for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := name_of(node.value)):
        return f"{before}.{node.attr}"
    return ""


def of_kind(kind: type[ast.AST], *layers: str) -> list[Place]:
    chosen = within(*layers) if layers else iter(places())
    return [place for place in chosen if isinstance(place.node, kind)]


KEYS = {
    "proof/keys.py": {"self._key.sign"},
    "proof/tokens.py": {"self._private.sign"},
    "proof/signing_certificates.py": {"builder.sign"},
    "paper/stamping.py": {"self._key.sign"},
}
"""Where the libraries' own keys sign: inside the two signers, and for X.509. A stamp is no legal act: it signs the
attributes of a PDF's signature, and never a COSE object."""


class TestOnePathToASignature:
    """`Signer.sign` is called by `cose.sign` alone, and `cose.sign` for a certificate by `issuing.validate` alone."""

    def signing(self) -> list[Place]:
        return [place for place in of_kind(ast.Attribute) if getattr(place.node, "attr", "") == "sign"]

    def test_no_signer_signs_but_in_cose_sign(self) -> None:
        others = [
            str(place)
            for place in self.signing()
            if name_of(place.node) != "cose.sign"
            and name_of(place.node) not in KEYS.get(place.module, set())
            and (place.module, place.function, name_of(place.node)) != ("proof/cose.py", "sign", "signer.sign")
        ]
        assert others == []

    def test_the_call_in_cose_sign_is_there(self) -> None:
        assert [place.function for place in self.signing() if place.module == "proof/cose.py"] == ["sign"]

    def test_cose_sign_is_called_by_its_name_with_a_type_that_can_be_read_here(self) -> None:
        imported = [
            str(place)
            for place in of_kind(ast.ImportFrom)
            if isinstance(place.node, ast.ImportFrom)
            and place.node.module == "macle.proof.cose"
            and {"sign", "CERTIFICATE"} & {alias.name for alias in place.node.names}
        ]
        assert imported == []
        for place in self.signing():
            if name_of(place.node) != "cose.sign":
                continue
            call = place.around[-1]
            assert isinstance(call, ast.Call), f"{place} is passed on instead of called."
            assert call.func is place.node, str(place)
            types = [name_of(keyword.value) for keyword in call.keywords if keyword.arg == "typ"]
            assert types, str(place)
            assert types[0].startswith("cose."), f"{place} signs a type that a reader of the code cannot see."

    def test_only_issuing_validate_signs_a_certificate(self) -> None:
        callers = [
            (place.module, place.function)
            for place in of_kind(ast.keyword)
            if isinstance(place.node, ast.keyword)
            and place.node.arg == "typ"
            and name_of(place.node.value) == "cose.CERTIFICATE"
        ]
        assert callers == [("proof/issuing.py", "validate")]

    def test_nobody_spells_the_type_of_a_certificate_out(self) -> None:
        spelled = {
            place.module
            for place in of_kind(ast.Constant)
            if isinstance(place.node, ast.Constant) and place.node.value == cose.CERTIFICATE
        }
        assert spelled == {"proof/cose.py"}

    def test_validate_checks_before_it_signs(self) -> None:
        names = [
            name_of(place.node.func)
            for place in of_kind(ast.Call)
            if place.function == "validate" and isinstance(place.node, ast.Call) and place.module == "proof/issuing.py"
        ]
        assert names.index("rules.check") < names.index("cose.sign")


CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "timezone.now", "timezone.localdate"),
}


class TestOneClock:
    def test_is_looked_at_in_one_module_of_the_command_line_and_one_of_the_node(self) -> None:
        looking = {place.module for place in of_kind(ast.Attribute) if name_of(place.node) in CLOCKS}
        assert looking == {"cli/clock.py", "node/clock.py"}

    def test_is_not_taken_under_another_name(self) -> None:
        taken = [
            str(place)
            for place in of_kind(ast.ImportFrom)
            if isinstance(place.node, ast.ImportFrom)
            and place.node.module == "time"
            and {alias.name for alias in place.node.names} & {"time", "time_ns", "localtime", "gmtime"}
        ]
        assert taken == []


PRINT = {"proof/qr.py"}
"""Millimetres and dots of a picture are the only fractions there are."""


class TestNoFloatingPoint:
    def test_stands_in_scheme_and_proof_but_for_millimetres(self) -> None:
        fractions = [
            str(place)
            for place in of_kind(ast.Constant, SCHEME, PROOF)
            if isinstance(place.node, ast.Constant)
            and isinstance(place.node.value, float)
            and place.module not in PRINT
        ]
        assert fractions == []

    def test_comes_from_no_division(self) -> None:
        divisions = [
            str(place)
            for place in of_kind(ast.BinOp, SCHEME, PROOF)
            if isinstance(place.node, ast.BinOp)
            and isinstance(place.node.op, ast.Div)
            and not is_path(place.node)
            and place.module not in PRINT
        ]
        assert divisions == []

    def test_comes_from_no_call(self) -> None:
        calls = [
            str(place)
            for place in of_kind(ast.Call, SCHEME, PROOF)
            if isinstance(place.node, ast.Call)
            and name_of(place.node.func).rpartition(".")[2] in {"float", "timestamp", "total_seconds", "fsum", "sqrt"}
        ]
        assert calls == []


def is_path(node: ast.BinOp) -> bool:
    """Tell whether a division joins a path: one side of it is, or holds, a text, or begins at a path."""
    begins_at_a_path = isinstance(node.left, ast.Attribute) and node.left.attr == "path"
    return begins_at_a_path or any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in ast.walk(node)
    )


PURE = {"macle", *sys.stdlib_module_names} - {
    *("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "imaplib", "poplib", "xmlrpc", "socketserver"),
    *("asyncio", "subprocess", "multiprocessing", "threading", "sqlite3", "time", "random", "secrets", "tempfile"),
}
LIBRARIES_OF_PROOF = {"asn1crypto", "cbor2", "cryptography", "zxingcpp", "PIL", "pkcs11", "mnemonic"}


class TestImports:
    def imported(self, layer: str) -> Iterator[tuple[str, str]]:
        for place in within(layer):
            if isinstance(place.node, ast.Import):
                yield from ((place.module, alias.name) for alias in place.node.names)
            elif isinstance(place.node, ast.ImportFrom):
                assert place.node.level == 0, f"{place} is relative."
                yield place.module, place.node.module or ""

    def test_of_scheme_are_the_standard_library_without_clock_network_and_processes(self) -> None:
        foreign = {(module, name) for module, name in self.imported(SCHEME) if name.split(".")[0] not in PURE}
        assert foreign == set()

    def test_of_scheme_stay_below_it(self) -> None:
        own = {name for _, name in self.imported(SCHEME) if name.split(".")[0] == "macle"}
        assert {
            name for name in own if name not in {"macle", "macle.errors"} and not name.startswith("macle.scheme")
        } == set()

    def test_of_proof_are_those_and_the_libraries_that_it_needs(self) -> None:
        # A key file is sealed with a salt that nobody can guess.
        allowed = PURE | LIBRARIES_OF_PROOF | {"secrets"}
        foreign = {(module, name) for module, name in self.imported(PROOF) if name.split(".")[0] not in allowed}
        assert foreign == set()

    @pytest.mark.parametrize("framework", ["django", "click", "flask", "fastapi", "requests", "httpx", "numpy"])
    def test_of_scheme_and_proof_name_no_framework(self, framework: str) -> None:
        names = {name.split(".")[0] for layer in (SCHEME, PROOF) for _, name in self.imported(layer)}
        assert framework not in names


def test_the_package_was_found() -> None:
    modules = {place.module for place in places()}
    assert {"proof/cose.py", "proof/issuing.py", "scheme/terms.py"} <= modules
