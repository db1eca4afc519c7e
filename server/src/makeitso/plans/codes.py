"""Every diagnostic a plan document can get: its stable code, how much it matters, what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from makeitso.protocol.words import Severity


class Meaning(NamedTuple):
    """Severity of a code, and when it is given, for the documentation."""

    severity: Severity
    when: str


PLAN_CODES: dict[str, Meaning] = {
    # What reading finds.
    "plan-title-missing": Meaning("warning", "No heading names the plan."),
    "plan-goal-missing": Meaning("warning", "No paragraph states the goal."),
    "task-box-unclear": Meaning("error", "A checkbox that is neither `[ ]` nor `[x]`."),
    "task-id-missing": Meaning("error", "A task without a word in bold to call it by."),
    "task-id-invalid": Meaning("error", "An id with other characters than letters, digits, `_.-`."),
    "task-title-missing": Meaning("error", "A task without a title."),
    "key-misspelt": Meaning("error", "A key that is a slip of a known one; it would be ignored."),
    "key-unknown": Meaning("warning", "A key that means nothing here; it is ignored."),
    "key-repeated": Meaning("error", "A key given twice that can have one value only."),
    "key-empty": Meaning("warning", "A key without a value."),
    "key-in-body": Meaning("warning", "A key below the task's text, where it is read as text."),
    "value-invalid": Meaning("error", "A value of the wrong form or not among the choices."),
    "value-code-unexpected": Meaning("error", "A fenced block under a key that takes none."),
    "check-without-command": Meaning("error", "`done when` without a command in backticks."),
    "check-option-unknown": Meaning("error", "Words after a command that mean nothing."),
    "block-unclosed": Meaning("warning", "A fence or comment that runs to the end."),
    "settings-syntax": Meaning("error", "The `toml` block is not TOML."),
    "settings-key-misspelt": Meaning("error", "A setting that is a slip of a known one."),
    "settings-key-unknown": Meaning("warning", "A setting that means nothing here."),
    "settings-value-invalid": Meaning("error", "A setting of the wrong form."),
    "settings-repeated": Meaning("warning", "A second `toml` block; the first one counts."),
    # What checking finds.
    "plan-without-tasks": Meaning("error", "A plan with nothing to do."),
    "task-id-repeated": Meaning("error", "Two tasks with one id."),
    "dependency-unknown": Meaning("error", "`after` names no task of the plan."),
    "dependency-cycle": Meaning("error", "Tasks that wait for each other."),
    "task-without-check": Meaning("warning", "Nothing can prove that the task is done."),
    "parallel-writes": Meaning("warning", "Two tasks side by side may write the same file."),
    "parallel-writes-anywhere": Meaning(
        "information", "A task that names no files runs beside others in the same repository."
    ),
    "path-outside": Meaning("error", "A path that leaves the repository."),
    "policy-looser": Meaning("warning", "More is asked for than the config or plan allows."),
    "approval-looser": Meaning("warning", "A looser approval policy than the config allows."),
    "budget-over": Meaning("warning", "A ceiling on tokens or time above the one it lies under."),
    "budget-sum-over": Meaning("information", "The ceilings of the tasks exceed the plan's."),
    "budget-without-effect": Meaning(
        "warning", "A ceiling on a phase that never spends any of it, such as tokens of verify."
    ),
    "concurrency-over": Meaning("warning", "More tasks at once than the config allows."),
    "repo-unknown": Meaning("error", "`repo` names nothing in the config."),
    "worker-unknown": Meaning("error", "`worker` names nothing in the config."),
    "approval-stale": Meaning("warning", "The intent changed after it was approved."),
    "done-without-evidence": Meaning("warning", "A ticked box no run stands behind."),
    "done-not-ticked": Meaning("information", "A run ended the task; its box is open."),
    "check-passes-before": Meaning(
        "warning", "A check passes on the base though it says `was: failing`."
    ),
}
"""By code; the codes are unique in the product and never change their meaning."""
