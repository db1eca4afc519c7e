"""The dictionary: the words, control tokens and style rules that prompts and parser share.

It lives in a marked section of AGENTS.md, written for people and agents to read. Changing a word,
a token or a rule there changes the next prompt and the next parser. A damaged section still gives a
dictionary: what cannot be read keeps its packaged meaning and becomes a problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, get_args

from makeitso.parsing.tokens import delimiter_problems
from makeitso.prompts.dictionary_text import Item, find_section, outline, problem
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.words import PHASES, Intent, PhaseName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.text import Problem

INTENTS: tuple[Intent, ...] = get_args(Intent)
_TOKENS = ("start", "end", "err", "json")
_MAX_RULES = 50
_MAX_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the dictionary: what it stands for, how it is written, what it means."""

    key: str
    word: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary:
    """What one AGENTS.md says; every field is complete."""

    intents: tuple[Word, ...]
    phases: tuple[Word, ...]
    tokens: Delimiters
    token_meanings: tuple[str, str, str, str]
    """Of START, END, ERR, JSON."""
    style_rules: tuple[str, ...]

    def intent_word(self, intent: Intent) -> str:
        """How prompts write an intent."""
        return next(w.word for w in self.intents if w.key == intent)

    def phase_words(self) -> dict[str, PhaseName]:
        """Phase by the word that a START may name it with; for the framer."""
        by_key: dict[str, PhaseName] = {p: p for p in PHASES}
        return {w.word: by_key[w.key] for w in self.phases}


@cache
def packaged_dictionary() -> Dictionary:
    """The dictionary that ships with the product; used where AGENTS.md has no section."""
    section = find_section(packaged_text("AGENTS.md"))[0]
    found = outline(section.body if section else "", 0)
    words = {name: _words(items) for name, items in found.items()}
    tokens = [word for word, _ in words["control tokens"]]
    meanings = [meaning for _, meaning in words["control tokens"]]
    return Dictionary(
        intents=tuple(Word(k, w, m) for k, (w, m) in zip(INTENTS, words["intents"], strict=True)),
        phases=tuple(Word(k, w, m) for k, (w, m) in zip(PHASES, words["phases"], strict=True)),
        tokens=Delimiters(start=tokens[0], end=tokens[1], err=tokens[2], json=tokens[3]),
        token_meanings=(meanings[0], meanings[1], meanings[2], meanings[3]),
        style_rules=tuple(item.text for item in found["style rules"]),
    )


def parse_dictionary(text: str) -> tuple[Dictionary, list[Problem]]:
    """The dictionary of an AGENTS.md, and what is wrong with it.

    Args:
        text: the whole file. Without a marked section the packaged dictionary holds, silently.
    """
    base = packaged_dictionary()
    section, problems = find_section(text)
    if section is None:
        return base, problems
    found = outline(section.body, section.line)
    problems.extend(
        problem("dictionary-missing", f"no item **{label.capitalize()}:**; the default holds", line)
        for label, line in (
            (name, section.line) for name in ("intents", "phases", "control tokens", "style rules")
        )
        if label not in found
    )
    intents = _merge(base.intents, found.get("intents"), problems)
    phases = _merge(base.phases, found.get("phases"), problems)
    tokens, meanings = _tokens(base, found.get("control tokens"), problems)
    rules = base.style_rules
    if "style rules" in found:
        rules = _rules(found["style rules"], problems)
    return (
        Dictionary(
            intents=intents,
            phases=phases,
            tokens=tokens,
            token_meanings=meanings,
            style_rules=rules,
        ),
        problems,
    )


def with_tokens(dictionary: Dictionary, tokens: Delimiters) -> Dictionary:
    """The dictionary with other base tokens, such as a config's own."""
    return replace(dictionary, tokens=tokens)


def in_order(tokens: Delimiters) -> tuple[str, str, str, str]:
    """START, END, ERR, JSON."""
    return (tokens.start, tokens.end, tokens.err, tokens.json_)


def _words(items: Sequence[Item]) -> list[tuple[str, str]]:
    return [(item.word, item.text) for item in items if item.word]


def _merge(
    base: tuple[Word, ...], items: list[Item] | None, problems: list[Problem]
) -> tuple[Word, ...]:
    """Words of the file in the places of the packaged ones: by name, the renamed by order."""
    if items is None:
        return base
    given = [item for item in items if item.word]
    by_word = {item.word: item for item in reversed(given)}
    known = {w.key for w in base}
    renamed = [item for item in given if item.word not in known]
    out: list[Word] = []
    for word in base:
        item = by_word.get(word.key)
        if item is None and renamed:
            item = renamed.pop(0)
        if item is None:
            line = items[0].line if items else 0
            problems.append(
                problem("dictionary-missing", f"`{word.key}` is not there; it stays", line)
            )
            out.append(word)
        else:
            out.append(Word(word.key, item.word, item.text or word.meaning))
    problems.extend(
        problem("dictionary-unknown", f"`{item.word}` is one too many and has no effect", item.line)
        for item in renamed
    )
    return tuple(out)


def _tokens(
    base: Dictionary, items: list[Item] | None, problems: list[Problem]
) -> tuple[Delimiters, tuple[str, str, str, str]]:
    given = [item for item in items or [] if item.word]
    if not given:
        return base.tokens, base.token_meanings
    chosen: dict[str, Item] = {}
    for kind in _TOKENS:
        named = [i for i in given if kind in i.word.lower() and i not in chosen.values()]
        if named:
            chosen[kind] = named[0]
    rest = [item for item in given if item not in chosen.values()]
    for kind in _TOKENS:
        if kind not in chosen and rest:
            chosen[kind] = rest.pop(0)
    line = given[0].line
    values = dict(zip(_TOKENS, in_order(base.tokens), strict=True))
    meanings = dict(zip(_TOKENS, base.token_meanings, strict=True))
    for kind in _TOKENS:
        item = chosen.get(kind)
        if item is None:
            message = f"no {kind.upper()} token; {values[kind]} stays"
            problems.append(problem("dictionary-missing", message, line))
        elif len(item.word) < 4:
            message = f"`{item.word}` is too short for a token; {values[kind]} stays"
            problems.append(problem("dictionary-token", message, item.line))
        else:
            values[kind] = item.word
            meanings[kind] = item.text or meanings[kind]
    tokens = Delimiters(
        start=values["start"], end=values["end"], err=values["err"], json=values["json"]
    )
    wrong = delimiter_problems(tokens)
    problems.extend(
        problem("dictionary-token", f"{text}; the defaults hold", line) for text in wrong
    )
    if wrong:
        return base.tokens, base.token_meanings
    return tokens, (meanings["start"], meanings["end"], meanings["err"], meanings["json"])


def _rules(items: list[Item], problems: list[Problem]) -> tuple[str, ...]:
    rules: list[str] = []
    for item in items:
        text = f"`{item.word}` {item.text}".strip() if item.word else item.text
        if len(text) > _MAX_CHARACTERS or len(rules) >= _MAX_RULES:
            message = f"style rules: at most {_MAX_RULES}, of {_MAX_CHARACTERS} characters each"
            problems.append(problem("dictionary-rule", message, item.line))
        elif text:
            rules.append(text)
    return tuple(rules)
