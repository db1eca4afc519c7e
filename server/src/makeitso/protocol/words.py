"""The closed vocabularies: intents, phases, policies, states, kinds. One place for each word."""

from __future__ import annotations

from typing import Literal, NewType

RunId = NewType("RunId", str)
TaskId = NewType("TaskId", str)
ApprovalId = NewType("ApprovalId", str)
HunkId = NewType("HunkId", str)
Digest = NewType("Digest", str)
"""Lower-case hex SHA-256 of a canonical form; the form is named where the digest is made."""

Intent = Literal["PLAN", "EXEC", "EVAL", "FIX", "LEARN"]
PhaseName = Literal["bootstrap", "task", "verify", "summarize"]
PHASES: tuple[PhaseName, ...] = ("bootstrap", "task", "verify", "summarize")
ApprovalPolicy = Literal["manual", "confirm-phase", "delegate"]
Permission = Literal["never", "ask", "auto"]
HaltPoint = Literal["write_files", "run_shell", "network"]

RunStateName = Literal["planned", "running", "waiting", "done", "failed", "stopped"]
TaskStateName = Literal[
    "pending", "running", "waiting", "reviewing", "landed", "failed", "stopped", "stale"
]
PhaseStateName = Literal["pending", "waiting", "running", "passed", "failed", "skipped"]

ApprovalKind = Literal[
    "trust", "plan", "phase", "command", "change", "question", "budget", "proposal", "debug"
]
ApprovalState = Literal["pending", "granted", "denied", "void"]
ApprovalScope = Literal["once", "task", "run", "always", "until-red"]
"""How far a grant reaches. `until-red` is for phases: go on asking only once a check fails."""

HunkState = Literal["pending", "accepted", "rejected", "landed", "conflict", "refused"]
Mark = Literal["pending", "accepted", "rejected"]
LandTarget = Literal["files", "index", "commit", "branch"]
"""Where accepted hunks land: the working tree; it and the index; it, the index and a commit on what
is checked out; a commit on a branch of their own with neither of the others touched."""
Verdict = Literal["done", "continue", "need_input", "wait", "abort"]
Actor = Literal["person", "policy", "manager", "worker", "engine", "monitor"]
CeilingScope = Literal["run", "plan", "task", "phase"]
Measure = Literal["tokens", "time"]
Severity = Literal["error", "warning", "information", "hint"]
