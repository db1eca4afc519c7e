"""`mis approve` for proposals of learning: listed, shown with their diff, let in or turned down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.cli.proposal_show import show_item
from makeitso.cli.workspace import ensure_trusted
from makeitso.requests.learning import decided, listed
from makeitso.store.learning_history import locked
from makeitso.store.proposals import open_patterns, path_of, read, write

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.wiring import Bridge


def part(bridge: Bridge, names: list[str]) -> tuple[list[str], list[str]]:
    """Names of approvals, and those of proposals: an id that has a file, or a TOML file."""
    proposals = [
        name
        for name in names
        if (name.endswith(".toml") and Path(name).is_file())
        or (_plain(name) and path_of(bridge.dot.proposals, name).is_file())
    ]
    return [name for name in names if name not in proposals], proposals


def _plain(name: str) -> bool:
    return "/" not in name and not name.startswith(".")


def show_proposals(context: Context, bridge: Bridge, *, everything: bool) -> int:
    """List what waits for a decision, with its diff; 1: a file is no proposal."""
    found = listed(bridge, everything=everything)
    context.console.data(found.model_dump(mode="json"))
    for item in found.proposals:
        show_item(context.console, item, whole=not everything)
        if item.state in ("open", "canary"):
            name = item.proposal.id
            context.console.say(
                f"      `mis approve {name}`, or `mis approve --deny --because WHY {name}`"
            )
    for problem in found.problems:
        context.console.say(problem, style="red")
    if not found.proposals and not found.problems:
        context.console.note("no proposal waits; `mis learn` makes some")
    return 1 if found.problems else 0


def note_waiting(context: Context, bridge: Bridge) -> None:
    """Say that proposals wait, where there are some."""
    waiting = sum(not trial.canary for trial in open_patterns(bridge.dot.proposals))
    if waiting:
        what = "1 proposal waits" if waiting == 1 else f"{waiting} proposals wait"
        context.console.note(f"{what}; `mis approve --proposals` shows them")


def decide_proposals(
    context: Context, bridge: Bridge, names: list[str], *, grant: bool, because: str
) -> int:
    """Let proposals in, or turn them down.

    Raises:
        TrustError: the workspace is not trusted.
        ConfigError: a file is no proposal.
        StateError: one does not pass the gate, or was decided otherwise.
    """
    if grant:
        ensure_trusted(context)
    items = [
        decided(bridge, _taken_in(bridge, name), grant=grant, because=because) for name in names
    ]
    context.console.data([item.model_dump(mode="json") for item in items])
    for item in items:
        name = item.proposal.id
        context.console.say(f"{name} {item.state}: {item.proposal.title}")
        if item.state == "applied":
            context.console.note(f"`mis learn --rollback {name}` takes it back")
    return 0


def _taken_in(bridge: Bridge, name: str) -> str:
    """The id of a proposal; one whose file lies elsewhere is put among the others."""
    if not name.endswith(".toml"):
        return name
    stored, folder = read(Path(name)), bridge.dot.proposals
    if stored.path.resolve().parent != folder.resolve():
        bridge.make_dot()
        with locked(folder):
            write(folder, stored.proposal)
    return stored.proposal.id
