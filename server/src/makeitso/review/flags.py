"""Characters that make text look other than it is, and their visible form."""

from __future__ import annotations

import re

BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Unicode Bidi_Control. Source: Trojan Source, CVE-2021-42574."""
INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u2060-\u2065\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Default-ignorable and filler characters. U+200D and U+FE0F are left out: emoji need them."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_LATIN = re.compile("[A-Za-z]")
_LOOKALIKE = re.compile("[\u0370-\u03ff\u0400-\u04ff]")
"""Greek and Cyrillic: the scripts whose letters pass for Latin ones."""
_UNITS = re.compile("[\u0394\u03a9\u03bb\u03bc\u03c0\u03c3]")
"""Greek letters that stand beside Latin ones in honest text: differences, units, constants."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")
_HIDDEN = re.compile(f"{BIDI.pattern}|{INVISIBLE.pattern}|{_CONTROL.pattern}")
LARGE_HUNK_LINES = 400
"""Past this many changed lines people stop reading; the hunk says so."""


def flags_of(added: str, *, changed_lines: int) -> tuple[str, ...]:
    """Why added text wants a second look: `bidi`, `invisible`, `mixed-script`, `control`, `large`.

    `changed_lines` counts removed and added lines.
    """
    found: list[str] = []
    if not added.isascii():  # most text is, and then holds none of these
        if BIDI.search(added):
            found.append("bidi")
        if INVISIBLE.search(added):
            found.append("invisible")
        if any(_mixes(word) for word in _WORD.findall(added)):
            found.append("mixed-script")
    if _CONTROL.search(added.replace("\r\n", "\n")):
        found.append("control")
    if changed_lines > LARGE_HUNK_LINES:
        found.append("large")
    return tuple(found)


def visible(text: str) -> str:
    """The text with bidi, invisible and control characters spelled as escapes; tabs stay.

    A carriage return at the end of a line stays too: it is how the file ends its lines.
    """
    if text.isascii() and text.isprintable():  # nearly every line: none of them is in it
        return text

    def spell(found: re.Match[str]) -> str:
        at = found.end()
        if found[0] == "\r" and (at == len(text) or text[at] == "\n"):
            return "\r"
        return f"\\u{{{ord(found[0]):x}}}"

    return _HIDDEN.sub(spell, text)


def _mixes(word: str) -> bool:
    odd = _LOOKALIKE.findall(word)
    return bool(odd) and bool(_LATIN.search(word)) and not all(_UNITS.match(char) for char in odd)
