"""Made-up log events: their patterns, typed and anchored, and lines of them, from a seed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.parsing.patterns import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SYLLABLES = ("ba", "con", "der", "fi", "gra", "hel", "in", "jo", "kel", "lo", "mi", "net", "or",
             "pro", "qua", "ren", "se", "ter", "un", "ver", "wo", "xa", "yl", "zen")  # fmt: skip
FIELDS = ("path", "line", "column", "code", "message")
VOCABULARY = 60
UNKNOWN_SHARE = 0.4
"""Of the lines, so many are of events that no pattern knows."""


@dataclass(frozen=True, slots=True)
class Event:
    """A header, then words with typed slots between them."""

    header: int
    words: tuple[str, ...]
    slots: tuple[str, ...]

    def regex(self) -> str:
        """The pattern a person would write: `^...$`, every slot of a type."""
        parts: list[str] = []
        names = iter(FIELDS)
        for word, slot in zip(self.words, self.slots, strict=True):
            parts.append(re.escape(word))
            body = SLOTS[slot][0]
            name = next(names, None) if body else None
            if body:
                parts.append(f"(?P<{name}>{body})" if name else f"(?:{body})")
        return f"^{HEADERS[self.header][0]}{' '.join(parts)}$"

    def line(self, chance: random.Random) -> str:
        """One line of it."""
        parts: list[str] = []
        for word, slot in zip(self.words, self.slots, strict=True):
            value = SLOTS[slot][1](chance)
            parts += [word, value] if value else [word]
        return HEADERS[self.header][1](chance) + " ".join(parts)


def _two(chance: random.Random) -> str:
    return f"{chance.randrange(60):02}"


def _clock(chance: random.Random) -> str:
    return ":".join(_two(chance) for _ in range(3))


HEADERS: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    ("", lambda _: ""),
    (r"\[\d+\] ", lambda chance: f"[{chance.randrange(10**6)}] "),
    (
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ INFO ",
        lambda chance: f"2031-01-02 {_clock(chance)},{_two(chance)} INFO ",
    ),
    (
        r"\w+ +\d+ [\d:]+ \S+ \w+\[\d+\]: ",
        lambda chance: f"Jan  2 {_clock(chance)} host-{_two(chance)} svc[{_two(chance)}]: ",
    ),
)
"""What stands before the words of an event: many events share one, as those of one program do."""


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4)))


def _path(chance: random.Random) -> str:
    return "/".join(_word(chance) for _ in range(chance.randint(2, 4))) + ".c"


SLOTS: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "none": ("", lambda _: ""),
    "number": (r"\d+", lambda chance: str(chance.randrange(10**5))),
    "word": (r"[^\s:]+", _word),
    "path": (r"[\w./-]+", _path),
    "hex": (r"0x[0-9a-f]+", lambda chance: hex(chance.getrandbits(32))),
    "rest": (r"[^:]+:", lambda chance: " ".join(_word(chance) for _ in range(3)) + ":"),
}


def events(count: int, *, seed: int) -> list[Event]:
    """So many different events, of few words: they begin alike and differ further on."""
    chance = random.Random(seed)
    vocabulary = [_word(chance) for _ in range(VOCABULARY)]
    kinds = ("none", "none", "number", "number", "word", "path", "hex", "rest")
    found: list[Event] = []
    for _ in range(count):
        size = chance.randint(4, 9)
        words = tuple(chance.choice(vocabulary) for _ in range(size))
        slots = tuple(chance.choice(kinds) for _ in words)
        found.append(Event(chance.randrange(len(HEADERS)), words, slots))
    return found


def patterns(found: Sequence[Event]) -> tuple[Pattern, ...]:
    """A pattern for each."""
    return tuple(
        Pattern(name=f"event-{number}", intent="diagnostic", regex=event.regex())
        for number, event in enumerate(found)
    )


def lines(found: Sequence[Event], *, known: int, count: int, seed: int) -> list[bytes]:
    """Lines of the first `known` events in any order, and among them lines of the others."""
    chance = random.Random(seed)
    return [
        chance.choice(found[known:] if chance.random() < UNKNOWN_SHARE else found[:known])
        .line(chance)
        .encode()
        for _ in range(count)
    ]
