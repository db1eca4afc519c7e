"""`mis review accept|reject|reopen`: marks for scripts, on hunks, lines, files and tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from makeitso.cli import completing
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import OPEN, RunOption, TaskOption, hunks_of, select
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import StateError, UsageError
from makeitso.review.cuts import parse_lines
from makeitso.runs.marking import mark, mark_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.change import Hunk
    from makeitso.protocol.words import Mark
    from makeitso.wiring import Bridge

Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="HUNK[:LINES]...",
        help="Hunk ids, or lines of a hunk: ID:3-7 or ID:3,5-8. Line 1 is the first below the @@ "
        "line; `l` in `mis review` shows the numbers.",
        autocompletion=completing.hunks,
    ),
]
All = Annotated[bool, typer.Option("--all", help="Every open hunk.")]
Files = Annotated[
    list[str] | None,
    typer.Option("--file", metavar="PATH", help="Every open hunk of this file, or below it."),
]
Flags = Annotated[
    list[str] | None,
    typer.Option(
        "--flag",
        metavar="FLAG",
        help="Every open hunk with this flag: lock-file, generated, whitespace, moved, …",
    ),
]


def register(group: typer.Typer) -> None:
    """Add the actions."""
    group.command("accept")(accept)
    group.command("reject")(reject)
    group.command("reopen")(reopen)


def accept(
    ctx: typer.Context,
    ids: Ids = None,
    everything: All = False,
    files: Files = None,
    flags: Flags = None,
    only: Annotated[
        bool, typer.Option("--reject-rest", help="Reject the lines that are not named.")
    ] = False,
    run: RunOption = "",
    task: TaskOption = "",
    json: JsonFlag = False,
) -> int:
    """Accept hunks; what is settled by it lands as the settings say.

    Of named lines (ID:3-7), a removed line that is not named stays and an added one is left out;
    the hunk stands as its parts then. --task alone accepts every open hunk of that task.
    """
    return _mark(ctx, "accepted", rest="rejected" if only else None)


def reject(
    ctx: typer.Context,
    ids: Ids = None,
    everything: All = False,
    files: Files = None,
    flags: Flags = None,
    only: Annotated[
        bool, typer.Option("--accept-rest", help="Accept the lines that are not named.")
    ] = False,
    run: RunOption = "",
    task: TaskOption = "",
    because: Annotated[str, typer.Option("--because", help="Why; kept.")] = "",
    json: JsonFlag = False,
) -> int:
    """Reject hunks, or lines of them; they never land."""
    return _mark(ctx, "rejected", rest="accepted" if only else None, because=because)


def reopen(
    ctx: typer.Context,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Every marked hunk.")] = False,
    files: Files = None,
    flags: Flags = None,
    run: RunOption = "",
    task: TaskOption = "",
    json: JsonFlag = False,
) -> int:
    """Take marks back, until their hunks have landed."""
    return _mark(ctx, "pending")


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """What a call names: hunks with or without lines, or a selection of open ones.

    The fields are the arguments that the actions have in common, by their names.
    """

    ids: Sequence[str]
    everything: bool
    files: Sequence[str]
    flags: Sequence[str]
    run: str
    task: str

    @classmethod
    def of(cls, ctx: typer.Context) -> _Chosen:
        """As it was typed; what is given several times and was not is None there."""
        given: dict[str, Any] = ctx.params
        return cls(
            ids=given["ids"] or (),
            everything=given["everything"],
            files=given["files"] or (),
            flags=given["flags"] or (),
            run=given["run"],
            task=given["task"],
        )

    @property
    def by_selection(self) -> bool:
        """Nothing is named one by one."""
        return self.everything or bool(self.files or self.flags or (self.task and not self.ids))

    def hunks(self, bridge: Bridge, to: Mark) -> list[str]:
        """The hunks of the selection that the mark changes."""
        wanted = ("accepted", "rejected") if to == "pending" else OPEN
        found = select(bridge, run=self.run, task=self.task)
        if not (self.files or self.flags):
            return [hunk for _, t in found for hunk, state in t.hunks.items() if state in wanted]
        shown = hunks_of(bridge, found)
        return [hunk.id for hunk in shown if hunk.state in wanted and self._names(hunk)]

    def _names(self, hunk: Hunk) -> bool:
        in_files = not self.files or any(_covers(path, hunk.path) for path in self.files)
        return in_files and (not self.flags or bool(set(self.flags) & set(hunk.flags)))


def _covers(named: str, path: str) -> bool:
    """Whether a path is the named one or below it."""
    bare = named.removeprefix("./").rstrip("/")
    return bare in ("", ".", path) or path.startswith(f"{bare}/")


def _way_in(action: str, *, named: bool) -> str:
    return (
        "not both"
        if named
        else f"`mis review --json` lists the hunks; `mis review {action} --all` takes all"
    )


def _mark(ctx: typer.Context, to: Mark, *, rest: Mark | None = None, because: str = "") -> int:
    context, chosen = context_of(ctx), _Chosen.of(ctx)
    action = {"accepted": "accept", "rejected": "reject", "pending": "reopen"}[to]
    if chosen.by_selection == bool(chosen.ids):
        raise UsageError(
            f"mis review {action}: name hunks, or give --all, --file, --flag or --task",
            hint=_way_in(action, named=bool(chosen.ids)),
        )
    named = [parse_lines(name) for name in chosen.ids]
    if rest is not None and not any(ranges for _, ranges in named):
        raise UsageError(
            f"mis review {action}: there is no rest where no lines are named", hint="ID:3-7"
        )
    with opened(context) as bridge:
        if chosen.by_selection:
            ids = chosen.hunks(bridge, to)
            if not ids:
                raise StateError(
                    f"there is nothing to {action}", hint="`mis review --json` lists all"
                )
            mark(bridge.book, ids, to, because=because)
        else:
            ids = _mark_named(bridge, named, to, rest=rest, because=because)
        return settle(bridge, context.console, accepted=ids if to == "accepted" else ())


def _mark_named(
    bridge: Bridge,
    named: Sequence[tuple[str, tuple[tuple[int, int], ...]]],
    to: Mark,
    *,
    rest: Mark | None,
    because: str,
) -> list[str]:
    """Mark what is named; the hunks that have the mark now."""
    whole = [name for name, ranges in named if not ranges]
    _no_hunks(bridge, whole)
    lines: dict[str, list[tuple[int, int]]] = {}
    for name, ranges in named:
        if ranges:
            lines.setdefault(name, []).extend(ranges)
    if not lines:
        mark(bridge.book, whole, to, because=because)
        return whole
    return list(
        mark_lines(bridge.book, bridge.repo, lines, to, whole=whole, rest=rest, because=because)
    )


def _no_hunks(bridge: Bridge, names: Sequence[str]) -> None:
    """Say how a file or a task is named, where one stands in the place of a hunk.

    Raises:
        UsageError: one does.
    """
    tasks = [task for run in bridge.book.runs.values() for task in run.tasks.values()]
    paths = {hunk.path for task in tasks if task.change is not None for hunk in task.change.hunks}
    for name in names:
        kind = "file" if name in paths else "task" if any(t.id == name for t in tasks) else ""
        if kind:
            raise UsageError(f"{name} is a {kind} and no hunk", hint=f"--{kind} {name}")
