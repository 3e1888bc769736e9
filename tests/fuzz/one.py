"""Fuzz one target in a process of its own: `python -m tests.fuzz.one TARGET [libFuzzer options, files]`.

With a file it runs that one input, which is how a finding is looked at again.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["macle", "asn1crypto"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name].take)
    atheris.Fuzz()
