"""Digests of intent: what an approval is bound to."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from makeitso.plans.canonical import Canonical, canonical_plan, canonical_task
from makeitso.protocol.words import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.protocol.plan import Plan, Task


def digest_of(canonical: Mapping[str, object]) -> Digest:
    """SHA-256 of a canonical form as JSON with sorted keys, no blanks, ASCII only."""
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return Digest(hashlib.sha256(text.encode("ascii")).hexdigest())


def task_digest(task: Task) -> Digest:
    """The digest of a task's intent."""
    return digest_of(canonical_task(task))


def task_digests(plan: Plan) -> tuple[Digest, ...]:
    """The digests of the plan's tasks, in their order."""
    return tuple(task_digest(task) for task in plan.tasks)


def plan_canonical(plan: Plan) -> Canonical:
    """The canonical form of a plan with the digests of its tasks."""
    return canonical_plan(plan, task_digests=task_digests(plan))


def plan_digest(plan: Plan) -> Digest:
    """The digest of a plan's intent, its tasks included."""
    return digest_of(plan_canonical(plan))
