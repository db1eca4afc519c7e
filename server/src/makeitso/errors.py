"""Every error this product raises on purpose, as one tree.

    MisError                      code, retryable, hint, exit_code
    ├── UserError                 something the person can put right
    │   ├── UsageError            a command or request that makes no sense here
    │   ├── ConfigError           a config value or file; carries the place
    │   ├── TrustError            the workspace is not trusted, or changed since
    │   ├── PlanError             a plan that cannot run; carries diagnostics
    │   ├── NotFoundError         an id that names nothing
    │   ├── NotYetError           known to the design, not built yet
    │   └── StateError            right command, wrong moment (already decided, another owner)
    ├── ConflictError             accepted text cannot be put where it belongs
    ├── PolicyDenied              a policy says never
    ├── BudgetExceeded            a ceiling was reached
    ├── EnvironmentFault          git, codex or the sandbox is missing or unusable
    ├── WorkerError               the worker process failed: spawn, protocol, exit, timeout
    ├── ModelError                the model or its endpoint failed
    │   ├── AuthError             the key or login was refused
    │   ├── Unavailable           it cannot be asked now: unreachable, no quota, no such model
    │   └── AnswerError           an answer that does not fit the contract, with what was received
    ├── StoreError                the journal or an output file could not be written or read
    ├── ProtocolError             a peer broke the wire contract
    └── Cancelled                 a person or a client stopped it

An error that is `resumable` puts a run down where it stands instead of failing it: what is wrong
lies outside of the run, a person can put it right, and `mis resume` goes on.

`code` is the JSON-RPC code a server answers with. LSP has -32002, -32001 and -32899..-32800 for
itself; ours are -32051..-32003, and JSON-RPC's own where one fits. `exit_code` is what `mis` ends
with. `hint` is the way out, in one sentence.
"""

from __future__ import annotations

from typing import ClassVar


class MisError(Exception):
    """Base of every expected error.

    Attributes:
        message: what happened, in one or two sentences, for a person.
        hint: what to do about it; empty when there is nothing to do.
        data: JSON-able facts for a client (paths, lines, ids); never secrets.
    """

    code: ClassVar[int] = -32050
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    resumable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, hint: str = "", data: dict[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data: dict[str, object] = data or {}


class UserError(MisError):
    """Something the person can put right."""

    code = -32051
    exit_code = 2


class UsageError(UserError):
    """A command or request that makes no sense here."""

    code = -32602


class ConfigError(UserError):
    """A config value or file is wrong; `data` holds path, line and key where known."""

    code = -32003
    resumable = True


class TrustError(UserError):
    """The workspace is not trusted, or changed since it was."""

    code = -32004


class PlanError(UserError):
    """A plan that cannot run; `data["diagnostics"]` says why and where."""

    code = -32005


class NotFoundError(UserError):
    """An id that names nothing."""

    code = -32006


class NotYetError(UserError):
    """A key or request the design knows and this version does not do yet."""

    code = -32007


class StateError(UserError):
    """The right command at the wrong moment: already decided, no such state, another owner."""

    code = -32008


class ConflictError(MisError):
    """Accepted text cannot be put where it belongs without losing something."""

    code = -32009


class PolicyDenied(MisError):  # noqa: N818 -- the field's word
    """A policy says never."""

    code = -32010


class BudgetExceeded(MisError):  # noqa: N818 -- the field's word
    """A token or time ceiling was reached; the work so far is kept."""

    code = -32011
    exit_code = 4


class EnvironmentFault(MisError):  # noqa: N818 -- what is at fault is the machine
    """git, codex or the sandbox is missing or unusable."""

    code = -32012
    exit_code = 2
    resumable = True


class WorkerError(MisError):
    """The worker process failed: spawn, protocol, exit or timeout."""

    code = -32013
    retryable = True


class ModelError(MisError):
    """The model or its endpoint failed."""

    code = -32014
    retryable = True


class AuthError(ModelError):
    """The key or login was refused; trying again changes nothing."""

    code = -32015
    retryable = False
    resumable = True


class Unavailable(ModelError):  # noqa: N818 -- the endpoint is what is at fault
    """The model cannot be asked now: nobody answers, no quota is left, the model is not known.

    Raised only after the bounded repeats of whoever asks.
    """

    code = -32019
    resumable = True


class AnswerError(ModelError):
    """A model's answer does not fit the contract; `data["received"]` holds what came."""

    code = -32016
    retryable = False


class StoreError(MisError):
    """The journal or an output file could not be written or read."""

    code = -32017


class ProtocolError(MisError):
    """A peer broke the wire contract."""

    code = -32018


class Cancelled(MisError):  # noqa: N818 -- the field's word
    """A person or a client stopped it."""

    code = -32800
    exit_code = 130
