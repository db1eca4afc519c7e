"""A proposal let in and taken back, to the byte, at any kill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from learned_world import LIBRARY, KilledError, World, entry, proposal

from makeitso.errors import ConfigError, StateError, TrustError, UsageError
from makeitso.parsing.library import load_library
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.proposal import (
    PromptChange,
    ProposalRow,
)
from makeitso.store import learning_history as history
from makeitso.store.proposals import write
from makeitso.tuning.applying import apply, recover, roll_back
from makeitso.tuning.library_edit import with_entry, without_entry

if TYPE_CHECKING:
    from pathlib import Path

STEPS = ("learning.begun", "learning.agreed", "learning.replaced", "learning.recorded")
OWN = """\
# mine, with a comment   \r
[[pattern]]\r
name = "mine"  # stays\r
intent = "diagnostic"\r
regex = '^mine: (?P<message>.+)$'\r
examples = [ "mine: a" ]\r
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / ".makeitso").mkdir()
    return World(tmp_path)


@pytest.mark.parametrize("before", [None, OWN.encode(), b"", b"# only this"])
def test_let_in_and_taken_back_to_the_byte(world: World, before: bytes | None) -> None:
    if before is not None:
        world.put(before)
    write(world.place().folder, proposal())
    apply(world.place(), proposal(), by="person")
    after = world.library.read_bytes()
    assert before is None or after.startswith(before)
    library, problems = load_library(after.decode())
    assert problems == []
    assert library.named("zlint_1a2b") is not None
    assert world.agreement_holds
    apply(world.place(), proposal(), by="person")
    assert world.library.read_bytes() == after
    assert roll_back(world.place(), proposal(), by="person", because="no") is True
    assert (world.library.read_bytes() if world.library.exists() else None) == before
    assert world.agreement_holds
    assert world.actions() == ["applying", "applied", "rolling-back", "rolled-back"]
    with pytest.raises(StateError, match="rolled-back, not applied"):
        roll_back(world.place(), proposal(), by="person")


def test_what_was_edited_since_stays(world: World) -> None:
    world.put(OWN.encode())
    apply(world.place(), proposal(), by="person")
    edited = world.library.read_bytes().replace(b"# mine,", b"# still mine,") + b"\n# and this\n"
    world.put(edited)
    assert roll_back(world.place(), proposal(), by="person") is False
    now = world.library.read_text()
    assert "# still mine," in now
    assert "zlint" not in now
    assert load_library(now)[0].named("mine") is not None
    assert world.agreement_holds
    assert "edited since" in history.rows(world.place().folder)[-1].because


def test_a_pattern_that_is_replaced_stands_again(world: World) -> None:
    world.put(OWN.encode())
    wider = entry("mine", r"^(?:mine|ours): (?P<message>.+)$")
    one = proposal(pattern=wider, replaces="^mine: (?P<message>.+)$")
    apply(world.place(), one, by="person")
    now = world.library.read_bytes()
    assert b"# mine, with a comment   \r\n" in now
    pattern = load_library(now.decode())[0].named("mine")
    assert pattern is not None
    assert pattern.regex == wider.regex
    world.put(now + b"# more\n")
    assert roll_back(world.place(), one, by="person") is False
    pattern = load_library(world.library.read_text())[0].named("mine")
    assert pattern is not None
    assert pattern.regex == "^mine: (?P<message>.+)$"


def test_nothing_is_changed_without_agreement(world: World) -> None:
    world.put(OWN.encode())
    world.agreed[LIBRARY] = "00"
    with pytest.raises(TrustError):
        apply(world.place(), proposal(), by="person")
    assert world.library.read_bytes() == OWN.encode()
    assert world.agreed == {LIBRARY: "00"}
    assert world.actions() == ["applying", "abandoned"]


@pytest.mark.parametrize("before", [None, OWN.encode()])
@pytest.mark.parametrize("kill_at", STEPS)
def test_a_kill_while_applying_is_made_up_for(
    world: World, kill_at: str, before: bytes | None
) -> None:
    if before is not None:
        world.put(before)
    world.kill_at = kill_at
    with pytest.raises(KilledError):
        apply(world.place(), proposal(), by="person")
    world.kill_at = ""
    recover(world.place())
    done = kill_at != "learning.begun"
    assert world.actions()[-1] == ("applied" if done else "abandoned")
    assert world.agreement_holds
    assert (b"zlint" in world.library.read_bytes() if world.library.exists() else False) is done
    apply(world.place(), proposal(), by="person")
    assert roll_back(world.place(), proposal(), by="person") is True
    assert (world.library.read_bytes() if world.library.exists() else None) == before


@pytest.mark.parametrize("before", [None, OWN.encode()])
@pytest.mark.parametrize("kill_at", STEPS)
def test_a_kill_while_taking_back_is_made_up_for(
    world: World, kill_at: str, before: bytes | None
) -> None:
    if before is not None:
        world.put(before)
    apply(world.place(), proposal(), by="person")
    world.kill_at = kill_at
    if (before, kill_at) == (None, "learning.agreed"):
        return  # where the file goes, agreement follows it: there is no such point
    with pytest.raises(KilledError):
        roll_back(world.place(), proposal(), by="person")
    world.kill_at = ""
    recover(world.place())
    assert world.agreement_holds
    if kill_at == "learning.begun":
        assert world.actions()[-1] == "abandoned"
        assert roll_back(world.place(), proposal(), by="person") is True
    assert world.actions()[-1] == "rolled-back"
    assert (world.library.read_bytes() if world.library.exists() else None) == before


def test_an_edit_between_kill_and_recovery_is_kept(world: World) -> None:
    world.put(OWN.encode())
    world.kill_at = "learning.agreed"
    with pytest.raises(KilledError):
        apply(world.place(), proposal(), by="person")
    world.kill_at = ""
    world.library.write_bytes(b"# edited\n")
    recover(world.place())
    assert world.library.read_bytes() == b"# edited\n"
    assert world.actions()[-1] == "abandoned"


def test_a_history_from_elsewhere_writes_nothing(world: World) -> None:
    (world.root / "Makefile").write_text("all:\n")
    place = world.place()
    with history.locked(place.folder):
        evil = history.keep_text(place.folder, b"evil")
        for file in ("Makefile", LIBRARY):
            row = {"at": 1.0, "id": f"p-{file[-4:].lower().strip('.')}", "action": "applying"}
            before = history.digest(b"all:\n") if file == "Makefile" else ""
            more = {"by": "person", "file": file, "before": before, "after": evil}
            history.append(place.folder, _row({**row, **more}))
    recover(place)
    assert (world.root / "Makefile").read_text() == "all:\n"
    assert not world.library.exists()
    assert world.actions()[-2:] == ["abandoned", "abandoned"]


def _row(fields: dict[str, object]) -> ProposalRow:
    return ProposalRow.model_validate(fields)


def test_a_prompt_is_put_in_and_taken_back(world: World) -> None:
    base = history.digest(packaged_text("prompts/worker-exec.md").encode())
    change = PromptChange(name="worker-exec", base_digest=base, text="New.\n")
    one = proposal(kind="prompt", pattern=None, prompt=change)
    apply(world.place(), one, by="person")
    path = world.root / ".makeitso/protocol/prompts/worker-exec.md"
    assert path.read_text() == "New.\n"
    assert roll_back(world.place(), one, by="person") is True
    assert not path.exists()
    path.write_text("Mine.\n")
    with pytest.raises(StateError, match="not the text that p-zlint was made from"):
        apply(world.place(), one, by="person")
    assert path.read_text() == "Mine.\n"


def test_a_library_outside_of_the_workspace_is_refused(world: World) -> None:
    outside = world.root.parent / f"{world.root.name}-outside.toml"
    outside.write_text("")
    world.library.parent.mkdir(parents=True)
    world.library.symlink_to(outside)
    with pytest.raises(UsageError, match="outside of the workspace"):
        apply(world.place(), proposal(), by="person")
    assert outside.read_text() == ""


@pytest.mark.parametrize(
    "text",
    ["pattern = []\n", "[[pattern\n", 'pattern = [{name = "a", intent = "b", regex = "^c$"}]\n'],
)
def test_a_library_that_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        with_entry(text, entry(), where="x")


def test_an_entry_that_is_not_there_is_not_taken_out() -> None:
    assert without_entry(OWN, "other", before="", where="x") == OWN


def test_the_last_entry_taken_out_leaves_the_rest() -> None:
    left = without_entry(OWN, "mine", before="", where="x")
    assert "mine: " not in left
    assert load_library(left)[0].patterns == ()
