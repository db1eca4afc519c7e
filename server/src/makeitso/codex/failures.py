"""What Codex says about a failed turn, as one of our kinds. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal, cast

FailureKind = Literal[
    "auth",
    "refused-connection",
    "stream-cut",
    "usage-limit",
    "unknown-model",
    "context-window",
    "model",
    "process",
    "protocol",
]

_STATUS = re.compile(r"\b(?:unexpected status|last status:?|status:?) (\d{3})\b")
_NO_MODEL = re.compile(
    r"(?i)model_not_found|\bmodel\b[^.]{0,120}\b(?:does not exist|not found|not supported|unknown)"
    r"|\b(?:no such|unknown) model\b"
)
"""How endpoints say that they do not have a model, whatever the status."""
_TEXTS: tuple[tuple[re.Pattern[str], FailureKind, bool], ...] = (
    (re.compile(r"(?i)missing environment variable|not logged in|unauthorized"), "auth", False),
    (re.compile(r"(?i)context window|context_length"), "context-window", False),
    (re.compile(r"(?i)usage limit|quota"), "usage-limit", False),
    (
        re.compile(r"(?i)error sending request|connection (?:failed|refused)|dns error"),
        "refused-connection",
        True,
    ),
    (
        re.compile(r"(?i)stream closed|idle timeout|error decoding|transport error|reset by peer"),
        "stream-cut",
        True,
    ),
    # Codex puts this before the words of any failed response whose code it does not know.
    (re.compile(r"(?i)stream disconnected before completion"), "model", True),
)
_WORDS: dict[str, tuple[FailureKind, bool]] = {
    "unauthorized": ("auth", False),
    "contextWindowExceeded": ("context-window", False),
    "usageLimitExceeded": ("usage-limit", False),
    "sessionBudgetExceeded": ("usage-limit", False),
    "rateLimitExceeded": ("usage-limit", True),
    "serverOverloaded": ("model", True),
    "flexUnavailable": ("model", True),
    "internalServerError": ("model", True),
    "badRequest": ("model", False),
    "cyberPolicy": ("model", False),
    "misalignmentPolicyViolation": ("model", False),
}


_NO_THREAD = "no rollout found"
THREAD_LOST = "Codex has no record of the earlier thread; the work goes on in a new one"
"""A thread is recorded with its first turn: killed before that, there is nothing to resume."""


@dataclass(frozen=True)
class Failure:
    """Why a turn failed.

    Attributes:
        kind: which part is at fault.
        message: what Codex said.
        retryable: True if trying again may help without anybody doing anything.
    """

    kind: FailureKind
    message: str
    retryable: bool


def classify(message: str, info: object = None) -> Failure:
    """Name a failure by Codex's typed `codexErrorInfo` if it says something, else by its words.

    A cut stream and a refused connection come as `other` or without a status, so that the words
    decide there.
    """
    message = _plain(message)
    if _NO_MODEL.search(message):
        return Failure("unknown-model", message, retryable=False)
    if isinstance(info, str) and info in _WORDS:
        kind, retryable = _WORDS[info]
        return Failure(kind, message, retryable)
    status = _status(info) or _status_in(message)
    if status is not None:
        return _by_status(status, message)
    for pattern, kind, retryable in _TEXTS:
        if pattern.search(message):
            return Failure(kind, message, retryable)
    if _variant(info) in ("responseStreamDisconnected", "responseTooManyFailedAttempts"):
        return Failure("stream-cut", message, retryable=True)
    if _variant(info) in ("httpConnectionFailed", "responseStreamConnectionFailed"):
        return Failure("refused-connection", message, retryable=True)
    return Failure("model", message, retryable=False)


def _plain(message: str) -> str:
    """The message inside the raw error body that Codex passes on for a bad request."""
    try:
        body: object = json.loads(message)
        error = cast("dict[str, dict[str, str]]", body)["error"]
        return str(error["message"])
    except (ValueError, KeyError, TypeError):
        return message


def _by_status(status: int, message: str) -> Failure:
    if status in (401, 403):
        return Failure("auth", message, retryable=False)
    if status == 402:
        return Failure("usage-limit", message, retryable=False)
    if status == 404:
        return Failure("unknown-model", message, retryable=False)
    if status == 429:
        return Failure("usage-limit", message, retryable=True)
    return Failure("model", message, retryable=status in (408, 409, 425) or status >= 500)


def _variant(info: object) -> str:
    return next(iter(cast("dict[str, object]", info)), "") if isinstance(info, dict) else ""


def _status(info: object) -> int | None:
    if not isinstance(info, dict):
        return None
    for value in cast("dict[str, object]", info).values():
        if isinstance(value, dict):
            status = cast("dict[str, object]", value).get("httpStatusCode")
            if isinstance(status, int):
                return status
    return None


def _status_in(message: str) -> int | None:
    found = _STATUS.search(message)
    return int(found.group(1)) if found else None


def is_thread_lost(message: str) -> bool:
    """True if Codex says that it does not know the thread it was asked to resume."""
    return _NO_THREAD in message
