"""Children of ours: how they start, how their output is read, and how nothing of them is left."""

from makeitso.processes.child import Child, open_child
from makeitso.processes.command import CommandResult, run_command
from makeitso.processes.identity import Identity, end_identity, end_strays, identify
from makeitso.processes.lines import Line, LineSplitter
from makeitso.processes.tasks import task_group
from makeitso.processes.tree import TAG_VARIABLE, TERM_GRACE_S

__all__ = [
    "TAG_VARIABLE",
    "TERM_GRACE_S",
    "Child",
    "CommandResult",
    "Identity",
    "Line",
    "LineSplitter",
    "end_identity",
    "end_strays",
    "identify",
    "open_child",
    "run_command",
    "task_group",
]
