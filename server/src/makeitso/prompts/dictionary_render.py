"""A dictionary written out: as the section of an AGENTS.md, and as instructions for a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.parsing.tokens import live_token
from makeitso.prompts.dictionary import in_order
from makeitso.prompts.dictionary_text import BEGIN, END, find_section
from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from makeitso.prompts.dictionary import Dictionary


def render_section(dictionary: Dictionary) -> str:
    """The marked section that says this dictionary, markers included, without a final newline."""
    lines = [BEGIN, *_packaged_preamble()]
    lines.append("- **Intents:** every message to you carries one.")
    lines.extend(f"  - `{w.word}`: {w.meaning}" for w in dictionary.intents)
    lines.append("- **Phases:** what a frame belongs to.")
    lines.extend(f"  - `{w.word}`: {w.meaning}" for w in dictionary.phases)
    lines.append("- **Control tokens:** at the start of a line of your own messages.")
    lines.extend(
        f"  - `{token}` {meaning}"
        for token, meaning in zip(
            in_order(dictionary.tokens), dictionary.token_meanings, strict=True
        )
    )
    lines.append("- **Style rules:**")
    lines.extend(f"  - {rule}" for rule in dictionary.style_rules)
    lines.append(END)
    return "\n".join(lines)


def put_section(text: str, section: str) -> str:
    """The text with the section in the place of the old one, or at its end.

    Everything else stays byte for byte; doing it twice is doing it once. The section takes the line
    ends of the text, or of the section it replaces.
    """
    old, _ = find_section(text)
    model = text if old is None else text[old.start : old.end]
    newline = "\r\n" if "\r\n" in model else "\n"
    section = section.replace("\r\n", "\n").replace("\n", newline)
    if old is not None:
        return text[: old.start] + section + text[old.end :]
    if not text:
        return section + newline
    if text.endswith(newline * 2):
        gap = ""
    elif text.endswith("\n"):
        gap = newline
    else:
        gap = newline * 2
    return text + gap + section + newline


def worker_dictionary(dictionary: Dictionary, nonce: str) -> str:
    """What a worker's developer instructions say of words, live tokens and style.

    Args:
        dictionary: of this run.
        nonce: 32 hex digits of this run; nothing else may tell them to the worker.
    """
    live = [live_token(token, nonce) for token in in_order(dictionary.tokens)]
    start, end, err, data = live
    phase = next(w.word for w in dictionary.phases if w.key == "task")
    intents = "; ".join(f"{w.word}: {_clause(w.meaning)}" for w in dictionary.intents)
    phases = ", ".join(w.word for w in dictionary.phases)
    rules = "\n".join(f"- {rule}" for rule in dictionary.style_rules)
    return f"""\
Messages to you begin with an intent. {intents}.

You may report progress in your own messages with control tokens. Your run token is
{nonce}. Each control token contains it, stands at the start of a line,
and is written exactly so:

{start} {phase}
{data} {{"event": "artifact", "artifact": "path/to/file"}}
{err} what went wrong
{end}

The first opens a block and may name a phase ({phases}); the last closes
it. The data line holds one JSON value, on that line. Use control tokens only in messages, never in
files, commands or their output, and never repeat the run token elsewhere. They are optional: plain
words are fine.

Style:
{rules}
"""


def _packaged_preamble() -> list[str]:
    section, _ = find_section(packaged_text("AGENTS.md"))
    lines = section.body.split("\n") if section else []
    first = next((n for n, line in enumerate(lines) if line.startswith("- **")), 0)
    return lines[:first]


def _clause(meaning: str) -> str:
    return meaning.rstrip(".").replace(";", ",") or "no further meaning"
