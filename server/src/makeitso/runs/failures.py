"""The way out of a failed turn, for a person. A worker says what happened, not what to do.

A turn that failed for a reason outside of the task fails nothing: the run is put down, its work is
kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import AuthError, ModelError, Unavailable
from makeitso.runs.rounds.endings import Given

if TYPE_CHECKING:
    from makeitso.runs.ports import Ports
    from makeitso.workers.port import TurnResult

_WAYS: dict[str, str] = {
    "stream-cut": "the endpoint ended its answer early; try again, or look at what is between",
    "usage-limit": "wait until the account's limit is reset, add to its credit, or use another key",
    "unknown-model": "name a model the endpoint has: [workers.codex] model, and check base_url",
    "context-window": "make the task smaller, or use a model that reads more",
    "model": "try again, or use another model: [workers.codex] model",
    "process": "try again; `mis doctor` checks the worker program",
    "protocol": "`mis doctor` says which versions of the worker program are known to work",
    "idle": "nothing came for [workers.codex] idle_timeout_s; allow more, or try again",
    "wall": "[workers.codex] wall_timeout_s was reached; allow more, or make the task smaller",
}


_OUTSIDE = frozenset({"auth", "refused-connection", "stream-cut", "usage-limit", "unknown-model"})
"""Kinds of failure that say nothing about the task; a person puts them right, or time does."""


def failure_of(ports: Ports, result: TurnResult) -> ModelError | Given:
    """How a turn that failed for the last time ends the work: for now, or for good."""
    error = result.error or f"the turn was {result.status}"
    return _outage(ports, result) or Given(with_way_out(ports, error, result.error_kind))


def _outage(ports: Ports, result: TurnResult) -> ModelError | None:
    """What keeps every task from going on, where that is why a turn failed."""
    kind = result.error_kind
    if kind not in _OUTSIDE and not (kind == "model" and result.retryable):
        return None
    error, hint = result.error or f"the turn was {result.status}", _way_out(ports, kind)
    if kind == "auth":
        return AuthError(error, hint=hint, data={"kind": kind})
    return Unavailable(error, hint=hint, data={"kind": kind})


def with_way_out(ports: Ports, error: str, kind: str | None) -> str:
    """What happened and what to do about it, as one text."""
    hint = _way_out(ports, kind)
    return f"{error} ({hint})" if hint else error


def _way_out(ports: Ports, kind: str | None) -> str:
    settings = ports.config.workers.codex
    if kind == "auth":
        name = settings.api_key_env
        if ports.worker_settings.api_key is None:
            return f"no key is set: export {name}, or name another in [workers.codex] api_key_env"
        return f"check the key in {name}; [workers.codex] api_key_env names the variable"
    if kind == "refused-connection":
        where = settings.base_url or "the default endpoint"
        return f"nobody answers at {where}; check [workers.codex] base_url and the network"
    return _WAYS.get(kind or "", "")
