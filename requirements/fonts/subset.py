"""Cut the fonts that travel with the package out of the Noto fonts: ``make fonts``.

What is left out: hinting, which no PDF needs, letters of other scripts, and most weights. Names are set in one
medium weight in the scripts that only names use. For Chinese and Japanese the characters of GB 2312, of the first level
of Big5 and of JIS X 0208 are kept, for Korean those of KS X 1001; whoever needs more names a folder with a larger font.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools import subset
from fontTools.ttLib import TTFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
SOURCE = HERE / "node_modules" / "@expo-google-fonts"
TARGET = HERE.parents[1] / "src" / "macle" / "paper" / "fonts"
LANGUAGES = TARGET.parent / "languages"

FEATURES = ["*"]
LATIN_FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "lnum", "tnum", "liga"]

LATIN = [range(0x20, 0x530), range(0x1E00, 0x2070), range(0x20A0, 0x20C1), (0x2116, 0x2122, 0x2212)]
"""Latin with its extensions, Greek, Cyrillic, punctuation, signs of money, and three signs more."""

SCRIPTS = {
    "arabic": (range(0x600, 0x780), range(0x8A0, 0x900), range(0xFB50, 0xFE00), range(0xFE70, 0xFF00)),
    "armenian": (range(0x530, 0x590), range(0xFB13, 0xFB18)),
    "bengali": (range(0x964, 0x966), range(0x980, 0xA00)),
    "devanagari": (range(0x900, 0x980), range(0xA8E0, 0xA900)),
    "georgian": (range(0x10A0, 0x1100), range(0x1C90, 0x1CC0)),
    "gujarati": (range(0x964, 0x966), range(0xA80, 0xB00)),
    "gurmukhi": (range(0x964, 0x966), range(0xA00, 0xA80)),
    "hebrew": (range(0x590, 0x600), range(0xFB1D, 0xFB50)),
    "kannada": (range(0xC80, 0xD00),),
    "khmer": (range(0x1780, 0x1800), range(0x19E0, 0x1A00)),
    "lao": (range(0xE80, 0xF00),),
    "malayalam": (range(0xD00, 0xD80),),
    "sinhala": (range(0xD80, 0xE00),),
    "tamil": (range(0xB80, 0xC00),),
    "telugu": (range(0xC00, 0xC80),),
    "thai": (range(0xE00, 0xE80),),
}
JOINERS = (0x20, 0xA0, 0x200C, 0x200D, 0x25CC)

STATES = "中华人民共和国香港澳门特别行政区台北新加坡共和国"
"""Characters that stand beside the emblem of issuers who print Chinese."""


def characters(*sets: tuple[str, range]) -> set[int]:
    """Return the characters of two-byte sets: of each its codec and the first bytes of its rows."""
    found: set[int] = set()
    for codec, rows in sets:
        for high in rows:
            for low in range(0x40, 0xFF):
                try:
                    text = bytes((high, low)).decode(codec)
                except UnicodeDecodeError:
                    continue
                found.update(map(ord, text))
    return found


def chinese() -> set[int]:
    """Return the characters of GB 2312, of the first level of Big5, and of JIS X 0208."""
    return characters(("gb2312", range(0xA1, 0xF8)), ("big5", range(0xA1, 0xC7)), ("euc_jp", range(0xA1, 0xF5)))


def korean() -> set[int]:
    """Return the syllables of KS X 1001."""
    return {code for code in characters(("euc_kr", range(0xB0, 0xC9))) if code >= FIRST_SYLLABLE}


FIRST_SYLLABLE = 0xAC00


def printed(language: str) -> set[int]:
    """Return the characters that the layouts themselves print in a language, and those of the names of states."""
    return set(map(ord, (LANGUAGES / f"{language}.json").read_text(encoding="utf-8") + STATES))


def wanted() -> Iterator[tuple[str, str, Iterable[int], list[str]]]:
    """Give package, weight, characters and features of each font."""
    latin = [code for each in LATIN for code in each]
    for package, weights in (("noto-sans", ("400Regular", "600SemiBold")), ("noto-serif", ("400Regular", "700Bold"))):
        for weight in weights:
            yield package, weight, latin, LATIN_FEATURES
    for script, ranges in SCRIPTS.items():
        codes = [*JOINERS, *(code for each in ranges for code in each)]
        for weight in ("400Regular", "600SemiBold") if script == "arabic" else ("500Medium",):
            yield f"noto-sans-{script}", weight, codes, FEATURES
        if script == "arabic":
            for weight in ("400Regular", "700Bold"):
                yield "noto-naskh-arabic", weight, codes, FEATURES
    yield "noto-sans-sc", "500Medium", chinese(), FEATURES
    yield "noto-sans-kr", "500Medium", korean(), FEATURES
    for weight in ("400Regular", "700Bold"):
        yield "noto-serif-sc", weight, printed("zh"), FEATURES


def cut(package: str, weight: str, codes: Iterable[int], features: list[str]) -> bytes:
    """Return the subset of one font."""
    (path,) = (SOURCE / package / weight).glob("*.ttf")
    options = subset.Options()
    options.hinting = False
    options.notdef_outline = True
    options.layout_features = features
    font = subset.load_font(str(path), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    # The time of making would differ in every run.
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    target = TARGET / path.name.replace("_", "-")
    font.save(target)
    return target.read_bytes()


def widths() -> dict[str, int]:
    """Return how wide letters are at most in any cut and form, in thousandths of their size.

    Of the scripts that most names are in: Latin, Greek and Cyrillic, and Arabic, whose letters change with their place.
    """
    widest: dict[str, int] = {}
    for path in sorted(TARGET.glob("Noto*.ttf")):
        if not path.name.startswith(("NotoSans-", "NotoSerif-", "NotoSansArabic-", "NotoNaskhArabic-")):
            continue
        font = TTFont(path)
        unit, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        forms = forms_of(font)
        for code, name in font.getBestCmap().items():
            width = max(-(-advances[each][0] * 1000 // unit) for each in {name, *forms.get(name, ())})
            widest[chr(code)] = max(width, widest.get(chr(code), 0))
    return dict(sorted(widest.items()))


def forms_of(font: TTFont) -> dict[str, set[str]]:
    """Return the glyphs that may stand for a glyph alone, through any chain of single substitutions."""
    steps: dict[str, set[str]] = {}
    for lookup in font["GSUB"].table.LookupList.Lookup if "GSUB" in font else ():
        for table in (getattr(each, "ExtSubTable", each) for each in lookup.SubTable):
            if table.LookupType == 1:
                for glyph, other in table.mapping.items():
                    steps.setdefault(glyph, set()).add(other)
    found = {glyph: set(others) for glyph, others in steps.items()}
    for reached in found.values():
        waiting = list(reached)
        while waiting:
            for other in steps.get(waiting.pop(), set()) - reached:
                reached.add(other)
                waiting.append(other)
    return found


def main() -> None:
    """Write all fonts, how wide their letters are, their licence and where each came from."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.ttf"):
        old.unlink()
    origins: dict[str, str] = {}
    total = 0
    for package, weight, codes, features in wanted():
        total += len(cut(package, weight, codes, features))
        licence = (SOURCE / package / "LICENSE_FONT").read_text(encoding="utf-8")
        version = json.loads((SOURCE / package / "package.json").read_bytes())["version"]
        origins[package] = f"{package} {version}: {licence.splitlines()[0]}"
    (TARGET / "widths.json").write_text(
        json.dumps(widths(), ensure_ascii=True, separators=(",", ":")), encoding="ascii"
    )
    licence = (SOURCE / "noto-sans" / "LICENSE_FONT").read_text(encoding="utf-8")
    terms = licence[licence.index("This Font Software is licensed") :]
    head = "These fonts are subsets, without hinting, of:\n\n" + "\n".join(origins.values())
    (TARGET / "OFL.txt").write_text(f"{head}\n\n{terms}", encoding="utf-8")
    print(f"{len(list(TARGET.glob('*.ttf')))} fonts, {total / 1e6:.1f} MB, in {TARGET}", file=sys.stderr)


if __name__ == "__main__":
    main()
