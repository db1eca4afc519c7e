"""The table of prompts: what each is for, which intent it carries, and which inputs it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.protocol.words import Intent

PromptName = Literal[
    "manager-plan",
    "manager-judge",
    "manager-learn",
    "manager-retry",
    "worker-exec",
    "worker-fix",
    "worker-resume",
    "summarize",
]

InputKind = Literal["line", "words", "data"]
"""line: short text of ours, put in as one line; words: what a person or the manager wants, fenced;
data: text from a repository, a command or a worker, fenced and marked as evidence."""


@dataclass(frozen=True, kw_only=True)
class PromptSpec:
    """What a prompt file has to contain and a caller has to give."""

    intent: Intent
    inputs: Mapping[str, InputKind]

    @property
    def placeholders(self) -> frozenset[str]:
        """Names a file must use: the inputs, the intent, and the rule where there is data."""
        given = {"intent", *self.inputs}
        return frozenset(given | {"data_rule"} if "data" in self.inputs.values() else given)


CATALOG: Mapping[PromptName, PromptSpec] = {
    "manager-plan": PromptSpec(
        intent="PLAN",
        inputs={"goal": "words", "facts": "data", "policy": "line", "seed": "line"},
    ),
    "manager-judge": PromptSpec(
        intent="EVAL",
        inputs={
            "task_id": "line",
            "title": "line",
            "goal": "words",
            "comments": "words",
            "round": "line",
            "max_rounds": "line",
            "no_progress": "line",
            "seed": "line",
            "declared_checks": "line",
            "diff": "data",
            "checks": "data",
            "worker_message": "data",
            "waited": "data",
            "now": "line",
        },
    ),
    "manager-learn": PromptSpec(
        intent="LEARN", inputs={"samples": "data", "fields": "line", "seed": "line"}
    ),
    "manager-retry": PromptSpec(intent="FIX", inputs={"errors": "words"}),
    "worker-exec": PromptSpec(
        intent="EXEC",
        inputs={
            "title": "line",
            "goal": "words",
            "plan_goal": "words",
            "files": "line",
            "checks": "words",
        },
    ),
    "worker-fix": PromptSpec(
        intent="FIX",
        inputs={
            "title": "line",
            "round": "line",
            "max_rounds": "line",
            "instructions": "words",
            "comments": "words",
            "checks": "data",
            "diff": "data",
        },
    ),
    "worker-resume": PromptSpec(
        intent="EXEC",
        inputs={
            "title": "line",
            "goal": "words",
            "checks": "words",
            "instructions": "words",
            "decisions": "words",
            "diff": "data",
        },
    ),
    "summarize": PromptSpec(
        intent="EVAL",
        inputs={"title": "line", "goal": "words", "diff": "data", "checks": "data"},
    ),
}

PROMPT_NAMES: tuple[PromptName, ...] = get_args(PromptName)
