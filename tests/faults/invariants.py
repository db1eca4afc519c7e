"""What holds of a run at any moment, what must be true at its end, and what it came to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.store.evidence import examine
from makeitso.store.outputs import fetch

if TYPE_CHECKING:
    from e2e.harness import World
    from faults.jobs import Job
    from makeitso.protocol.events import Event

Essence = dict[str, object]


def untouched(w: World) -> dict[str, bytes]:
    """What of the person's repository no run may change."""
    state = w.box.state()
    return {key: state[key] for key in ("index", "head", "refs")}


def never_twice(events: list[Event]) -> None:
    """No passed phase passes again, no answered question is put again, no hunk lands again."""
    __tracebackhide__ = True
    passed = Counter(
        (event.run, event.task, event.phase)
        for event in events
        if isinstance(event.data, ev.PhaseEnded) and event.data.state == "passed"
    )
    assert all(count == 1 for count in passed.values()), passed
    void = {event.data.id for event in events if isinstance(event.data, ev.ApprovalVoided)}
    asked = Counter(
        (event.run, event.data.kind, event.data.digest)
        for event in events
        if isinstance(event.data, ev.ApprovalAsked) and event.data.id not in void
    )
    assert all(count == 1 for count in asked.values()), asked
    decided = Counter(e.data.id for e in events if isinstance(e.data, ev.ApprovalDecided))
    assert all(count == 1 for count in decided.values()), decided
    assert all(count == 1 for count in _landed(events).values()), _landed(events)
    for kind in (ev.RunCreated, ev.RunFinished):
        once = Counter(event.run for event in events if isinstance(event.data, kind))
        assert all(count == 1 for count in once.values()), (kind, once)
    ended = Counter((e.run, e.task) for e in events if isinstance(e.data, ev.TaskEnded))
    assert all(count == 1 for count in ended.values()), ended


def stands(w: World, job: Job, earlier: list[Event]) -> list[Event]:
    """Check what holds at any moment, also right after a kill; returns the journal as it is now.

    Args:
        w: the world.
        job: what is run in it.
        earlier: the journal as it was before; nothing of it may be lost or changed.
    """
    __tracebackhide__ = True
    w.chain_is_whole()
    now = w.events()
    assert [e.hash for e in now[: len(earlier)]] == [e.hash for e in earlier], "history changed"
    never_twice(now)
    for ref in _refs(now):
        fetch(w.root / ".makeitso/artifacts", ref)
    assert not examine(w.root / ".makeitso/artifacts", now).added, "a kill is taken for tampering"
    for path, text in job.landed.items():
        if len(job.tasks) == 1:
            assert w.read(path) in (job.files[path], text), f"{path} is neither old nor new"
    return now


def holds(w: World, job: Job, before: dict[str, bytes]) -> None:
    """Check everything that must be true of a run that came to its end.

    Args:
        w: the world.
        job: what was run in it.
        before: `untouched` of the repository before the run.
    """
    __tracebackhide__ = True
    w.until_quiet()
    w.chain_is_whole()
    run = w.run
    assert run.finished is not None
    assert run.finished.state == "done", run.finished
    assert {task.id: task.ended for task in run.tasks.values()} == dict.fromkeys(
        job.tasks, "landed"
    )
    for path, text in job.landed.items():
        assert w.read(path) == text
    assert untouched(w) == before
    assert w.box.text("worktree", "list").count("\n") == 0, "a worktree is left"
    assert not list((w.root / ".makeitso/landing").glob("*")), "a landing is left"
    events = w.events()
    never_twice(events)
    started = sum(1 for event in events if isinstance(event.data, ev.TurnStarted))
    assert started == len(w.of(ev.TurnEnded)), "a turn has no end"
    no_output_lost(w, job)


def no_output_lost(w: World, job: Job) -> None:
    """Every stretch is what was recorded, and every byte that was captured is in a stretch."""
    __tracebackhide__ = True
    artifacts = w.root / ".makeitso/artifacts"
    found = examine(artifacts, w.events())
    assert found.whole, found
    refs = _refs(w.events())
    for ref in refs:
        fetch(artifacts, ref)
    covered: dict[str, int] = {}
    for ref in sorted(refs, key=lambda ref: (ref.path, ref.offset)):
        assert ref.offset == covered.get(ref.path, 0), f"a gap before {ref}"
        covered[ref.path] = ref.offset + ref.length_bytes
    files = artifacts.glob("*/*/output/*.log")
    sizes = {path.relative_to(artifacts).as_posix(): path.stat().st_size for path in files}
    assert {path: size for path, size in sizes.items() if size} == covered
    unheard = {e.task for e in w.events() if _was_cut(e)}
    for task in job.tasks:
        # What a command puts out once its reader is dead is nobody's.
        if task not in unheard:
            stdout = (artifacts / w.run.id / task / "output/stdout.log").read_text("utf-8")
            assert "the-worker-says-this" in stdout, f"{stdout!r}\n{w.of(ev.CommandRan)}"


def _was_cut(event: Event) -> bool:
    """Whether the process that listened to a worker's turn was killed in the midst of it."""
    return isinstance(event.data, ev.TurnEnded) and "supervised it ended" in event.data.error


def essence(w: World, job: Job) -> Essence:
    """What a run came to, without times, process ids, and how often it was taken up."""
    run = w.run
    assert run.finished is not None
    tasks: Essence = {}
    for task in run.tasks.values():
        tasks[task.id] = {
            "ended": (task.ended, task.reason),
            "phases": {name: (p.state, p.effects) for name, p in task.phases.items()},
            "hunks": task.hunks,
            "rounds": task.rounds,
            "verdicts": {(j.round, j.verdict) for j in task.judgements},
            "checks": {(c.where, c.command, c.exit_code) for c in task.checks},
            "base": task.base.tree if task.base and len(job.tasks) == 1 else "",
            "summary": bool(task.summary),
        }
    return {
        "state": (run.finished.state, run.finished.reason),
        "tasks": tasks,
        "asked": sorted({(a.kind, a.state) for a in run.approvals.values()}),
        "files": {path: w.read(path) for path in job.landed},
        "status": w.box.text("status", "--porcelain", "--untracked-files=all"),
        "landed": sorted(_landed(w.events())),
    }


def _landed(events: list[Event]) -> Counter[str]:
    return Counter(
        hunk
        for event in events
        if isinstance(event.data, ev.LandingEnded) and not event.data.error
        for hunk in event.data.landing.landed
    )


def _refs(events: list[Event]) -> list[ev.OutputRef]:
    ends = [e.data for e in events if isinstance(e.data, ev.TurnEnded | ev.WorkerEnded)]
    return [ref for data in ends for ref in data.outputs]
