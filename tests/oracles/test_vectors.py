"""A JavaScript library that knows nothing of us finds the same signatures good and bad in all vectors."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from macle.proof import cose, qr, vectors
from tests.oracles.programs import ask_node_all

FOLDER = Path(__file__).parents[2] / "spec" / "vectors"

Vector = dict[str, Any]


def every(kind: str) -> list[Vector]:
    """Return the vectors of bytes and texts; those of PDFs have oracles of their own."""
    found = [json.loads(path.read_bytes()) for path in sorted((FOLDER / kind).glob("*.json"))]
    return [vector for vector in found if "pdf" not in vector]


def keys_of(vector: Vector) -> list[str]:
    """Return the keys that the vector's trust set has under the key id of its envelope."""
    presented = qr.from_text(vector["text"]) if "text" in vector else bytes.fromhex(vector["cose"])
    hint = cose.read(presented).header.key_id
    believed = vectors.circumstances(vector, FOLDER).trust
    return sorted({key.public_key.spki.hex() for key in believed.by_key_id.get(hint, ())})


def asked_of(vector: Vector, spki: str) -> dict[str, Any]:
    presented = "text" if "text" in vector else "cose"
    return {"do": "verify", "spki": spki, presented: vector[presented]}


class TestVectors:
    def test_every_good_one_is_signed_and_has_the_identity_and_number_that_it_states(self) -> None:
        good = every("good")
        keys = [keys_of(vector) for vector in good]
        assert Counter(map(len, keys)) == {1: len(good)}
        answers = ask_node_all([asked_of(vector, spki) for vector, (spki,) in zip(good, keys, strict=True)])
        stated = [(vector["name"], vector["expect"]["identity"], vector["expect"]["certificate"]) for vector in good]
        for (name, identity, certificate), answer in zip(stated, answers, strict=True):
            assert answer["agrees"], (name, answer)
            assert (answer["identity"], answer["number"]) == (identity, certificate["number"]), name

    def test_no_signature_that_does_not_fit_is_found_good(self) -> None:
        forged = [vector for vector in every("bad") if vector["expect"]["step"] == 6]
        requests = [asked_of(vector, spki) for vector in forged for spki in keys_of(vector)]
        assert len(requests) >= len(forged) > 50
        assert [
            request for request, answer in zip(requests, ask_node_all(requests), strict=True) if answer["agrees"]
        ] == []

    def test_what_was_signed_by_a_known_key_but_may_not_be_is_found_signed(self) -> None:
        late = [vector for vector in every("bad") if vector["expect"]["step"] in {9, 10, 11, 12}]
        requests = [asked_of(vector, spki) for vector in late for spki in keys_of(vector)]
        assert len(requests) == len(late)
        answers = zip(late, ask_node_all(requests), strict=True)
        assert [vector["name"] for vector, answer in answers if not answer["agrees"]] == []
