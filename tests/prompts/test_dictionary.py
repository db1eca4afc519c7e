from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.parsing.framing import Framer
from makeitso.prompts.dictionary import packaged_dictionary, parse_dictionary, with_tokens
from makeitso.prompts.dictionary_render import put_section, render_section, worker_dictionary
from makeitso.prompts.dictionary_text import BEGIN, END
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import Frame

NONCE = "0123456789abcdef0123456789abcdef"
BRIEF = f"""# Notes
{BEGIN}
- **Intents:** `PLAN`, `EXEC`, `EVAL`, `FIX`, `LEARN`.
- **Phases:** `bootstrap`, `task`, `verify`, `summarize`.
- **Control tokens:** `<<MIS:START>>`, `<<MIS:END>>`, `<<MIS:ERR>>`, `<<MIS:JSON>>`.
- **Style rules:** terse, structured JSON on request, no ANSI unless requested, etc.
{END}
"""


def section(*lines: str) -> str:
    return "\n".join((BEGIN, *lines, END))


def test_the_packaged_section_is_read_and_written_to_the_byte() -> None:
    text = packaged_text("AGENTS.md")
    dictionary, problems = parse_dictionary(text)
    assert problems == []
    assert dictionary == packaged_dictionary()
    assert dictionary.tokens == Delimiters()
    assert [w.word for w in dictionary.intents] == ["PLAN", "EXEC", "EVAL", "FIX", "LEARN"]
    assert [w.key for w in dictionary.phases] == ["bootstrap", "task", "verify", "summarize"]
    assert put_section(text, render_section(dictionary)) == text


def test_the_short_form_of_the_format_is_read() -> None:
    dictionary, problems = parse_dictionary(BRIEF)
    assert problems == []
    assert dictionary.tokens == Delimiters()
    assert dictionary.style_rules == (
        "terse",
        "structured JSON on request",
        "no ANSI unless requested",
    )


def test_no_section_means_the_packaged_dictionary() -> None:
    assert parse_dictionary("# My project\n") == (packaged_dictionary(), [])
    assert parse_dictionary("") == (packaged_dictionary(), [])


def test_a_changed_token_changes_prompt_and_parser() -> None:
    text = packaged_text("AGENTS.md").replace("<<MIS:START>>", "[[GO]]")
    dictionary, problems = parse_dictionary(text)
    assert problems == []
    told = worker_dictionary(dictionary, NONCE)
    assert f"[[GO {NONCE}]]" in told
    assert "<<MIS:START" not in told
    example = told[told.index("[[GO") : told.index("The first opens")]
    framer = Framer(dictionary.tokens, NONCE, phases=dictionary.phase_words())
    kinds = [e.kind for e in framer.feed(example.encode()) if isinstance(e, Frame)]
    assert kinds == ["start", "json", "err", "end"], "the worker is told what the parser reads"
    framer = Framer(packaged_dictionary().tokens, NONCE)
    assert framer.feed(f"[[GO {NONCE}]]\n".encode())
    assert framer.counts.frames == 0


def test_a_changed_word_changes_prompt_and_parser() -> None:
    text = packaged_text("AGENTS.md").replace("`EXEC`", "`DO`").replace("`verify`", "`prove`")
    dictionary, problems = parse_dictionary(text)
    assert problems == []
    assert dictionary.intent_word("EXEC") == "DO"
    assert dictionary.intent_word("FIX") == "FIX"
    told = worker_dictionary(dictionary, NONCE)
    assert "DO: do the task" in told
    assert "EXEC" not in told
    framer = Framer(dictionary.tokens, NONCE, phases=dictionary.phase_words())
    (start,) = framer.feed(f"<<MIS:START {NONCE}>> prove\n".encode())
    assert isinstance(start, Frame)
    assert start.phase == "verify"


def test_a_changed_rule_changes_the_prompt() -> None:
    text = packaged_text("AGENTS.md").replace(
        "  - Be terse.\n", "  - Answer in Welsh,\n    always.\n"
    )
    dictionary, problems = parse_dictionary(text)
    assert problems == []
    assert "Answer in Welsh, always." in worker_dictionary(dictionary, NONCE)
    assert "Be terse" not in worker_dictionary(dictionary, NONCE)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (f"x\n{BEGIN}\n- **Intents:** `PLAN`\n", "dictionary-marker", 1),
        (f"x\n\n{END}\n", "dictionary-marker", 2),
        (f"{BRIEF}{BRIEF}", "dictionary-marker", 8),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "dictionary-marker", 1),
        (section("- **Intents:** `PLAN`"), "dictionary-missing", 1),
        (section("", "nothing here"), "dictionary-missing", 0),
        (section("- **Phases:**", "  - `later`: x"), "dictionary-missing", 2),
        (
            section("- **Intents:** `PLAN`, `EXEC`, `EVAL`, `FIX`, `LEARN`, `REST`"),
            "dictionary-unknown",
            1,
        ),
        (section("- **Control tokens:** `<A>`, `<<B>>`, `<<C>>`"), "dictionary-token", 1),
        (
            section("- **Control tokens:** `<<A>>`, `<<A>>`, `<<A>>`"),
            "dictionary-token",
            1,
        ),
        (section("- **Style rules:**", "  - " + "x" * 500), "dictionary-rule", 2),
    ],
)
def test_damage_is_told_and_the_rest_holds(text: str, code: str, line: int) -> None:
    dictionary, problems = parse_dictionary(text)
    assert (code, line) in [(p.code, p.span.line) for p in problems]
    assert len(dictionary.intents) == 5
    assert len(dictionary.phases) == 4
    worker_dictionary(dictionary, NONCE)


def test_ambiguous_tokens_fall_back_to_the_packaged_ones() -> None:
    text = section("- **Control tokens:** `<<A>>`, `<<AB>>`, `<<AC>>`, `<<AD>>`")
    dictionary, problems = parse_dictionary(text)
    assert dictionary.tokens == Delimiters()
    assert any(p.code == "dictionary-token" for p in problems)


@pytest.mark.parametrize(
    "text",
    ["", "# Mine", "# Mine\n", "# Mine\n\n", "# A\r\nrest\r\n", "\r", f"top\n{BRIEF}\nbottom\n"],
)
def test_the_section_is_put_in_once_and_nothing_else_moves(text: str) -> None:
    new = render_section(packaged_dictionary())
    once = put_section(text, new)
    assert put_section(once, new) == once
    assert parse_dictionary(once) == (packaged_dictionary(), [])
    if BEGIN in text:
        assert once.startswith(text[: text.index(BEGIN)])
        assert once.endswith(text[text.index(END) + len(END) :])
    else:
        assert once.startswith(text)
    if "\r\n" in text:
        assert "\n" not in once.replace("\r\n", "")


@pytest.mark.parametrize("text", ["# Mine", "# Mine\n", "# Mine\n\n"])
def test_one_blank_line_parts_the_section_from_the_rest(text: str) -> None:
    assert put_section(text, "S") == "# Mine\n\nS\n"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_file_takes_the_section(text: str) -> None:
    new = render_section(packaged_dictionary())
    once = put_section(text, new)
    assert put_section(once, new) == once
    assert once.startswith(text)


def test_a_config_can_set_the_tokens() -> None:
    tokens = Delimiters(start="@@START", end="@@END", err="@@ERR", json="@@JSON")
    told = worker_dictionary(with_tokens(packaged_dictionary(), tokens), NONCE)
    assert f"@@JSON {NONCE} {{" in told


def test_rendering_reads_back() -> None:
    dictionary, _ = parse_dictionary(BRIEF.replace("`EXEC`", "`DO`"))
    assert parse_dictionary(render_section(dictionary)) == (dictionary, [])
