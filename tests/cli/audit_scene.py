"""A workspace with a journal and kept output, for tests of what `mis audit` says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mis_process import Ended

from journal import audit_tape as on
from journal.audit_tape import CHECK
from makeitso.cli.main import main
from makeitso.protocol import events as ev
from makeitso.store.journal import Journal
from makeitso.store.outputs import OutputFile, keep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from mis_process import Mis

    from makeitso.protocol.events import EventData

    Here = Callable[..., Ended]

HOSTILE = "<script>alert(1)</script> \x1b[31m \u202e \"'&"


class Clock:
    """Every look takes a second."""

    def __init__(self) -> None:
        self.ms = 1_795_000_000_000

    def now_ms(self) -> int:
        self.ms += 1000
        return self.ms

    def monotonic(self) -> float:
        return 0.0

    def passed(self) -> float:
        return 0.0


class Scene:
    """A workspace with a real journal and real output files."""

    def __init__(self, work: Path) -> None:
        self.artifacts = work / ".makeitso/artifacts"
        self.path = work / ".makeitso/journal.db"
        self.journal = Journal(self.path, clock=Clock(), client="cli")

    def run(self, run: str, *, goal: str = "mend it", ended: bool = True) -> None:
        def add(data: EventData, task: str | None = None, *, person: bool = False) -> None:
            actor = "person" if person else "engine"
            self.journal.append(data, actor=actor, run=run, task=task)

        prompt = keep(self.artifacts, f"{run}/T1/prompts/round-1.md", b"first\n")
        add(on.created().model_copy(update={"goal": goal}), person=True)
        add(on.planned(on.task("T1", files=("a.py",), checks=(CHECK,))))
        add(ev.ApprovalAsked(id=f"{run}-a", kind="plan", subject=HOSTILE, digest="d"))
        add(ev.ApprovalDecided(id=f"{run}-a", grant=True, who="ada"), person=True)
        add(ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d", prompt=prompt), "T1")
        output = OutputFile(self.artifacts, f"{run}/T1/output/stdout.log")
        output.write(b"one\n")
        first = output.mark()
        add(ev.TurnEnded(status="interrupted", outputs=(first,)), "T1")
        prompt = keep(self.artifacts, f"{run}/T1/prompts/round-1.md", b"once more\n")
        add(ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d", prompt=prompt), "T1")
        output.write(b"two\nthree\n")
        second = output.mark()
        output.close()
        add(on.record(), "T1")
        add(on.usage("worker", 300, 40), "T1")
        add(ev.TurnEnded(status="completed", outputs=(second,)), "T1")
        add(on.check("proposal").model_copy(update={"command": HOSTILE, "output": None}), "T1")
        add(on.proposed(("h1", "a.py"), ("h2", "b.py")), "T1")
        add(ev.HunkMarked(hunks=("h1",), mark="accepted"), "T1", person=True)
        add(ev.HunkMarked(hunks=("h2",), mark="rejected"), "T1", person=True)
        add(on.landed("h1"), "T1")
        add(ev.TaskEnded(state="landed"), "T1")
        if ended:
            add(ev.RunFinished(state="done"))


def in_this_process(
    mis: Mis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """The same program without a process of its own, which is what takes time."""
    for name, value in mis.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(mis.work)

    def run(*args: str) -> Ended:
        code = main(list(args))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


def verified(here: Here) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and text of `--verify`."""
    spoken, data = here("audit", "--verify"), here("audit", "--verify", "--json")
    assert spoken.code == data.code
    return data.code, cast("dict[str, Any]", data.json), spoken.out
