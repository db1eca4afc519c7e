"""A line as tokens: what varies from run to run gets a kind, what is fixed stays as it is written.

A kind is told by shape alone (a number, an address, a time), never by a name of a tool, so that it
holds for output nobody has seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CHARACTERS = 2000
"""Longer lines are cut before they are looked at."""

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DATE = r"\d{4}[-/.]\d{2}[-/.]\d{2}"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"

KINDS: Mapping[str, str] = {
    "TS_ISO": rf"{_DATE}(?:[T ]|  |-){_CLOCK}(?:Z| ?[+-]\d{{2}}:?\d{{2}}\b)?",
    "TS_BGL": r"\d{4}-\d{2}-\d{2}-\d{2}\.\d{2}\.\d{2}\.\d{1,9}",
    "TS_WEB": rf"\d{{2}}/{_MONTH}/\d{{4}}:\d{{2}}:\d{{2}}:\d{{2}}(?: [+-]\d{{4}})?",
    "TS_UNIX": rf"{_DAY},? {_MONTH} +\d{{1,2}} {_CLOCK}(?: [A-Z]{{3,4}})? \d{{4}}",
    "TS_SYSLOG": rf"{_MONTH} +\d{{1,2}} {_CLOCK}",
    "TS_SHORT": rf"\d{{2}}[-/.]\d{{2}}(?:[-/.]\d{{2,4}})? {_CLOCK}",
    "TS_DIGITS": r"\d{6} \d{6}\b",
    "DATE": _DATE,
    "UUID": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "URL": r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s\"'<>()\[\],;]+",
    "MAC": r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}",
    "IP": r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?",
    "TIME": r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?",
    "IP6": r"(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}",
    "HEX": r"0[xX][0-9a-fA-F]+",
    "PATH": r"(?:[A-Za-z]:[\\/]|~?/|\.{1,2}/)?[\w.@%+$-]*(?:[\\/][\w.@%+$-]+)+/?",
    "FILE": r"[\w.+-]+\.[A-Za-z]\w{0,5}",
    "DIGEST": r"[0-9a-f]{7,64}",
    "FLT": r"[+-]?\d+\.\d+(?:[eE][+-]?\d+)?",
    "INT": r"[+-]?\d+",
    "ID": r"\w+(?:[-.@]{1,2}\w+)*",
}
"""Kinds of what varies, and the expression each is written as in a pattern; the particular first.
They use the common subset of the engines; where a token may begin and end is said below."""

_SCAN_ONLY: Mapping[str, str] = {
    # What a value must be, beyond its expression, to be taken for one.
    "FILE": r"[\w.+-]+\.[A-Za-z]\w{0,5}(?=[:(]\d)",
    "DIGEST": r"(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}",
    "IP6": r"(?=[0-9a-fA-F:]*[0-9a-fA-F]{2,4}:)(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}",
    "ID": r"(?=[\w.@-]*[\d@])\w+(?:[-.@]{1,2}\w+)*",
}
_ANY_WORD = r"\w"
_NOT_AFTER: Mapping[str, str] = {
    # Where one was looked for in vain, it is not looked for again within: scanning stays linear.
    "PATH": r"\w.@%+$\\/-",
    "FILE": r"\w.+-",
    "IP6": r"\w:",
}
_WORD = r"[^\W\d_]+(?:[._'-][^\W\d_]+|_+)*|_+(?:[^\W\d_]+_*)+"
_QUOTED = r"(?<!\w)(?:'[^']{0,400}'|\"[^\"]{0,400}\"|`[^`']{0,400}[`'])(?!\w)"
_SCAN = re.compile(
    "|".join(
        [
            r"(?P<SP>[ \t]+)",
            rf"(?P<QUOTED>{_QUOTED})",
            *(
                f"(?P<{kind}>(?<![{_NOT_AFTER.get(kind, _ANY_WORD)}])"
                f"{_SCAN_ONLY.get(kind, source)}(?![A-Za-z0-9_]))"
                for kind, source in KINDS.items()
            ),
            rf"(?P<WORD>{_WORD})",
            r"(?P<RAW>[\ufffd\x00-\x1f\x7f-\x9f]\S*)",
            r"(?P<PUNCT>.)",
        ]
    ),
    re.DOTALL | re.ASCII,
)
_ODD = re.compile(r"[\ufffd\x00-\x08\x0a-\x1f\x7f-\x9f]")
FIXED = frozenset({"WORD", "PUNCT"})
"""Kinds that stand for themselves."""
SPACE = "SP"
SEVERITIES = frozenset(
    [
        "trace",
        "debug",
        "info",
        "information",
        "notice",
        "note",
        "warn",
        "warning",
        "warnings",
        "error",
        "err",
        "severe",
        "fatal",
        "critical",
        "crit",
        "alert",
        "emerg",
        "emergency",
        "panic",
        "failure",
        "hint",
        "remark",
        "style",
        "refactor",
        "convention",
    ]
)
"""Words for how bad something is, in lower case."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a line: its kind, and its text as printed."""

    kind: str
    text: str

    @property
    def key(self) -> str:
        """What two lines of one event have in common: the text of a fixed token, else its kind."""
        return self.text if self.kind in FIXED else "\0" + self.kind


def is_slot(key: str) -> bool:
    """Whether a key stands for something that varies; a run of blanks does not count as one."""
    return key.startswith("\0") and key != "\0SP"


@lru_cache(maxsize=1 << 15)
def tokens(line: str) -> tuple[Token, ...]:
    """The tokens of one line, without the blanks around it; all of it, in order."""
    text = line[:MAX_CHARACTERS].strip()
    # A byte that is no text was replaced: what stood there is not known, so it is no literal.
    odd = _ODD.search(text) is not None
    found: list[Token] = []
    for match in _SCAN.finditer(text):
        kind, piece = match.lastgroup or "PUNCT", match.group()
        raw = odd and kind != SPACE and _ODD.search(piece) is not None
        found.append(Token("RAW" if raw else kind, piece))
    return tuple(found)


def skeleton(line: str) -> tuple[str, ...]:
    """The line with all that varies masked."""
    return tuple(token.key for token in tokens(line))


def body_start(keys: tuple[str, ...]) -> int:
    """Index where the words of the event begin, after what a logger puts before them.

    It is the first plain word outside brackets that names no level, no program (a mark follows it)
    and no host before a program. A level near the front ends what stands before the words.
    """
    levels = [n for n, key in enumerate(keys[:16]) if key.lower() in SEVERITIES and key.isupper()]
    depth = 0
    for index, key in enumerate(keys[:60]):
        depth = max(depth + {"[": 1, "]": -1}.get(key, 0), 0)
        if depth or not _word_like(key) or (levels and index <= levels[0]):
            continue
        if key.lower() in SEVERITIES or _names(keys, index):
            continue
        return index
    return 0


_AFTER_NAME = frozenset(":[]=$/)@|")


def _names(keys: tuple[str, ...], index: int) -> bool:
    """Whether a word is the name of a program, a thread or a host, by what comes after it."""
    after = keys[index + 1 : index + 4]
    if not after:
        return False
    if after[0] in _AFTER_NAME:
        return True
    if after[0] != "\0SP" or len(after) == 1:
        return False
    if after[1] in {"[", "-"} and index < 12:
        return True
    program = _word_like(after[1]) and len(after) == 3 and after[2] in {":", "["}
    return program and ":" not in keys[:index]


def _word_like(key: str) -> bool:
    return key[0].isalpha() or key in {"\0ANY", "\0ID"}
