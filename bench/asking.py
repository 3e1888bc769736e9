"""Ask a node for pages as people do, from a process of its own, and print what came of it as JSON.

`python -m bench.asking FILE`: the file names the port, who signs in, the mix of pages and for how long. Each person has
a connection and a session of their own, and signs in with password and code; programs have a token instead.
"""

from __future__ import annotations

import base64
import gzip
import hmac
import json
import random
import re
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE = 60
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_LINKED = re.compile(r'(?:href|src)="(/static/[^"]+|/participant[^"]+)"|url\("([^"]+)"\)')


@dataclass(frozen=True)
class Answer:
    """What a node answered."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """Return what was sent, as a browser unpacks it."""
        packed = self.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode(errors="replace")


class Person:
    """Somebody with a browser."""

    def __init__(self, port: int, login: str, *, token: str = "") -> None:
        """Keep who it is; a program has a token, and does not sign in."""
        self.port, self.login, self.token = port, login, token
        self.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> Answer:
        """Send one request, with the cookies that came so far."""
        if form is None:
            return self.send(path, None, {"Accept-Encoding": "gzip"})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Encoding": "gzip"}
        return self.send(path, urlencode(form).encode(), headers)

    def send(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Send one request as it is, a POST if it has a body."""
        method = "GET" if body is None else "POST"
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if self.token:
            own = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            own["Referer"] = f"http://127.0.0.1:{self.port}{path}"
        try:
            self.connection.request(method, path, body=body, headers={**headers, **own})
            response = self.connection.getresponse()
        except (HTTPException, ConnectionError):
            self.connection.close()
            self.connection.request(method, path, body=body, headers={**headers, **own})
            response = self.connection.getresponse()
        content = response.read()
        for text in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
        return Answer(response.status, response.headers, content)

    def submit(self, path: str, **fields: str) -> Answer:
        """Fill in the form of a page and send it there."""
        return self.ask(path, fields | {"csrfmiddlewaretoken": self.token_of(path)})

    def token_of(self, path: str) -> str:
        """Return the token of the form on a page."""
        token = _TOKEN.search(self.ask(path).text)
        return token[1] if token else ""

    def sign_in(self, *, password: str, secret: str) -> None:
        """Sign in with password and code, as at any other time."""
        first = self.submit("/sign-in", login=self.login, password=password)
        if first.status != 302 or "/sign-in/code" not in first.headers.get("Location", ""):
            raise RuntimeError(f"{self.login} was not asked for a code: {first.status} {first.text[:2000]!r}")
        second = self.submit("/sign-in/code", code=code_of(secret))
        if second.status != 302:
            raise RuntimeError(f"{self.login} was not let in: {second.status} {second.text[:2000]!r}")


def code_of(secret: str) -> str:
    """Return what a telephone with this secret shows now. Source: RFC 6238."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, (int(time.time()) // 30).to_bytes(8), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"


@dataclass
class Load:
    """The seconds that each page took, and what did not answer with a page."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    taken: float = 0.0

    @property
    def all(self) -> list[float]:
        return [each for pages in self.seconds.values() for each in pages]

    def plain(self) -> dict[str, Any]:
        every = sorted(self.all)
        return {
            "pages": len(every),
            "p50": statistics.median(every),
            "p95": every[int(len(every) * 0.95)],
            "longest": every[-1],
            "pages_per_s": len(every) / self.taken,
            "p95_of": {name: sorted(each)[int(len(each) * 0.95)] for name, each in sorted(self.seconds.items())},
            "refused": self.refused[:10],
            "refusals": len(self.refused),
        }


def wanted_next(
    mix: Sequence[Mapping[str, Any]], choices: Mapping[str, Sequence[str]], chance: random.Random
) -> tuple[str, str]:
    """Return the name and path of a page that somebody wants next."""
    chosen = chance.choices(mix, [each["weight"] for each in mix])[0]
    given = {name: chance.choice(values) for name, values in choices.items() if values}
    return chosen["name"], chosen["path"].format(**given)


def together(people: Sequence[Person], asked: Mapping[str, Any], *, seconds: float, pause: float) -> Load:
    """Let all ask at the same time: every so often, or with no pause each as soon as the last page is there.

    With a pause the time of a page counts from when it was wanted, not from when it could be asked for.
    """
    load, lock = Load(), threading.Lock()
    begun = time.perf_counter() + 0.1

    def one(person: Person, index: int) -> None:
        chance = random.Random(index)
        wanted = begun + pause * index / len(people)
        while wanted < begun + seconds:
            time.sleep(max(0.0, wanted - time.perf_counter()))
            name, path = wanted_next(asked["mix"], asked["choices"], chance)
            answer = person.ask(path)
            done = time.perf_counter()
            with lock:
                load.seconds.setdefault(name, []).append(done - wanted)
                if answer.status != 200:
                    load.refused.append(f"{path} {answer.status}")
            wanted = wanted + pause if pause else done

    threads = [threading.Thread(target=one, args=(person, index)) for index, person in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.taken = time.perf_counter() - begun
    return load


def whole_page(person: Person, path: str) -> int:
    """Return the bytes of a page with all that it links to from this node, as a browser without a cache gets them."""
    wanted, sizes = [path], {}
    while wanted:
        address = wanted.pop()
        answer = person.ask(address)
        sizes[address] = len(answer.body)
        if address == path or address.endswith(".css"):
            found = {urljoin(address, each) for pair in _LINKED.findall(answer.text) for each in pair if each}
            wanted += sorted(found - sizes.keys() - set(wanted))
    return sum(sizes.values())


def main() -> None:
    """Do what the file asks for."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    people = []
    for each in asked["people"]:
        person = Person(asked["port"], each["login"], token="" if asked["sign_in"] else each["token"])
        if asked["sign_in"]:
            person.sign_in(password=each["password"], secret=each["secret"])
        people.append(person)
    steps: dict[str, Callable[[], object]] = {
        "bytes": lambda: {
            each["name"]: whole_page(people[0], wanted_next([each], asked["choices"], random.Random(1))[1])
            for each in asked["mix"]
        },
        "warm": lambda: together(people, asked, seconds=asked["warm"], pause=0).plain(),
        "calm": lambda: together(people, asked, seconds=asked["calm"], pause=1).plain(),
        "busy": lambda: together(people, asked, seconds=asked["busy"], pause=0).plain(),
    }
    print(json.dumps({name: do() for name, do in steps.items()}))


if __name__ == "__main__":
    main()
