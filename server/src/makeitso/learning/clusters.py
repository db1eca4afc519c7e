"""Lines of one event find each other: equal skeletons first, then merges that shorten the whole.

A merge is judged by description length: two templates that share much cost less as one, and every
word that becomes a slot must be written down with its lines. A difference in the first word of the
event, or in a word that tells events apart (`opened`, `closed`), costs more. No randomness, and
what comes in is sorted first, so the order of lines does not change the result.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.masks import body_start, is_slot, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Template = tuple[str, ...]
_Lines = dict[Template, list[str]]

ANY = "\0ANY"
"""A slot of one token of any kind."""
GAP = "\0GAP"
"""A slot of any number of tokens; a template has at most one."""
SPACE = "\0SP"

VALUE_COST = 1.5
"""What one word costs that becomes a value of a slot; larger merges less."""
ENTRY_COST = 2.0
FIRST_WORD_COST = 4.0
SECOND_WORD_COST = 2.0
TELLING_COST = 6.0
GAP_COST = 4.0
MAX_ROUNDS = 12
TELLING = frozenset(
    [
        "open",
        "opened",
        "opening",
        "close",
        "closed",
        "closing",
        "start",
        "started",
        "starting",
        "stop",
        "stopped",
        "stopping",
        "begin",
        "began",
        "end",
        "ended",
        "success",
        "successful",
        "successfully",
        "fail",
        "failed",
        "failure",
        "failing",
        "accept",
        "accepted",
        "reject",
        "rejected",
        "deny",
        "denied",
        "allow",
        "allowed",
        "add",
        "added",
        "remove",
        "removed",
        "create",
        "created",
        "delete",
        "deleted",
        "up",
        "down",
        "on",
        "off",
        "in",
        "out",
        "enable",
        "enabled",
        "disable",
        "disabled",
        "connect",
        "connected",
        "disconnect",
        "disconnected",
        "lost",
        "found",
        "read",
        "write",
        "get",
        "put",
        "send",
        "sent",
        "sending",
        "receive",
        "received",
        "receiving",
        "valid",
        "invalid",
        "true",
        "false",
        "yes",
        "no",
        "not",
        "error",
        "warning",
        "info",
        "debug",
        "fatal",
        "ok",
        "done",
        "passed",
        "skipped",
        "load",
        "loaded",
        "unload",
        "unloaded",
        "bind",
        "unbind",
        "mount",
        "mounted",
        "unmount",
        "unmounted",
        "register",
        "registered",
        "unregister",
        "registering",
        "allocate",
        "allocated",
        "free",
        "freed",
        "grant",
        "granted",
        "revoke",
        "revoked",
        "enter",
        "leave",
        "entering",
        "leaving",
        "acquire",
        "acquired",
        "release",
        "released",
        "exceeded",
        "timeout",
        "hit",
        "miss",
    ]
)
"""Words whose change makes another event of a line."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Lines that one template covers, sorted."""

    template: Template
    lines: tuple[str, ...]


def cluster(lines: Iterable[str]) -> list[Cluster]:
    """Group lines by event; largest groups first, then by template.

    Args:
        lines: cleaned lines; blank ones are left out, and equal ones count once.
    """
    by_skeleton: defaultdict[Template, list[str]] = defaultdict(list)
    for line in sorted({line for line in lines if line.strip()}):
        by_skeleton[skeleton(line)].append(line)
    families = _merge_families(dict(by_skeleton))
    merged = _merge_alike(families)
    found = [Cluster(key, tuple(sorted(lines))) for key, lines in merged.items()]
    return sorted(found, key=lambda c: (-len(c.lines), c.template))


def key_cost(key: str) -> float:
    """What a key adds to the length of a template."""
    if key == SPACE:
        return 0.1
    if key == GAP:
        return GAP_COST
    if is_slot(key):
        return 0.5 if key != ANY else 1.0
    return 1.0 + min(len(key), 16) / 16 if key[0].isalnum() else 0.3


def template_cost(template: Template) -> float:
    """Length of a template, in about words; what a logger puts before them says nothing."""
    return ENTRY_COST + sum(map(key_cost, template[body_start(template) :]))


def value_cost(word: str, lines: int) -> float:
    """What it costs to make a word a value: more when many lines agree on it."""
    if is_slot(word):
        return 0.5
    return VALUE_COST * (1 + min(math.log2(lines), 6.0) / 3)


def _merge_families(groups: _Lines) -> _Lines:
    """Merge templates that differ in one place only, most saving first."""
    for _ in range(MAX_ROUNDS):
        families: defaultdict[tuple[int, Template], list[Template]] = defaultdict(list)
        for template in groups:
            for place, key in enumerate(template):
                if _may_vary(key):
                    masked = (*template[:place], ANY, *template[place + 1 :])
                    families[place, masked].append(template)
        ranked = sorted(
            (-gain, masked, place, sorted(members))
            for (place, masked), members in families.items()
            if len(members) > 1 and (gain := _family_gain(place, masked, members, groups)) > 0
        )
        if not ranked:
            break
        for _, masked, _, members in ranked:
            left = [m for m in members if m in groups]
            if len(left) > 1:
                lines = [line for m in left for line in groups.pop(m)]
                groups.setdefault(masked, []).extend(lines)
    return groups


def _family_gain(
    place: int, masked: Template, members: Sequence[Template], groups: _Lines
) -> float:
    words = [m[place] for m in members]
    values = sum(value_cost(m[place], len(groups[m])) for m in members)
    gain = (len(members) - 1) * template_cost(masked) - values
    return gain - _place_cost(place, masked, words)


def _place_cost(place: int, template: Template, words: Sequence[str]) -> float:
    """What speaks against a slot at this place, whatever it saves."""
    if all(is_slot(word) for word in words):
        return 0.0
    cost = 0.0
    telling = sum(map(_telling, words))
    if telling:
        # In a slot with many values one of them is a word like `get` by chance.
        cost += TELLING_COST * telling
    start = body_start(template)
    if place == start:
        cost += FIRST_WORD_COST
    elif start < place <= start + 2:
        cost += SECOND_WORD_COST
    return cost * (1 if telling or len(words) < 4 else 0.5)


def _telling(word: str) -> float:
    """How much a word tells events apart: whole for one that is known to, half for a state."""
    if is_slot(word):
        return 0.0
    if word.lower() in TELLING:
        return 1.0
    return 0.5 if len(word) > 2 and word.isupper() else 0.0


def _may_vary(key: str) -> bool:
    return key[0].isalnum() or (is_slot(key) and key not in {ANY, GAP})


def _merge_alike(groups: _Lines) -> _Lines:
    """Let every template join the one it saves most with, from the largest on."""
    order = sorted(groups, key=lambda t: (-len(groups[t]), t))
    buckets: defaultdict[str, list[Template]] = defaultdict(list)
    merged: _Lines = {}
    for template in order:
        bucket = buckets[_bucket(template)]
        best: tuple[float, Template, Template] | None = None
        for other in bucket:
            joined = join(other, template, sizes=(len(merged[other]), len(groups[template])))
            if joined is not None and (best is None or joined[0] > best[0]):
                best = (joined[0], other, joined[1])
        lines = list(groups[template])
        if best is not None:
            _, other, template = best
            bucket.remove(other)
            lines += merged.pop(other)
        merged.setdefault(template, []).extend(lines)
        if template not in bucket:
            bucket.append(template)
    return merged


def _bucket(template: Template) -> str:
    """The first fixed word of the event; templates that differ in it are not compared."""
    start = body_start(template)
    return next((key for key in template[start:] if key[0].isalpha()), "")


def join(
    one: Template, other: Template, *, sizes: tuple[int, int] = (1, 1)
) -> tuple[float, Template] | None:
    """What merging two templates saves, and the template of both; None when it saves nothing.

    Args:
        one: a template.
        other: the other one.
        sizes: how many lines each has.
    """
    found = (
        _joined_even(one, other, sizes)
        if len(one) == len(other) and GAP not in one + other
        else None
    )
    if found is None and abs(len(one) - len(other)) <= max(12, min(len(one), len(other))):
        found = _joined_gap(one, other, sizes)
    return found if found is not None and found[0] > 0 else None


def _joined_even(
    one: Template, other: Template, sizes: tuple[int, int]
) -> tuple[float, Template] | None:
    out: list[str] = []
    against = 0.0
    for place, (a, b) in enumerate(zip(one, other, strict=True)):
        if a == b:
            out.append(a)
            continue
        if SPACE in {a, b} or not (_may_vary(a) or a == ANY) or not (_may_vary(b) or b == ANY):
            return None
        out.append(ANY)
        words = [key for key in (a, b) if not is_slot(key)]
        against += value_cost(a, sizes[0]) + value_cost(b, sizes[1])
        if words:
            marked = (*one[:place], ANY, *one[place + 1 :])
            against += _place_cost(place, marked, words)
    template = tuple(out)
    return _gain(one, other, template) - against, template


def _joined_gap(
    one: Template, other: Template, sizes: tuple[int, int]
) -> tuple[float, Template] | None:
    """Both with what differs in the middle left open."""
    shortest = min(len(one), len(other))
    head = 0
    while head < shortest and one[head] == other[head] and one[head] != GAP:
        head += 1
    tail = 0
    while tail < shortest - head and one[-1 - tail] == other[-1 - tail] and one[-1 - tail] != GAP:
        tail += 1
    middles = (one[head : len(one) - tail], other[head : len(other) - tail])
    if any(GAP in part for part in (one[:head], one[len(one) - tail :])) or tail == 0:
        return None
    # A gap begins and ends where a word does.
    while head and one[head - 1] != SPACE and one[head - 1][0].isalnum():
        head -= 1
        middles = (one[head : len(one) - tail], other[head : len(other) - tail])
    if head <= body_start(one):
        return None
    template = (*one[:head], GAP, *one[len(one) - tail :])
    words = {(k, n) for m, n in zip(middles, sizes, strict=True) for k in m if k[0].isalpha()}
    against = sum(value_cost(word, size) + TELLING_COST * _telling(word) for word, size in words)
    return _gain(one, other, template) - against, template


def _gain(one: Template, other: Template, joined: Template) -> float:
    return template_cost(one) + template_cost(other) - template_cost(joined)
