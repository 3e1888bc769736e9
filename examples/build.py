"""Write the example applications anew: the same bytes on every machine, every time.

What is published stands in ``figures/``: carats and US dollars of a Participant and a year. What is made
up stands in ``invented/``: the parties, and for each issuer the usual size of a shipment. From both this
file draws shipments: the price of a carat is scattered around the Participant's published one, the weight
around the usual shipment. Only whole numbers are used, and one seed, so that a test can compare bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).parent
FIRST_DAY, LAST_DAY = date(2026, 10, 1), date(2026, 11, 20)

UNSORTED, INDUSTRIAL, NON_INDUSTRIAL = "7102.10", "7102.21", "7102.31"
CHEAP = 30_00
"""US cents a carat, below which a shipment is mainly industrial."""

# What a shipment consists of: heading, per cent of its carats, price in per cent of the shipment's price.
# The second number is used as it is, the third only in proportion. One of the patterns is drawn.
MIXES = {
    "producer": (
        ((UNSORTED, 100, 100),),
        ((UNSORTED, 100, 100),),
        ((NON_INDUSTRIAL, 100, 100),),
        ((UNSORTED, 70, 100), (NON_INDUSTRIAL, 30, 160)),
        ((UNSORTED, 50, 90), (INDUSTRIAL, 30, 15), (NON_INDUSTRIAL, 20, 300)),
    ),
    "hub": (
        ((NON_INDUSTRIAL, 100, 100),),
        ((NON_INDUSTRIAL, 100, 100),),
        ((UNSORTED, 100, 100),),
        ((INDUSTRIAL, 20, 15), (NON_INDUSTRIAL, 80, 120)),
        ((UNSORTED, 30, 80), (INDUSTRIAL, 30, 10), (NON_INDUSTRIAL, 40, 180)),
    ),
    "cheap": (
        ((INDUSTRIAL, 100, 100),),
        ((INDUSTRIAL, 100, 100),),
        ((INDUSTRIAL, 85, 60), (NON_INDUSTRIAL, 15, 330)),
    ),
}

ORIGIN_NAMED_FOR = {"EU", "US", "CA", "CH"}
"""Destinations for which these examples never leave the origin undisclosed."""

LATE = "2019"
"""The year before which a published price is used only where there is none after it."""

_PARTY = ("name", "latin_name", "address", "town", "country", "licence", "licence_valid_until")
HEADINGS = (
    *("participant", "office", "issuing_authority", "kind", "number", "status_index"),
    *("date_of_issuance", "date_of_expiry"),
    *(f"{who}.{name}" for who in ("exporter", "importer") for name in _PARTY),
    *("destination", "country_of_provenance", "origin.kind", "origin.countries"),
    *(f"lines[{index}].{name}" for index in range(3) for name in ("hs", "carats", "value")),
    *("total_carats", "total_value", "parcels", "container_seals", "not_conflict_diamonds", "synthetics_declared"),
    *(f"sources[{index}].{name}" for index in range(2) for name in ("kind", "reference", "carats")),
    *("independent_value", "government_value"),
    *("validation.kind", "validation.officials", "validation.reference", "languages"),
)
"""The columns of a table of applications."""

_T = TypeVar("_T")
Fields = dict[str, Any]


class Dice:
    """Chance that falls alike everywhere: Python promises `random.random` for a seed, and no more is used."""

    def __init__(self, seed: str) -> None:
        """Begin the sequence that belongs to the seed."""
        self._random = random.Random(seed)

    def below(self, end: int) -> int:
        """Return a whole number from 0 up to, without, the end."""
        return int(self._random.random() * end)

    def pick(self, choices: Sequence[_T]) -> _T:
        """Return one of the choices."""
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[_T], count: int) -> list[_T]:
        """Return different ones of the choices, in their own order."""
        left = list(range(len(choices)))
        while len(left) > count:
            left.pop(self.below(len(left)))
        return [choices[index] for index in left]

    def scatter(self, usual: int, *, times: int, up: int, down: int) -> int:
        """Return a number around the usual one: the product of many coins, each of which is up/down or down/up.

        The logarithm of such a product is close to normal. A last small factor fills the gaps in between.
        """
        number = Fraction(usual)
        for _ in range(times):
            number *= Fraction(up, down) if self.below(2) else Fraction(down, up)
        return max(1, int(number * (95 + self.below(11)) / 100))


@dataclass(frozen=True)
class Issuer:
    """One row of ``invented/issuers.csv``."""

    participant: str
    languages: list[str]
    seal: str
    first_number: int
    digits: int
    days: int
    shipment_carats: int
    applications: int
    goods: str
    origin_kinds: list[str]
    origins: list[str]
    destinations: list[str]

    def number(self, offset: int) -> str:
        """Return the certificate number at that distance from the issuer's first one."""
        return f"{self.participant}{self.first_number + offset:0{self.digits}d}"


@dataclass(frozen=True)
class Price:
    """What a carat cost: one published figure, or a stand-in that says so."""

    participant: str
    year: str
    flow: str
    carats: str
    usd: str
    cents_a_carat: int
    basis: str


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table in this folder."""
    with (HERE / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


@cache
def issuers() -> dict[str, Issuer]:
    """Return the issuers by Participant's code."""
    read = {}
    for row in rows("invented/issuers.csv"):
        lists = {name: row.pop(name).split(";") for name in ("languages", "origin_kinds", "origins", "destinations")}
        names = {name: row.pop(name) for name in ("participant", "seal", "goods")}
        read[names["participant"]] = Issuer(**names, **lists, **{name: int(text) for name, text in row.items()})  # type: ignore[arg-type]
    return read


@cache
def parties() -> dict[str, list[dict[str, str]]]:
    """Return the parties of each Participant."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("invented/parties.csv"):
        found.setdefault(row.pop("participant"), []).append(row)
    return found


def cents_a_carat(usd: str | int, carats: str | int) -> int:
    """Return the exact price in US cents, rounded down."""
    return int(Fraction(usd) * 100 / Fraction(carats))


@cache
def prices() -> tuple[Price, ...]:
    """Return what a carat usually costs for each issuer, one entry for each published year.

    Producers: their production. Others: their trade, where carats and dollars are both published. Where
    nothing is published the mean of all that published trade stands in, and the basis says so.
    """
    production = [{**row, "flow": "production"} for row in rows("figures/production_by_participant.csv")]
    trade = [row for row in rows("figures/trade_by_participant.csv") if row["carats"] and row["usd"]]
    mean_usd, mean_carats = (sum(int(Fraction(row[name])) for row in trade) for name in ("usd", "carats"))
    found = []
    for code, issuer in issuers().items():
        published = [row for row in (production if issuer.goods == "producer" else trade) if row["code"] == code]
        for row in [row for row in published if row["year"] >= LATE] or published:
            price = cents_a_carat(row["usd"], row["carats"])
            found.append(Price(code, row["year"], row["flow"], row["carats"], row["usd"], price, "published"))
        if not published:
            price = cents_a_carat(mean_usd, mean_carats)
            basis = "stand-in: nothing published, mean of the published trade of all others"
            found.append(Price(code, "", "", "", "", price, basis))
    return tuple(found)


def two_decimals(hundredths: int) -> str:
    """Return carats or dollars as applications write them."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def application(issuer: Issuer, dice: Dice, *, offset: int, issued: date, **changes: object) -> Fields:
    """Draw one application that a careful exporter might lodge; ``changes`` replace whole fields."""
    code = issuer.participant
    exporter = dice.pick(parties()[code])
    destination = str(changes.get("destination") or dice.pick(issuer.destinations))
    goods = drawn_goods(issuer, dice)
    drawn: Fields = {
        "participant": code,
        "office": exporter["office"],
        "issuing_authority": f"Example Diamond Office, {exporter['office']}",
        "kind": "standard",
        "number": issuer.number(offset),
        "status_index": offset,
        "date_of_issuance": issued.isoformat(),
        "date_of_expiry": (issued + timedelta(days=issuer.days)).isoformat(),
        "exporter": as_party(exporter),
        "importer": as_party(dice.pick(parties()[destination])),
        "destination": destination,
        "country_of_provenance": code,
        "origin": drawn_origin(issuer, dice, destination),
        **goods,
        "container_seals": [f"{issuer.seal} {30000 + 10 * offset + n}" for n in range(1 + dice.below(3))],
        "not_conflict_diamonds": True,
        "synthetics_declared": False,
    }
    drawn["sources"] = drawn_sources(issuer, dice, drawn)
    drawn |= drawn_valuations(code, dice, drawn["total_value"])
    drawn["validation"] = drawn_validation(code, dice)
    drawn["languages"] = list(issuer.languages)
    return drawn | changes


def as_party(row: dict[str, str]) -> dict[str, str]:
    """Return the fields of a party that an application has, without the empty ones."""
    return {name: row[name] for name in _PARTY if row[name]}


def drawn_goods(issuer: Issuer, dice: Dice) -> Fields:
    """Draw weight, value, headings and parcels."""
    usual = dice.pick([price for price in prices() if price.participant == issuer.participant])
    price = dice.scatter(usual.cents_a_carat, times=12, up=11, down=10)
    carats = dice.scatter(issuer.shipment_carats * 100, times=24, up=5, down=4) + dice.below(100)
    mix = dice.pick(MIXES["cheap" if price < CHEAP else issuer.goods])
    weights = shared_out(carats, [share for _, share, _ in mix])
    values = shared_out(
        carats * price // 100, [weight * level for weight, (_, _, level) in zip(weights, mix, strict=True)]
    )
    lines = [
        {"hs": hs, "carats": two_decimals(weight), "value": two_decimals(value)}
        for (hs, _, _), weight, value in zip(mix, weights, values, strict=True)
    ]
    return {
        "lines": lines,
        "total_carats": two_decimals(carats),
        "total_value": two_decimals(sum(values)),
        "parcels": len(lines) + dice.below(1 + min(20, carats // 50_000)),
    }


def shared_out(total: int, shares: Sequence[int]) -> list[int]:
    """Split a total in proportion; what rounding leaves goes to the last."""
    parts = [total * share // sum(shares) for share in shares[:-1]]
    return [*parts, total - sum(parts)]


def drawn_origin(issuer: Issuer, dice: Dice, destination: str) -> Fields:
    """Draw what the certificate says of the countries of origin."""
    kind = dice.pick(issuer.origin_kinds)
    if kind == "mixed_undisclosed" and destination in ORIGIN_NAMED_FOR:
        kind = "mixed_listed" if "mixed_listed" in issuer.origin_kinds else "single"
    count = {"single": 1, "mixed_undisclosed": 0}.get(kind, 2 + dice.below(3))
    return {"kind": kind, "countries": dice.some(issuer.origins, count)}


def drawn_sources(issuer: Issuer, dice: Dice, drawn: Fields) -> list[Fields]:
    """Draw one or two records of where the goods came from, together at least the weight of the shipment."""
    carats = int(drawn["total_carats"].replace(".", ""))
    enough = carats + carats * dice.below(25) // 100
    weights = shared_out(enough, dice.pick([[1], [1], [3, 2]]))
    if issuer.goods == "producer":
        kinds = ["production_record"] * len(weights)
        references = [f"{issuer.participant}-PR-2026-{1000 + dice.below(9000)}" for _ in weights]
    else:
        came_under = dice.pick(drawn["origin"]["countries"] or issuer.origins)
        kinds = ["import_certificate", "purchase"][: len(weights)]
        references = [f"{came_under}{70_000_000 + dice.below(10**6):08d}", f"INV-2026-{1000 + dice.below(9000)}"]
    return [
        {"kind": kind, "reference": reference, "carats": two_decimals(weight)}
        for kind, reference, weight in zip(kinds, references[: len(weights)], weights, strict=True)
    ]


def drawn_valuations(code: str, dice: Dice, value: str) -> Fields:
    """Draw the other valuations where an authority makes them; the declared value is the highest."""
    cents = int(value.replace(".", ""))
    if code not in {"SL", "ZA"}:
        return {}
    valuations = {"government_value": two_decimals(cents - cents * dice.below(4) // 100)}
    if code == "SL":
        valuations = {"independent_value": two_decimals(cents - cents * dice.below(6) // 100), **valuations}
    return valuations


def drawn_validation(code: str, dice: Dice) -> Fields:
    """Draw who validates: two officials, in the United States the customs transaction (X and 14 digits)."""
    if code == "US":
        return {"kind": "customs_reference", "reference": f"X2026{dice.below(10**10):010d}"}
    return {"kind": "two_officials", "officials": dice.some([f"official-{n:02d}" for n in range(1, 25)], 2)}


def working_days() -> list[date]:
    """Return the days from Monday to Friday on which the examples are issued."""
    days = (FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1))
    return [day for day in days if day.weekday() < 5]


def many_applications() -> list[Fields]:
    """Draw the 500 applications of the table, in the order of their dates."""
    drawn = []
    for code, issuer in issuers().items():
        dice = Dice(f"five hundred, {code}")
        dates = sorted(dice.pick(working_days()) for _ in range(issuer.applications))
        drawn += [application(issuer, dice, offset=100 + n, issued=day) for n, day in enumerate(dates)]
    return sorted(drawn, key=lambda each: (each["date_of_issuance"], each["number"]))


def single_applications() -> dict[str, Fields]:
    """Draw the applications that stand in a file of their own, by file name."""

    def draw(code: str, name: str, *, offset: int = 1, issued: date = date(2026, 11, 2), **changes: object) -> Fields:
        return application(issuers()[code], Dice(f"single, {name}"), offset=offset, issued=issued, **changes)

    plain = {
        "botswana": "BW",
        "angola": "AO",
        "democratic-republic-of-the-congo": "CD",
        "russian-federation": "RU",
        "china": "CN",
        "india": "IN",
        "canada": "CA",
        "united-states": "US",
        "south-africa": "ZA",
        "namibia": "NA",
        "lesotho": "LS",
        "sierra-leone": "SL",
        "switzerland": "CH",
    }
    drawn = {name: draw(code, name, issued=working_days()[5 + 2 * n]) for n, (name, code) in enumerate(plain.items())}
    drawn["russian-federation"]["exporter"] = as_party(parties()["RU"][1])
    drawn["china"]["exporter"] = as_party(parties()["CN"][0])
    drawn["india"]["exporter"] = as_party(parties()["IN"][0])
    drawn["angola"]["exporter"] = as_party(parties()["AO"][1])
    undisclosed = {"kind": "mixed_undisclosed", "countries": []}
    drawn["united-arab-emirates"] = draw(
        "AE", "emirates", destination="IN", origin=undisclosed, exporter=as_party(parties()["AE"][0])
    )
    drawn["european-union"] = draw(
        "EU",
        "union",
        destination="AE",
        office="Antwerp",
        issuing_authority="Example Diamond Office, Antwerp",
        exporter=as_party(parties()["EU"][0]),
        origin={"kind": "mixed_listed", "countries": ["AO", "BW", "CA"]},
        languages=["en", "nl"],
    )
    drawn["technical"] = technical(draw("IN", "technical", offset=2, destination="BW"))
    drawn["replacement"] = draw(
        "CA", "replaced", offset=3, kind="replacement", refers_to={"number": issuers()["CA"].number(2)}
    )
    drawn["full-arabic"] = full_arabic(draw("AE", "full", offset=2, destination="CN"))
    return drawn


def technical(drawn: Fields) -> Fields:
    """Turn the application into one for goods that go back unopened to where they came from."""
    came_under = issuers()["BW"].number(2)
    source = {"kind": "import_certificate", "reference": came_under, "carats": drawn["total_carats"]}
    return drawn | {
        "kind": "technical",
        "origin": {"kind": "single", "countries": ["BW"]},
        "sources": [source],
        "refers_to": {"number": came_under},
    }


def full_arabic(drawn: Fields) -> Fields:
    """Turn the application into the fullest one: a replacement with three lines, two origins and four seals."""
    return drawn | {
        "kind": "replacement",
        "refers_to": {"number": "AE00016990", "identity": hashlib.sha256(b"a surrendered certificate").hexdigest()},
        "exporter": {
            "name": "شركة المثال للماس الخام والأحجار الكريمة ذ.م.م",
            "latin_name": "Al Mithal Rough Diamonds and Gems LLC",
            "address": "الوحدة ١٢٠١، برج المثال الخيالي، شارع النموذج، دبي، الإمارات العربية المتحدة",
            "town": "Dubai",
            "country": "AE",
            "licence": "AE-T-00046",
            "licence_valid_until": "2027-06-30",
        },
        "importer": {
            "name": "فرع مؤسسة النموذج لتجارة الماس، شانغهاي",
            "latin_name": "Al Namuthaj Diamond Trading, Shanghai Branch",
            "address": "上海市示例路88号",
            "town": "Shanghai",
            "country": "CN",
            "licence": "CN-00-0003",
            "licence_valid_until": "2027-12-31",
        },
        "origin": {"kind": "mixed_listed", "countries": ["AO", "ZA"]},
        "lines": [
            {"hs": UNSORTED, "carats": "18402.75", "value": "1212540.00"},
            {"hs": INDUSTRIAL, "carats": "9050.50", "value": "61205.50"},
            {"hs": NON_INDUSTRIAL, "carats": "12204.80", "value": "2618922.75"},
        ],
        "total_carats": "39658.05",
        "total_value": "3892668.25",
        "parcels": 10,
        "container_seals": ["DXB 884120", "DXB 884121", "DXB 884122", "DXB 884123"],
        "sources": [
            {"kind": "import_certificate", "reference": "AO70884120", "carats": "30000.00"},
            {"kind": "import_certificate", "reference": "ZA70884121", "carats": "12000.00"},
        ],
    }


def applications_with_mistakes() -> dict[str, Fields]:
    """Draw sound applications and spoil each in several ways, by file name; README.md lists them."""

    def sound(code: str, **changes: object) -> Fields:
        return application(issuers()[code], Dice(f"mistakes, {code}"), offset=900, issued=date(2026, 11, 4), **changes)

    lines = [
        {"hs": UNSORTED, "carats": "205.185", "value": "41037.00"},
        {"hs": "7102.39", "carats": "12.40", "value": "9920.00"},
    ]
    twice = [
        {"hs": INDUSTRIAL, "carats": "100.00", "value": "800.00"},
        {"hs": INDUSTRIAL, "carats": "40.00", "value": "320.00"},
    ]
    expired = {**as_party(parties()["CD"][0]), "licence_valid_until": "2026-06-30"}
    kenyan = {"name": "Example Gems of Kenya Ltd", "town": "Nairobi", "country": "KE"}
    short = {"kind": "production_record", "reference": "BW-PR-2026-1", "carats": "90.00"}
    unreadable = sound(
        "AO",
        date_of_issuance="04/11/2026",
        total_value=41037.5,
        parcels="three",
        origin={"kind": "mixed", "countries": ["Angola"]},
    )
    unreadable["exportr"] = unreadable.pop("exporter")
    return {
        "third-decimal-and-polished": sound("ZA", lines=lines, total_carats="217.60", total_value="50957.00"),
        "expired-before-issued": sound("NA", date_of_expiry="2026-10-30", container_seals=[], parcels=0),
        "kenya": sound("CD", destination="EU", exporter=expired, importer=kenyan, not_conflict_diamonds=False)
        | {"destination": "KE"},
        "union": sound("EU", number="EU1048290", date_of_expiry="2027-02-04", destination="EU")
        | {"validation": {"kind": "two_officials", "officials": ["official-07"]}, "languages": ["nl"]},
        "synthetics-and-balance": sound("BW", lines=twice, sources=[short], synthetics_declared=True)
        | {"total_carats": "150.00", "total_value": "1120.00"},
        "unreadable": unreadable,
    }


def one_bad_row() -> list[Fields]:
    """Draw five applications, the third of which has a third decimal and no seal."""
    drawn = [
        application(issuers()["BW"], Dice("one bad row"), offset=950 + n, issued=working_days()[20 + n])
        for n in range(5)
    ]
    drawn[2]["lines"][0]["carats"] += "5"
    drawn[2]["container_seals"] = []
    return drawn


def flat(fields: Fields, path: str = "") -> dict[str, str]:
    """Return an application as cells of a table: dotted paths, items by number, simple lists joined by ``;``."""
    cells: dict[str, str] = {}
    for name, value in fields.items():
        where = f"{path}{name}"
        if isinstance(value, dict):
            cells |= flat(value, f"{where}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, item in enumerate(value):
                cells |= flat(item, f"{where}[{index}].")
        elif isinstance(value, list):
            cells[where] = ";".join(value)
        else:
            cells[where] = str(value).lower() if isinstance(value, bool) else str(value)
    return cells


def as_table(headings: Sequence[str], lines: Iterable[dict[str, str]]) -> bytes:
    """Return a CSV table in UTF-8."""
    text = io.StringIO()
    writer = csv.DictWriter(text, headings, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def as_json(fields: Fields) -> bytes:
    """Return one application as a JSON file."""
    return (json.dumps(fields, ensure_ascii=False, indent=2) + "\n").encode()


def price_table() -> bytes:
    """Return the table of usual prices, with the basis of each."""
    headings = ("participant", "year", "flow", "carats", "usd", "usd_per_carat", "basis")
    lines = (
        {
            **{name: getattr(price, name) for name in headings if name != "usd_per_carat"},
            "usd_per_carat": two_decimals(price.cents_a_carat),
        }
        for price in prices()
    )
    return as_table(headings, lines)


def files() -> dict[str, bytes]:
    """Return everything that is generated, by its path in this folder."""
    made = {
        "figures/usual_prices.csv": price_table(),
        "applications-500.csv": as_table(HEADINGS, map(flat, many_applications())),
        "one-bad-row.csv": as_table(HEADINGS, map(flat, one_bad_row())),
    }
    made |= {f"applications/{name}.json": as_json(each) for name, each in single_applications().items()}
    made |= {
        f"applications-with-mistakes/{name}.json": as_json(each) for name, each in applications_with_mistakes().items()
    }
    return made


def main() -> None:
    """Write every generated file."""
    for name, data in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    print(f"Wrote {len(files())} files.")


if __name__ == "__main__":
    main()
