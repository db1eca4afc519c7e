"""The keys of one task, read into a Task, and the places of what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.plans.keys import TASK_KEYS, near_key
from makeitso.plans.priority import read_priority
from makeitso.plans.problems import problem, replace_fix
from makeitso.plans.values import (
    APPROVALS,
    CheckValue,
    Limits,
    Value,
    choose,
    first,
    read_budget,
    read_checks,
    read_limits,
    read_policies,
    single,
    tokens,
)
from makeitso.plans.waits import WaitValue, read_wait
from makeitso.protocol.plan import Phase, Policies, Task
from makeitso.protocol.words import PHASES, ApprovalPolicy, Permission, PhaseName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.plans.lines import Extent, Flow
    from makeitso.plans.tree import Item, Key, TaskKey
    from makeitso.protocol.text import Problem

_NO_POLICIES = Policies()
_REPEATABLE = frozenset({"done when", "files", "after", "skills", "policies"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskPlaces:
    """Where the parts of a task stand in the document."""

    item: Item
    id: Extent
    """The id, or the title when it has none."""
    files: tuple[Value, ...]
    checks: tuple[CheckValue, ...]
    after: tuple[Value, ...]
    wait: WaitValue | None
    keys: Mapping[TaskKey, Extent]
    """The value of each key, its name where it has no value; the first one of repeated keys."""


class TaskReader:
    """Takes the keys of one task, one after the other."""

    def __init__(self, name: str, out: list[Problem]) -> None:
        self._name = name
        self._out = out
        self._files: list[Value] = []
        self._after: list[Value] = []
        self._skills: list[Value] = []
        self._checks: list[CheckValue] = []
        self._policies: dict[str, Permission] = {}
        self._phases: dict[PhaseName, Limits] = {}
        self._priority = 0
        self._repo: str | None = None
        self._worker: str | None = None
        self._approval: ApprovalPolicy | None = None
        self._budget = Limits()
        self._wait: WaitValue | None = None
        self._spans: dict[TaskKey, Extent] = {}

    def read(self, key: Key) -> None:
        """Take one key."""
        name = key.key
        if name is None:
            self._unknown(key)
            return
        if name in self._spans and name not in _REPEATABLE:
            message = f"`{name}` can be given once; the first one counts."
            self._out.append(problem("key-repeated", message, key.name.span))
            return
        flow = first(key.flows)
        self._spans.setdefault(name, flow.span(0, len(flow.text)) if flow else key.name.span)
        if name == "done when":
            self._read_checks(key)
            return
        if key.code is not None:
            message = f"`{name}` takes no fenced block."
            self._out.append(problem("value-code-unexpected", message, key.name.span))
        if flow is None:
            message = f"`{name}` has no value and is ignored."
            self._out.append(problem("key-empty", message, key.name.span))
            return
        self._read_value(name, key.flows)

    def _read_checks(self, key: Key) -> None:
        flows: tuple[Flow | None, ...] = key.flows or (None,)
        for index, flow in enumerate(flows):
            code = key.code if index == 0 else None
            self._checks += read_checks(flow, code=code, key_span=key.name.span, out=self._out)

    def _read_value(  # noqa: C901 -- one flat match, a key each
        self, name: TaskKey, flows: tuple[Flow, ...]
    ) -> None:
        match name:
            case "files":
                self._files += [value for flow in flows for value in tokens(flow)]
            case "after":
                self._after += [_bare_id(value) for flow in flows for value in tokens(flow)]
            case "skills":
                self._skills += [value for flow in flows for value in tokens(flow)]
            case "policies":
                for flow in flows:
                    self._policies |= read_policies(flow, out=self._out)
            case "priority":
                self._priority = read_priority(single(flows[0]), out=self._out)
            case "repo":
                self._repo = single(flows[0]).text or None
            case "worker":
                self._worker = single(flows[0]).text or None
            case "budget":
                self._budget = read_budget(flows[0], out=self._out)
            case "approval":
                value = single(flows[0])
                self._approval = choose(value, APPROVALS, what="approval policy", out=self._out)
            case "wait":
                self._wait = read_wait(flows[0], out=self._out)
            case "bootstrap" | "task" | "verify" | "summarize":
                self._phases[name] = read_limits(flows[0], out=self._out)
            case "done when":
                pass

    def _unknown(self, key: Key) -> None:
        near = near_key(key.name.text)
        if near is not None:
            message = f"`{key.name.text}` is no key; did you mean `{near}`?"
            fixes = [replace_fix(key.name.span, near)]
            self._out.append(problem("key-misspelt", message, key.name.span, fixes=fixes))
            return
        listed = ", ".join(TASK_KEYS)
        message = f"`{key.name.text}` is no key and is ignored; known are {listed}."
        self._out.append(problem("key-unknown", message, key.name.span))

    def task(self, *, title: str, goal: str, done: bool) -> Task:
        """The task as far as its keys were understood."""
        phases = tuple(
            Phase(
                name=name,
                approval=self._phases[name].approval,
                budget_tokens=self._phases[name].tokens,
                budget_s=self._phases[name].seconds,
            )
            for name in PHASES
            if self._phases.get(name, Limits()) != Limits()
        )
        return Task(
            id=self._name,
            title=title,
            goal=goal,
            files=tuple(value.text for value in self._files),
            checks=tuple(value.check for value in self._checks),
            after=tuple(value.text for value in self._after),
            priority=self._priority,
            repo=self._repo,
            worker=self._worker,
            skills=tuple(value.text for value in self._skills),
            approval=self._approval,
            policies=Policies.model_validate(self._policies) if self._policies else _NO_POLICIES,
            budget_tokens=self._budget.tokens,
            budget_s=self._budget.seconds,
            wait=self._wait.wait if self._wait is not None else None,
            phases=phases,
            done=done,
        )

    def places(self, item: Item) -> TaskPlaces:
        """Where everything that was read stands."""
        return TaskPlaces(
            item=item,
            id=item.id.span if item.id is not None else item.title.span,
            files=tuple(self._files),
            checks=tuple(self._checks),
            after=tuple(self._after),
            wait=self._wait,
            keys=self._spans,
        )


def _bare_id(value: Value) -> Value:
    """An id written in bold, as at its task, is the id."""
    bare = value.text.strip("*")
    return Value(bare or value.text, value.span)
