"""The way out of a failed turn, for a person. A worker says what happened, not what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.runs.ports import Ports

_WAYS: dict[str, str] = {
    "stream-cut": "the endpoint ended its answer early; try again, or look at what is between",
    "usage-limit": "wait until the account's limit is reset, or use another key",
    "context-window": "make the task smaller, or use a model that reads more",
    "model": "try again, or use another model: [workers.codex] model",
    "process": "try again; `mis doctor` checks the worker program",
    "protocol": "`mis doctor` says which versions of the worker program are known to work",
    "idle": "nothing came for [workers.codex] idle_timeout_s; allow more, or try again",
    "wall": "[workers.codex] wall_timeout_s was reached; allow more, or make the task smaller",
}


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
