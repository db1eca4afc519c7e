"""From a goal to a plan document: what the manager is told, what is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import PlanError, UsageError
from makeitso.managers.facts import repository_facts
from makeitso.managers.port import PlanRequest
from makeitso.plans.amounts import whole_seconds
from makeitso.plans.check import check_plan
from makeitso.plans.draft import plan_of_draft
from makeitso.plans.facts import PlanFacts
from makeitso.plans.read import read_text
from makeitso.plans.slug import stem
from makeitso.plans.write import write
from makeitso.protocol.plan import Policies
from makeitso.store.outputs import keep
from makeitso.workspace import listing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from makeitso.managers.port import Answer
    from makeitso.protocol.config import Config
    from makeitso.protocol.plan import Plan, PlanDraft, RunOptions
    from makeitso.runs.ports import Ports

MAX_GOAL_CHARS = 200_000
"""A goal longer than this is a file to be read, not a goal."""


def checked_goal(goal: str) -> str:
    """A goal that is one.

    Raises:
        UsageError: it is empty or too long.
    """
    text = goal.strip()
    if not text:
        raise UsageError("the goal is empty", hint='say what you want: mis run "fix the parser"')
    if len(text) > MAX_GOAL_CHARS:
        raise UsageError(
            f"the goal has {len(text):,} characters; the most is {MAX_GOAL_CHARS:,}",
            hint="put the details into a file of the repository and name that file in the goal",
        )
    return text


@dataclass(frozen=True)
class Drafted:
    """A plan that the manager made, and the document it is to be."""

    path: Path
    text: str
    """What the document says, redacted."""
    answer: Answer[PlanDraft]


async def draft_plan(
    ports: Ports,
    ask: Callable[[PlanRequest], Awaitable[Answer[PlanDraft]]],
    *,
    goal: str,
    options: RunOptions,
) -> Drafted:
    """Ask the manager for a plan, and find a name for its document.

    Args:
        ports: the world.
        ask: asks the manager.
        goal: the goal, as `checked_goal` gave it.
        options: how the run is asked for.

    Raises:
        ModelError: the manager failed or answered what is not a plan.
    """
    paths, documents = await to_thread.run_sync(listing.overview, ports.repo)
    answer = await ask(
        PlanRequest(
            goal=ports.redactor.text(goal),
            repository=ports.places.root,
            facts=ports.redactor.text(repository_facts(paths, documents)),
            policy=options.policy,
            seed=options.seed,
            intent_word=ports.dictionary.intent_word("PLAN"),
        )
    )
    path = _new_path(ports, answer.value.title or goal)
    plan = plan_of_draft(answer.value, plan_id=path.name.removesuffix(".plan.md"))
    return Drafted(path=path, text=ports.redactor.text(write(plan)), answer=answer)


def place(ports: Ports, path: Path, text: str) -> None:
    """Write a plan document that is not there yet.

    Raises:
        StoreError: it cannot be written.
    """
    keep(path.parent, path.name, text.encode("utf-8", "replace"))
    ports.fault("plan.written")


def _new_path(ports: Ports, title: str) -> Path:
    folder = ports.places.dot / "plans"
    taken = {path.name for path in folder.glob("*.plan.md")}
    day = dt.datetime.fromtimestamp(ports.clock.now_ms() / 1000).astimezone().date()
    return folder / f"{stem(title, day=day, taken=taken)}.plan.md"


def limits_of(config: Config) -> PlanFacts:
    """What the config lets a plan ask for."""
    policies = config.policies
    return PlanFacts(
        approval=config.manager.approval,
        policies=Policies(
            write_files=policies.write_files,
            run_shell=policies.run_shell,
            network=policies.network,
        ),
        budget_tokens=config.manager.budget_tokens,
        budget_s=whole_seconds(config.manager.budget_minutes),
        max_concurrency=config.manager.max_concurrency,
        repos=frozenset(config.repos),
        workers=frozenset({"codex"}),
    )


def runnable(path: Path, root: Path, config: Config, *, ended: bool = False) -> Plan:
    """The meaning of a plan document that has no errors.

    Args:
        path: the document.
        root: the workspace.
        config: what it may ask for.
        ended: all its boxes may be ticked: it belongs to a run that only has to come to its end.

    Raises:
        PlanError: it is not there, not text, or has errors; the first is in the message.
    """
    shown = _shown(path, root)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PlanError(
            f"cannot read the plan {shown}: {error.strerror}",
            hint="put it back, or begin anew with `mis run`",
        ) from error
    except UnicodeDecodeError as error:
        raise PlanError(
            f"the plan {shown} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8"
        ) from error
    return runnable_text(text, path, root, config, ended=ended)


def runnable_text(
    text: str, path: Path, root: Path, config: Config, *, ended: bool = False
) -> Plan:
    """The meaning of a plan document's text, as `runnable` finds it in a file.

    Raises:
        PlanError: it has errors; the first is in the message.
    """
    shown = _shown(path, root)
    found = read_text(text, plan_id=path.name.removesuffix(".plan.md"))
    problems = check_plan(found, facts=limits_of(config))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise PlanError(
            f"{shown}:{first.span.line + 1}:{first.span.column + 1}: {first.message}{more}",
            hint=f"edit {shown}, then run it again",
            data={"diagnostics": [problem.model_dump(mode="json") for problem in errors]},
        )
    if not ended and all(task.done for task in found.plan.tasks):
        raise PlanError(
            f"{shown} has no open task",
            hint="add a line like `- [ ] **T1** what to do`, or untick a box to run it again",
        )
    return found.plan


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
