"""The name of a plan's file: `<date>-<slug>`, readable, ASCII, unique in its folder."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_LONGEST = 48
"""Characters of a slug; with date, suffix and `.plan.md` far below any file system's limit."""
_FEWEST = 12
"""A slug is cut at a word only if at least this much is left."""
_SPELLED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "þ": "th"}
)
_READ = 400
"""Characters of a goal that are looked at."""


def slug(goal: str) -> str:
    """A goal as lower-case ASCII words joined by `-`; `plan` when nothing of it is ASCII."""
    plain = unicodedata.normalize("NFKD", goal[:_READ].translate(_SPELLED))
    ascii_only = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    ascii_only = re.sub(r"(?<=[a-z0-9])['\u2019](?=[a-z])", "", ascii_only)
    words = re.findall(r"[a-z0-9]+", ascii_only)
    text = "-".join(words)
    if len(text) > _LONGEST:
        cut = text[: _LONGEST + 1].rsplit("-", 1)[0]
        text = cut if len(cut) >= _FEWEST else text
    return text[:_LONGEST].strip("-") or "plan"


def stem(goal: str, *, day: date, taken: Iterable[str] = ()) -> str:
    """The stem of a new plan's file, and so the plan's id.

    Args:
        goal: title or goal of the plan.
        day: the date it is made, in the person's time zone.
        taken: stems or file names that exist; letter case does not matter.
    """
    names = {name.lower().removesuffix(".plan.md") for name in taken}
    base = f"{day.isoformat()}-{slug(goal)}"
    name, number = base, 1
    while name in names:
        number += 1
        name = f"{base}-{number}"
    return name
