"""Proposal files and the history of what became of them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.errors import ConfigError, NotFoundError, StoreError
from makeitso.parsing.library import load_library
from makeitso.protocol.proposal import (
    GateFinding,
    Metrics,
    PatternEntry,
    PromptChange,
    Proposal,
    ProposalRow,
    Support,
)
from makeitso.store import learning_history as history
from makeitso.store.proposal_text import entry_text, parse_proposal, proposal_text
from makeitso.store.proposals import kept, open_patterns, read, write

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = PatternEntry(
    name="zlint_1a2b",
    intent="diagnostic",
    regex=r"^zlint: (?P<path>\S+):(?P<line>\d+): (?P<message>.+)$",
    fields={"severity": "warning"},
    examples=("zlint: a.zz:3: it's odd", 'zlint: b.zz:4: a "b" \\ c'),
    counter_examples=("zlint: done",),
    rationale="Made from 2 lines.",
)


def proposal(name: str = "p-zlint-1a2b", **over: object) -> Proposal:
    base = Proposal(
        id=name,
        kind="pattern",
        title="Explain lines such as 'zlint'",
        rationale="Two lines,\nfrom one run.",
        proposer="offline",
        created_at="2031-01-02T03:04:05Z",
        library="ab" * 32,
        pattern=ENTRY,
        before=Metrics(lines=4, explained=0, coverage=0.0),
        after=Metrics(lines=4, explained=2, coverage=0.5, precision=1.0, recall=1.0),
        support=Support(lines=2, runs=("r1",), unseen_lines=2, unseen_runs=("r2",)),
        gate=(GateFinding(rule="lint", passed=True, detail="nothing to say"),),
    )
    return base.model_copy(update=over)


def row(action: str, name: str = "p-zlint-1a2b", at: float = 1.0) -> ProposalRow:
    return ProposalRow.model_validate({"at": at, "id": name, "action": action, "by": "person"})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "proposals"
    stored = write(folder, proposal())
    assert read(stored.path) == stored
    assert kept(folder) == ([stored], [])


def test_the_pattern_stands_as_it_would_in_a_library() -> None:
    text = proposal_text(proposal())
    library, _ = load_library(text[text.index("[[pattern]]") :])
    pattern = library.named("zlint_1a2b")
    assert pattern is not None
    assert (pattern.regex, pattern.examples) == (ENTRY.regex, ENTRY.examples)
    assert f"regex = '{ENTRY.regex}'" in text


def test_a_prompt_is_kept_to_the_character() -> None:
    text = '# Title\n\nSay """this""" \\ and\tthat.\n\n'
    change = PromptChange(name="worker-exec", base_digest="00", text=text)
    given = proposal(kind="prompt", pattern=None, prompt=change)
    assert parse_proposal(proposal_text(given), where="x") == given


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
def test_any_text_survives(one: str, other: str) -> None:
    entry = ENTRY.model_copy(update={"examples": (one, other), "rationale": other, "regex": one})
    given = proposal(pattern=entry, title=one, rationale=other)
    assert parse_proposal(proposal_text(given), where="x") == given
    assert tomllib.loads(entry_text(entry))["pattern"][0]["examples"] == [one, other]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("[[pattern]]", "[[pattern"), "not valid TOML"),
        (("intent = ", "intend = "), "pattern.intent"),
        (("kind = ", "kinds = "), "kind"),
        (('proposer = "offline"', 'proposer = "me"'), "proposer"),
    ],
)
def test_a_broken_file_is_an_error_with_its_place(
    tmp_path: Path, change: tuple[str, str], place: str
) -> None:
    stored = write(tmp_path, proposal())
    text = stored.path.read_text().replace(*change)
    stored.path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read(stored.path)
    assert place in raised.value.message
    line = raised.value.data["line"]
    assert isinstance(line, int)
    assert f"{stored.path}:{line}:" in raised.value.message
    found, wrong = kept(tmp_path)
    assert found == []
    assert [e.message for e in wrong] == [raised.value.message]
    assert open_patterns(tmp_path) == ()


def test_a_file_of_another_name_or_none_is_refused(tmp_path: Path) -> None:
    stored = write(tmp_path, proposal())
    stored.path.rename(tmp_path / "p-other.toml")
    with pytest.raises(ConfigError, match="says it is p-zlint-1a2b"):
        read(tmp_path / "p-other.toml")
    with pytest.raises(NotFoundError):
        read(stored.path)


def test_only_open_and_canary_proposals_are_tried(tmp_path: Path) -> None:
    for name in ("p-open", "p-canary", "p-denied", "p-applied"):
        write(tmp_path, proposal(name))
    risky = ENTRY.model_copy(update={"intent": "context"})
    write(tmp_path, proposal("p-risky", pattern=risky))
    with history.locked(tmp_path):
        for action, name in (
            ("canary", "p-canary"),
            ("denied", "p-denied"),
            ("applied", "p-applied"),
            ("canary", "p-risky"),
        ):
            history.append(tmp_path, row(action, name))
    found = {trial.id: trial.canary for trial in open_patterns(tmp_path)}
    assert found == {"p-open": False, "p-canary": True, "p-risky": False}
    assert open_patterns(tmp_path / "none") == ()


def test_a_row_half_written_is_left_out_and_the_next_one_stands_alone(tmp_path: Path) -> None:
    with history.locked(tmp_path):
        history.append(tmp_path, row("proposed", at=1))
        with (tmp_path / history.HISTORY).open("ab") as file:
            file.write(b'{"at": 2.0, "id": "p-zl')
        history.append(tmp_path, row("denied", at=3))
    assert [(r.action, r.at) for r in history.rows(tmp_path)] == [("proposed", 1), ("denied", 3)]


def test_a_whole_line_that_is_no_row_is_said(tmp_path: Path) -> None:
    with history.locked(tmp_path):
        history.append(tmp_path, row("proposed"))
        with (tmp_path / history.HISTORY).open("ab") as file:
            file.write(b'{"at": 1.0}\n')
    with pytest.raises(ConfigError, match=r"history\.jsonl:2:"):
        history.rows(tmp_path)


def test_what_was_begun_and_given_up_changes_no_state() -> None:
    begun = [row("proposed"), row("applying")]
    assert history.states(begun) == {"p-zlint-1a2b": "open"}
    assert [r.action for r in history.unfinished(begun)] == ["applying"]
    given_up = [*begun, row("abandoned")]
    assert history.states(given_up) == {"p-zlint-1a2b": "open"}
    assert history.unfinished(given_up) == []
    done = [*begun, row("applied"), row("rolling-back"), row("rolled-back")]
    assert history.states(done) == {"p-zlint-1a2b": "rolled-back"}


def test_texts_are_kept_by_what_they_say(tmp_path: Path) -> None:
    name = history.keep_text(tmp_path, b"one\r\n")
    assert history.kept_text(tmp_path, name) == b"one\r\n"
    assert history.keep_text(tmp_path, None) == history.NO_TEXT
    assert history.kept_text(tmp_path, history.NO_TEXT) is None
    (tmp_path / history.TEXTS / name).write_bytes(b"two")
    with pytest.raises(StoreError):
        history.kept_text(tmp_path, name)
