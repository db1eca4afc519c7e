"""Lines that name a place in a file, told by their shape whatever tool printed them.

`path:12:3: error: …`, `path(12,3): warning C4996: …`, `"path", line 12: …`, `… in path on line 12`:
a path, then its line within a few marks, is the place; what stands before and after is split into a
level, a code, marks that stay, and the message. Lines with the same marks share one expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from makeitso.learning.masks import SEVERITIES
from makeitso.learning.slots import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATH = r"(?:[A-Za-z]:[\\/])?[\w.@%+$~\\/-]{1,400}"
# A path is looked for where a word begins only, so that a long word is looked at once.
_PLACE = re.compile(
    rf"(?<![\w.@%+$~\\/-])(?P<open>[\"'`(\[<]?)(?P<path>{_PATH})(?P<close>[\"'`]?)"
    r"(?P<to_line>:|\(|\[|:\[|:\(|, ?[Ll]ine:? |:? [Ll]ine:? | on line |:line |: L|#L|;)"
    r"(?P<line>\d+)"
    r"(?:(?P<to_column>:|,|, |\.|;|, ?[Cc]ol(?:umn)?:? |:? [Cc]ol(?:umn)?:? |-)(?P<column>\d+))?"
    r"(?P<shut>[)\]\"'`>]?)(?![\w/\\])"
)
_LEVEL = re.compile(
    rf"(?P<text>(?i:{'|'.join(sorted(SEVERITIES, key=lambda w: (-len(w), w)))})|[EWCRFIN])(?![\w-])"
)
_CODE = re.compile(
    r"(?P<text>[A-Z][A-Za-z]{0,7}[-_]?\d{1,6}|[A-Z]\w+/\w+|[a-z]\w*(?:[-/]\w+)+)(?=[\]:) ])"
)
_MARK = re.compile(r"[ \t]+|[:;,|>\])]|[-=]+>?(?= )|[\[(](?=[\w./ -]{1,40}[\])])")
_TAIL_CODE = re.compile(r"(?P<gap> *)(?P<open>[\[(])(?P<code>[\w@./+=-]+)(?P<close>[\])])$")
_CODE_LIKE = re.compile(r"(?=.*[A-Za-z])(?=.*[-/@\d_])")
_PREFIX_WORDS = 3
_ENDING = re.compile(r"[^./\\]\.(?P<end>[A-Za-z]\w{0,5})$")
_ENOUGH_LINES = 4
_MOST_ENDINGS = 3
_SAFE_LEVELS = {
    "lower": "fatal error|error|warning|warn|note|info|information|hint|remark|fatal|critical|"
    "style|refactor|convention|notice|debug",
    "upper": "FATAL|ERROR|WARNING|WARN|NOTE|INFO|NOTICE|HINT|CRITICAL|DEBUG|SEVERE",
    "title": "Fatal|Error|Warning|Warn|Note|Info|Information|Notice|Hint|Critical|Debug|Severe",
    "letter": "[A-Z]",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What lines of one form have in common, and the expression of all of them."""

    key: tuple[str, ...]
    regex: str
    literals: int
    """Fixed characters in it."""
    slots: tuple[str, ...]
    """Names of its fields, in order."""


@lru_cache(maxsize=1 << 14)
def shape(line: str) -> Shape | None:
    """The shape of a line that names a place; None when it names none, or is nothing but one."""
    text = line.strip()
    for found in _PLACE.finditer(text):
        if not _plausible(found):
            continue
        marked = bool(found["open"]) or "ine" in found["to_line"]
        before = _before(text[: found.start()], marked=marked)
        if before is None:
            return None
        tail = text[found.end() :]
        after = _after(tail, leading=not before[1])
        if after is None:
            continue
        return _shape([*before[0], *_place(found), *after])
    return None


def place_of(line: str) -> tuple[str, ...] | None:
    """Path, line and, where there is one, column that a line names; None when it names none."""
    found = shape(line)
    match = re.match(found.regex, line) if found is not None else None
    return None if match is None else captured_place(match.groupdict())


def with_endings(regex: str, lines: Sequence[str]) -> str:
    """The expression of a shape, its path ending as the paths of all these lines do.

    A tool reads files of its own kind; without that, a form such as `path:1:2: text` is anybody's.
    From fewer lines, or of many endings, nothing is concluded.
    """
    places = [place_of(line) for line in lines]
    endings = {m["end"] if p and (m := _ENDING.search(p[0])) else "" for p in places}
    if len(lines) < _ENOUGH_LINES or "" in endings or len(endings) > _MOST_ENDINGS:
        return regex
    source = "|".join(sorted(escape(end) for end in endings))
    head, _, rest = regex.partition("(?P<path>")
    body, plus, tail = rest.partition("+)")
    ending = source if len(endings) == 1 else f"(?:{source})"
    return f"{head}(?P<path>{body}+\\.{ending}){tail}" if plus else regex


def captured_place(fields: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """The same of what a pattern captured."""
    if fields.get("path") is None or fields.get("line") is None:
        return None
    return tuple(value for key in ("path", "line", "column") if (value := fields.get(key)))


_Part = tuple[str, str]
"""A literal ("", text) or a field (name, source)."""


def _plausible(found: re.Match[str]) -> bool:
    path = found["path"]
    if not re.search("[A-Za-z_]", path):
        return False
    named = "." in path.strip(".") or "/" in path or "\\" in path
    stem = path.rsplit("/", 1)[-1]
    named = named or re.fullmatch(r"[A-Z]\w*file", path) is not None  # Makefile, Dockerfile, …
    return (named or bool(found["close"])) and not re.fullmatch(r"[\d.]+", stem) and "@" not in path


def _place(found: re.Match[str]) -> list[_Part]:
    ends = found["close"] or found["to_line"][:1].strip() or " "
    inner = re.escape(ends) if ends in "\"'`:([@;," else r"\s"
    path = rf"(?:[A-Za-z]:)?[^\s{inner}]+" if inner != r"\s" else r"\S+"
    if found["close"]:
        path = f"[^{found['close']}]+"
    parts: list[_Part] = [
        ("", found["open"]), ("path", path), ("", found["close"] + found["to_line"]),
        ("line", r"\d+"),
    ]  # fmt: skip
    if found["column"] is not None:
        parts += [("", found["to_column"]), ("column", r"\d+")]
    return [*parts, ("", found["shut"])]


def _before(text: str, *, marked: bool) -> tuple[list[_Part], bool] | None:
    """What stands before the place, and whether the message does; None: too free to say.

    A message is taken for one only where the place after it is marked as such: by a bracket, by the
    word line, or by a word that leads to it. Else a host with a port would be a place.
    """
    if not text:
        return [], False
    parts: list[_Part] = []
    rest = text
    while rest:
        mark, level = _MARK.match(rest), _LEVEL.match(rest)
        code = _CODE.match(rest)
        if mark:
            parts.append(("", " " if mark.group().isspace() else mark.group()))
            rest = rest[mark.end() :]
        elif level and len(level["text"]) > 1 and not _has(parts, "severity"):
            parts.append(("severity", _levels(level["text"])))
            rest = rest[level.end() :]
        elif code and not _has(parts, "code"):
            parts.append(("code", r"[\w./-]+"))
            rest = rest[code.end() :]
        else:
            break
    if not rest:
        return parts, False
    link = re.search(r"(?:^|[ ,:(\[])(?:(?:in|at|In|At|from|file|File|of)[: ]+)?$", rest)
    joined = link.group() if link else ""
    message = rest[: len(rest) - len(joined)]
    if not message:
        return [*parts, ("", joined)], False
    if len(message.split()) < _PREFIX_WORDS and not _has(parts, "severity") and not joined.strip():
        return [*parts, ("", rest)], False
    if not marked and not joined.strip(" ,:"):
        return None
    return [*parts, ("message", r"\S.*?"), ("", joined)], True


def _after(text: str, *, leading: bool) -> list[_Part] | None:
    """What follows the place; `leading`: the message is still to come."""
    parts: list[_Part] = []
    rest = text
    while rest:
        mark = _MARK.match(rest)
        level = None if _has(parts, "severity") else _LEVEL.match(rest)
        code = None if _has(parts, "code") else _CODE.match(rest)
        fatal = re.match(r"(?i:fatal error|syntax error|internal error)(?=:)", rest)
        if mark:
            parts.append(("", " " if mark.group().isspace() else mark.group()))
            rest = rest[mark.end() :]
        elif fatal and not _has(parts, "severity"):
            parts.append(("severity", _levels(fatal.group())))
            rest = rest[fatal.end() :]
        elif level and _closed(rest, level.end(), level["text"], parts):
            parts.append(("severity", _levels(level["text"])))
            rest = rest[level.end() :]
        elif code and _closed(rest, code.end(), code["text"], parts):
            parts.append(("code", r"[\w./-]+"))
            rest = rest[code.end() :]
        else:
            break
    if not rest:
        return None if leading else parts
    if not leading:
        return None
    tail = _TAIL_CODE.search(rest) if not _has(parts, "code") else None
    if tail and tail.start() > 0 and _CODE_LIKE.match(tail["code"]):
        name = ("code", r"[\w@./+=-]+")
        if tail["open"] == "(":
            return [*parts, ("message+", r"\S.*? \(|)")]
        return [*parts, ("message", r"\S.*?"), ("", tail["gap"] + "["), name, ("", "]")]
    return [*parts, ("message", r"\S.*")]


def _closed(rest: str, end: int, text: str, parts: list[_Part]) -> bool:
    """Whether a level or code stands as such: in brackets, before a colon, or a code up front."""
    following = rest[end : end + 1]
    if following in {":", "]", ")", ","} or (following == "" and len(text) > 1):
        return True
    if following != " ":
        return False
    coded = any(c.isdigit() for c in text) or "/" in text
    level = text.lower() in SEVERITIES or len(text) == 1
    first = not any(name for name, _ in parts if name in {"severity", "code"})
    return coded or (level and first and (len(text) > 1 or rest[end + 1 : end + 2].isalpha()))


def _levels(text: str) -> str:
    if len(text) == 1:
        return _SAFE_LEVELS["letter"]
    style = "lower" if text.islower() else "upper" if text.isupper() else "title"
    words = _SAFE_LEVELS[style]
    return words if text in words.split("|") else f"{escape(text)}|{words}"


def _has(parts: list[_Part], name: str) -> bool:
    return any(known == name for known, _ in parts)


def _shape(parts: list[_Part]) -> Shape | None:
    merged: list[_Part] = []
    for name, source in parts:
        if not name and merged and not merged[-1][0]:
            merged[-1] = ("", merged[-1][1] + source)
        elif name or source:
            merged.append((name, source))
    names = [name.rstrip("+") for name, _ in merged if name]
    if "message" not in names or len(set(names)) < len(names):
        return None
    out: list[str] = []
    for name, source in merged:
        if not name:
            out.append(re.sub(r" +", lambda _: " +", escape(source)))
        elif name == "message+":
            out.append(r"(?P<message>\S.*? \((?P<code>[\w@./+=-]+)\))")
        else:
            out.append(f"(?P<{name}>{source})")
    literals = sum(len(source) for name, source in merged if not name)
    key = tuple(source if not name else "\0" + name + source for name, source in merged)
    end = "" if merged[-1] == ("message", r"\S.*") else r"\s*"
    return Shape(key, rf"^\s*{''.join(out)}{end}$", literals, tuple(names))
