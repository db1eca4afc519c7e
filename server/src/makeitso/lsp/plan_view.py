"""A plan document as the features see it: what it says, what is wrong, and how its run stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.plans.check import check_plan
from makeitso.plans.digest import plan_digest
from makeitso.plans.facts import NO_FACTS
from makeitso.plans.lines import line_span
from makeitso.plans.outline import outline
from makeitso.plans.read import read_text
from makeitso.requests.plan_facts import plan_facts, runs_of

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.journal.state import RunState
    from makeitso.lsp.positions import Stretch
    from makeitso.plans.outline import Outline
    from makeitso.plans.read import ReadPlan
    from makeitso.protocol.run import RunView, TaskView
    from makeitso.protocol.text import Problem
    from makeitso.protocol.trust import TrustState
    from makeitso.requests.place import Workplace


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """One version of a plan document at one moment of the journal."""

    path: str
    """Relative to the workspace; empty: it lies outside, and nothing can be run."""
    read: ReadPlan
    outline: Outline
    problems: tuple[Problem, ...]
    digest: str
    state: RunState | None = None
    run: RunView | None = None
    trust: TrustState | None = None
    """How the workspace stands; None: not known, or it does not matter."""
    driven: bool = False
    """Somebody drives the run now."""

    @property
    def head(self) -> Stretch:
        """Where what concerns the whole plan is shown: the title, else the first line."""
        return self.outline.title or self.outline.heading or line_span(0, "")

    @property
    def distrusted(self) -> TrustState | None:
        """What the person has to agree to before anything of the workspace runs; None: nothing."""
        return self.trust if self.trust is not None and self.trust.state != "trusted" else None

    @property
    def can_run(self) -> bool:
        """Whether it has open tasks, no error, and a workspace that may run."""
        return (
            bool(self.path)
            and self.distrusted is None
            and all(problem.severity != "error" for problem in self.problems)
            and any(not task.done for task in self.read.plan.tasks)
        )

    def task(self, task_id: str) -> TaskView | None:
        """A task of the latest run."""
        if self.run is None:
            return None
        return next((task for task in self.run.tasks if task.id == task_id), None)


def view_plan(text: str, path: Path, at: Workplace | None) -> PlanView:
    """Read a plan document; without a workplace nothing is known but its text."""
    read = read_text(text, plan_id=path.name.removesuffix(".plan.md"))
    digest = plan_digest(read.plan)
    if at is None or not path.is_relative_to(at.bridge.root):
        return PlanView(
            path="",
            read=read,
            outline=outline(read),
            problems=check_plan(read, facts=NO_FACTS),
            digest=digest,
        )
    name = at.relative(path)
    runs = at.known_runs().values()
    mine = runs_of(runs, name)
    latest = mine[-1] if mine else None
    view = at.view(latest) if latest is not None else None
    return PlanView(
        path=name,
        read=read,
        outline=outline(read),
        problems=check_plan(read, facts=plan_facts(at.bridge.config, runs, name)),
        digest=digest,
        state=latest,
        run=view,
        trust=at.bridge.trust,
        driven=latest is not None
        and latest.finished is None
        and latest.paused is None
        and view is not None
        and view.state != "stopped",
    )
