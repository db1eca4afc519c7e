"""Where a quote or substitution of a shell command line ends, and what `$'…'` says."""

from __future__ import annotations

import re

_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_NUMBER = re.compile(
    r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c(.)", re.DOTALL
)
_DULL = re.compile(r"[^\\'\"`$(){}#\n]+")


def ansi_c(text: str, at: int) -> tuple[str, int]:
    r"""The value of a `$'…'` whose content begins at `at`, and where it ends.

    An end past the text says that the closing quote lacks.
    """
    out: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "'":
            return "".join(out), at + 1
        if char != "\\":
            end = _next(text, at)
            out.append(text[at:end])
            at = end
            continue
        number = _NUMBER.match(text, at + 1)
        if number is not None:
            out.append(_character(number))
            at = number.end()
            continue
        follows = text[at + 1 : at + 2]
        out.append(_ESCAPES.get(follows, "\\" + follows))
        at += 2
    return "".join(out), len(text) + 1


def _next(text: str, at: int) -> int:
    ends = [found for found in (text.find("'", at), text.find("\\", at)) if found >= 0]
    return min(ends, default=len(text))


def _character(number: re.Match[str]) -> str:
    hexa = number[1] or number[2] or number[3]
    if hexa:
        value = int(hexa, 16)
        return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
    if number[4]:
        return chr(int(number[4], 8) & 0xFF)
    return chr(ord(number[5]) & 0x1F)


def closing(text: str, at: int, close: str) -> int | None:  # noqa: C901 -- one flat choice a sign
    """Index of the sign that closes what was opened before `at`; None: it is never closed.

    A `case` in a substitution, whose patterns close a parenthesis never opened, ends it early.
    """
    open_ = [close]
    word_starts = True
    while at < len(text):
        top, char = open_[-1], text[at]
        if char == "\\":
            at += 2
        elif char == top:
            open_.pop()
            if not open_:
                return at
            at += 1
        elif top == "`":
            at += 1
        elif char == "'" and top != '"':
            at = text.find("'", at + 1) + 1
            if not at:
                return None
        elif char in '"`':
            open_.append(char)
            at += 1
        elif text.startswith(("$(", "${"), at):
            open_.append(")" if text[at + 1] == "(" else "}")
            at += 2
        elif char == "(" and top == ")":
            open_.append(")")
            at += 1
        elif char == "#" and top == ")" and word_starts:
            at = text.find("\n", at)
            if at < 0:
                return None
        elif found := _DULL.match(text, at):
            at = found.end()
        else:
            at += 1
        word_starts = text[at - 1 : at] in " \t\n;&|("
    return None
