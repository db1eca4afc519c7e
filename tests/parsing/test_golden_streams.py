"""Literate streams: prose, what came in, what the parser makes of it.

In the input, control characters stand as pictures: escape, carriage return, bell, nul, backspace.
Rewrite the expected parts with `pytest --update-golden`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from makeitso.parsing.library import load_library
from makeitso.parsing.records import plain_json
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from makeitso.protocol.record import StreamChannel

FOLDER = Path(__file__).parents[1] / "golden" / "streams"
PICTURES = str.maketrans({"␛": "\x1b", "␍": "\r", "␇": "\x07", "␀": "\x00", "␈": "\x08"})
CASE = re.compile(
    r"````input channel=(\w+)(?: nonce=([0-9a-f]{32}))?( cut)?\n(.*?)````\n+"
    r"````expected\n(.*?)````",
    re.DOTALL,
)


def parsed(channel: str, nonce: str | None, text: str) -> str:
    library, _ = load_library(packaged_text("regexes.toml"))
    parser = StreamParser(cast("StreamChannel", channel), library, nonce=nonce)
    data = text.translate(PICTURES).encode()
    found = parser.feed(data) + parser.close()
    lines: list[str] = []
    for item in found:
        row = {k: v for k, v in plain_json(item).items() if k != "channel"}
        lines.append(json.dumps(row, ensure_ascii=False))
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda p: p.stem)
def test_golden_stream(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text(encoding="utf-8")
    cases = list(CASE.finditer(text))
    assert cases, "no case in the file"
    out, at = "", 0
    for case in cases:
        channel, nonce, cut, given, _ = case.groups()
        now = parsed(channel, nonce, given.removesuffix("\n") if cut else given)
        out += text[at : case.start(5)] + now
        at = case.end(5)
    out += text[at:]
    if request.config.getoption("--update-golden"):
        path.write_text(out, encoding="utf-8")
    assert out == path.read_text(encoding="utf-8")


def test_the_five_kinds_are_there() -> None:
    wanted = {"success", "partial", "failure", "noisy-ansi", "truncated"}
    assert wanted <= {path.stem for path in FOLDER.glob("*.md")}
