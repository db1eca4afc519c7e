"""`mis/plan/*`: make a plan, read one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import PlanError
from makeitso.plans.check import check_plan
from makeitso.plans.digest import plan_digest, task_digest
from makeitso.plans.read import read_text
from makeitso.protocol.methods_plan import PlanCreateResult, PlanGetResult
from makeitso.requests.plan_facts import plan_facts, runs_of
from makeitso.runs.outlook import outlook, refusal
from makeitso.wiring import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.plans.read import ReadPlan
    from makeitso.protocol.methods_plan import PlanCreateParams, PlanGetParams
    from makeitso.requests.place import Workplace


async def create(at: Workplace, params: PlanCreateParams) -> PlanCreateResult:
    """Let the manager write a plan document; nothing of it runs.

    Raises:
        ModelError: the manager failed, or answered what is no plan.
    """
    bridge = at.bridge
    path, _ = await make_plan(bridge, params.goal, _unseen)
    read = read_plan(at, path)
    name = at.relative(path)
    seen = await to_thread.run_sync(
        lambda: outlook(
            bridge.repo,
            bridge.root,
            bridge.config.bootstrap,
            refuse=refusal(bridge.redactor),
        )
    )
    return PlanCreateResult(
        path=name,
        uri=path.as_uri(),
        plan=read.plan,
        digest=plan_digest(read.plan),
        problems=check_plan(read, facts=plan_facts(bridge.config, (), name)),
        worktrees=tuple(bridge.redactor.text(line) for line in seen.lines),
    )


async def _unseen(text: str) -> None:
    del text  # a plan is short; its document is what is shown


async def get(at: Workplace, params: PlanGetParams) -> PlanGetResult:
    """Read a plan document, as it stands in the editor if it is open there."""
    path = at.inside(params.path)
    read = read_plan(at, path)
    name = at.relative(path)
    runs = at.runs()
    mine = runs_of(runs.values(), name)
    return PlanGetResult(
        path=name,
        uri=path.as_uri(),
        plan=read.plan,
        digest=plan_digest(read.plan),
        task_digests={task.id: task_digest(task) for task in read.plan.tasks},
        problems=check_plan(read, facts=plan_facts(at.bridge.config, runs.values(), name)),
        run=at.view(mine[-1]) if mine else None,
    )


def read_plan(at: Workplace, path: Path) -> ReadPlan:
    """Read a plan document.

    Raises:
        PlanError: it is not there, or not text.
    """
    opened = at.bridge.editor.open_document(at.relative(path))
    try:
        text = opened.text if opened is not None else path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PlanError(f"cannot read {at.relative(path)}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PlanError(
            f"{at.relative(path)} is not UTF-8 text", hint="save it as UTF-8"
        ) from error
    return read_text(text, plan_id=path.name.removesuffix(".plan.md"))
