"""What is said of an event while a run goes on: what is so, in words that make sense."""

from __future__ import annotations

import pytest

from makeitso.cli.ticker import tell
from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing


def said(data: ev.EventData) -> str:
    line = tell(
        ev.Event(
            seq=1, at=0, run="r1", task="T1", phase=None, actor="engine",
            client="cli", cause=None, data=data, prev="", hash="",
        )
    )  # fmt: skip
    return "" if line is None else line.text


def proposed(files: int, *hunks: str) -> ev.ChangeProposed:
    refs = tuple(ev.HunkRef(id=name, path=name) for name in hunks)
    return ev.ChangeProposed(
        base_tree="a", tree="b", commit="c", files=files, hunks=refs, digest="d"
    )


def landed(
    *files: str, landed: tuple[str, ...] = (), conflicts: tuple[str, ...] = ()
) -> ev.LandingEnded:
    landing = Landing(
        id="l", run="r1", task="T1", landed=landed, conflicts=conflicts, files=files,
        merged=False, target="files",
    )  # fmt: skip
    return ev.LandingEnded(landing=landing)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (proposed(0), "T1: nothing changed so far"),
        (proposed(1, "h1"), "T1: 1 file, 1 hunk proposed"),
        (proposed(2, "h1", "h2", "h3"), "T1: 2 files, 3 hunks proposed"),
        (landed("a", "b", landed=("h1",)), "T1: landed: a, b"),
        (landed(landed=("h1",)), "T1: landed: the workspace had all of it already"),
        (landed(conflicts=("h1",)), "T1: nothing landed: 1 hunk set aside"),
        (landed(conflicts=("h1", "h2")), "T1: nothing landed: 2 hunks set aside"),
    ],
)
def test_what_is_said_of_changes(data: ev.EventData, text: str) -> None:
    assert said(data) == text
