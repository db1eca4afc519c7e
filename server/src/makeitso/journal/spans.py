"""Events of one run → spans and measures, in the words of the GenAI semantic conventions.

    run ── task ── phase ─┬─ turn ── command
                          ├─ manager
                          ├─ check, setup
                          └─ wait, approval, landing

Numbers and names of ours, never a text of anybody: no goal, command, path, output or message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.span import CUT, Attributes, Measured, operation, trace_id
from makeitso.journal.spantree import Made, SpanTree, split_by
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.events import Event

WORKFLOW = "makeitso"


class RunSpans:
    """Takes the events of one run from its beginning, in order; gives what is over by each.

    Args:
        worker_model: the model workers are asked to use; empty: not known.
        manager_model: the same of the manager.
    """

    def __init__(self, *, worker_model: str = "", manager_model: str = "") -> None:
        self._tree: SpanTree | None = None
        self._models = {"worker": worker_model, "manager": manager_model}
        self._manager_kind = "none"
        self._workers: dict[str, tuple[str, str]] = {}

    @property
    def trace(self) -> str:
        """The trace of the run; empty: it is not known yet."""
        return self._tree.trace if self._tree is not None else ""

    def take(self, event: Event) -> Made:
        """Take one event."""
        if isinstance(event.data, ev.RunCreated) and event.run is not None:
            self._tree = self._planted(event.run, event.hash, event.data)
        tree = self._tree
        if tree is None:
            return ()
        made = (
            *_life(tree, event),
            *self._work(tree, event),
            *self._manager(tree, event),
            *_waited(tree, event),
            *_ran(tree, event),
        )
        tree.seen(event)
        return made

    def _planted(self, run: str, row: str, created: ev.RunCreated) -> SpanTree:
        manager = created.options.manager
        self._manager_kind = manager.kind
        if manager.kind == "api":
            self._models["manager"] = manager.model
        about: Attributes = {
            **operation("invoke_workflow"),
            "gen_ai.workflow.name": WORKFLOW,
            "makeitso.run.id": run,
            "makeitso.manager": manager.kind,
            "makeitso.policy": created.options.policy,
            "makeitso.version": created.version,
        }
        return SpanTree(trace_id(run, row), name=f"invoke_workflow {WORKFLOW}", about=about)

    def _work(self, tree: SpanTree, event: Event) -> Made:
        task = event.task or ""
        match event.data:
            case ev.WorkerStarted(worker=worker, thread=thread):
                self._workers[task] = (worker, thread)
                turn = tree.get("turn", task)
                if turn is not None and thread:
                    turn.attributes["gen_ai.conversation.id"] = thread
            case ev.TurnStarted(intent=intent, round=number):
                worker, thread = self._workers.get(task, ("codex", ""))
                about = operation("invoke_agent", agent=worker, model=self._models["worker"])
                about |= {"makeitso.intent": intent, "makeitso.round": number}
                about |= {"gen_ai.conversation.id": thread} if thread else {}
                tree.begin(("turn", task), f"invoke_agent {worker}", event, about, client=True)
            case ev.TurnEnded(status=status, error_kind=kind):
                error = (kind or "failed") if status == "failed" else ""
                return tree.over(("turn", task), event, error=error, state=status)
            case ev.MonitorInterrupted(who="worker", cause=cause):
                turn = tree.get("turn", task)
                if turn is not None:
                    turn.attributes["makeitso.interrupted"] = cause
            case ev.UsageCounted() as usage:
                return self._usage(tree, event, usage)
            case _:
                pass
        return ()

    def _manager(self, tree: SpanTree, event: Event) -> Made:
        key = ("manager", event.task or "")
        match event.data:
            case ev.ManagerAsked(intent=intent, round=number) if self._manager_kind != "none":
                asked = tree.get(*key)
                stopped = asked is not None and "makeitso.interrupted" in asked.attributes
                before = (
                    tree.over(key, event, state="interrupted")
                    if stopped
                    else tree.over(key, event, error=CUT, state=CUT)
                )
                codex = self._manager_kind == "codex"
                name, agent = ("invoke_agent", "manager") if codex else ("chat", "")
                about = operation(name, agent=agent, model=self._models["manager"])
                about |= {"makeitso.intent": intent, "makeitso.round": number}
                shown = f"{name} {agent or self._models['manager']}".strip()
                tree.begin(key, shown, event, about, client=True)
                return before
            case ev.MonitorInterrupted(who="manager", cause=cause):
                asked = tree.get(*key)
                if asked is not None:
                    asked.attributes["makeitso.interrupted"] = cause
            case ev.PlanMade(attempts=attempts) if attempts:
                return tree.over(("manager", ""), event, state="answered")
            case ev.ManagerJudged(verdict=verdict):
                return tree.over(key, event, state=verdict)
            case _:
                pass
        return ()

    def _usage(self, tree: SpanTree, event: Event, usage: ev.UsageCounted) -> Made:
        kind = "turn" if usage.source == "worker" else "manager"
        under_way = tree.get(kind, event.task or "")
        sides = (("input", usage.input_tokens), ("output", usage.output_tokens))
        if under_way is not None:
            for side, tokens in sides:
                name = f"gen_ai.usage.{side}_tokens"
                under_way.attributes[name] = int(under_way.attributes.get(name, 0)) + tokens
            about = split_by(under_way)
        else:
            chat = kind == "manager" and self._manager_kind == "api"
            about = operation("chat" if chat else "invoke_agent", model=self._models[usage.source])
        return tuple(
            Measured(
                what="tokens",
                value=tokens,
                attributes={**about, "gen_ai.token.type": side},
                seq=event.seq,
            )
            for side, tokens in sides
            if tokens
        )


def _life(tree: SpanTree, event: Event) -> Made:
    """A run, its tasks and phases."""
    match event.data:
        case ev.RunCreated() | ev.RunResumed():
            before = tree.cut()
            tree.drive(event)
            return before
        case ev.RunPaused(state=state, exit_code=code):
            return tree.stands(event, state=state, code=code)
        case ev.RunFinished(state=state):
            return tree.stands(event, state=state, code=0 if state == "done" else 1)
        case ev.TaskStarted():
            tree.task(event)
        case ev.TaskEnded(state=state) if event.task:
            error = "failed" if state == "failed" else ""
            return tree.over(("task", event.task), event, error=error, state=state)
        case ev.PhaseStarted():
            tree.phase(event)
        case ev.PhaseEnded(state=state):
            key = ("phase", event.task or "", event.phase or "")
            error = "failed" if state == "failed" else ""
            return tree.over(key, event, error=error, state=state)
        case _:
            pass
    return ()


def _waited(tree: SpanTree, event: Event) -> Made:
    """Waiting: for a person, or for a time or a command."""
    match event.data:
        case ev.ApprovalAsked(id=name, kind=kind) if tree.get("approval", name) is None:
            about: Attributes = {"makeitso.approval.kind": kind}
            tree.begin(("approval", name), "approval", event, about)
        case ev.ApprovalDecided(id=name, grant=grant):
            state = "granted" if grant else "denied"
            return tree.over(("approval", name), event, state=state)
        case ev.ApprovalVoided(id=name):
            return tree.over(("approval", name), event, state="void")
        case ev.WaitStarted(by=by):
            tree.begin(("wait", str(event.seq)), "wait", event, {"makeitso.wait.by": by})
        case ev.WaitEnded(wait=wait, reason=reason):
            return tree.over(("wait", str(wait)), event, state=reason)
        case _:
            pass
    return ()


def _ran(tree: SpanTree, event: Event) -> Made:
    """Commands, checks, set-up, landings."""
    task = event.task or ""
    match event.data:
        case ev.CommandRan(exit_code=code, duration_ms=ms):
            tool = operation("execute_tool")
            tool |= {"gen_ai.tool.name": "shell", "gen_ai.tool.type": "function", **_exit(code)}
            turn = tree.get("turn", task)
            return tree.told("execute_tool shell", event, ms, tool, below=turn)
        case ev.CheckRan(reused=False) as check:
            about: Attributes = {
                "makeitso.check.where": check.where,
                "makeitso.check.passed": check.passed,
                "makeitso.check.timed_out": check.timed_out,
                **_exit(check.exit_code),
            }
            return tree.told("check", event, check.duration_ms, about, below=None)
        case ev.SetupRan(exit_code=code, duration_ms=ms):
            return tree.told("setup", event, ms, _exit(code), below=None)
        case ev.LandingStarted():
            tree.begin(("landing", task), "landing", event, {})
        case ev.LandingEnded(landing=landing, error=error):
            under_way = tree.get("landing", task)
            if under_way is not None:
                under_way.attributes |= {
                    "makeitso.hunks.landed": len(landing.landed),
                    "makeitso.hunks.conflicts": len(landing.conflicts),
                }
            return tree.over(("landing", task), event, error="failed" if error else "")
        case ev.LandingUndone(hunks=hunks, conflicts=conflicts, error=error):
            under_way = tree.get("landing", task)
            if under_way is not None:
                under_way.attributes |= {
                    "makeitso.hunks.undone": len(hunks),
                    "makeitso.files.conflicts": len(conflicts),
                }
            return tree.over(("landing", task), event, error="failed" if error else "")
        case _:
            pass
    return ()


def _exit(code: int | None) -> Attributes:
    return {} if code is None else {"process.exit.code": code}
