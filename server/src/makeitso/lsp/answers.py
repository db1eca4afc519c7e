"""What goes wrong → what the client is told: a code, a sentence, the way out; never a traceback.

Values of the request are not repeated either: they may be secrets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cattrs
from lsprotocol.types import ErrorCodes, LSPErrorCodes, ResponseError
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams

from makeitso.errors import MisError
from makeitso.lsp.wording import for_editor

if TYPE_CHECKING:
    from pydantic import ValidationError

_WORD = re.compile(r"_(\w)")

INTERNAL = ResponseError(
    code=ErrorCodes.InternalError.value,
    message="Internal error; the server's log says more.",
)


def expected(error: BaseException) -> ResponseError | None:
    """The answer to an error that was meant for the client; None when it was not."""
    if isinstance(error, MisError):
        return ResponseError(
            code=error.code,
            message=for_editor(error.message),
            data={
                "hint": for_editor(error.hint),
                "retryable": error.retryable,
                "facts": error.data,
            },
        )
    if isinstance(error, InvalidParams):
        return bad_params(error.problems)
    if isinstance(error, JsonRpcInvalidParams):
        return bad_params([])
    if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
        return ResponseError(code=error.code or INTERNAL.code, message=error.message or "Refused.")
    return None


class InvalidParams(Exception):  # noqa: N818 -- the protocol's word
    """Params that do not fit; `problems` says where and what was wanted."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__("invalid params")
        self.problems = problems


def said(error: MisError) -> str:
    """An error as one text, for what has no answer to put it into."""
    return for_editor(f"{error.message} {error.hint}".strip())


def bad_params(problems: list[dict[str, str]]) -> ResponseError:
    """The answer to params that do not fit."""
    shown = "; ".join(f"{p['path'] or 'params'}: {p['message']}" for p in problems[:3])
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return ResponseError(
        code=ErrorCodes.InvalidParams.value,
        message=f"Invalid params{f': {shown}{more}' if shown else ''}",
        data=problems,
    )


def of_pydantic(error: ValidationError) -> InvalidParams:
    """Problems of a model of ours: field paths and what was expected, without the input."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return InvalidParams(
        [
            {"path": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
            for one in found
        ]
    )


def of_cattrs(error: BaseException) -> list[dict[str, str]]:
    """Problems of a message of the protocol itself: field paths, without the input."""
    if not isinstance(error, cattrs.BaseValidationError):
        return [{"path": "", "message": "does not fit the protocol"}]
    problems: list[dict[str, str]] = []
    for line in cattrs.transform_error(error, path="", format_exception=_why):
        message, _, path = line.partition(" @ ")
        where = path.removeprefix(".params").lstrip(".")
        problems.append({"path": _WORD.sub(lambda m: m[1].upper(), where), "message": message})
    return problems


def _why(error: BaseException, kind: Any) -> str:  # noqa: ANN401 -- cattrs' signature
    name = getattr(kind, "__name__", None) or "something else"
    if isinstance(error, KeyError):
        return "required field missing"
    return f"expected {name}"


def not_initialized() -> ResponseError:
    """The answer to a request before `initialize`."""
    return ResponseError(
        code=ErrorCodes.ServerNotInitialized.value, message="Send initialize first."
    )


def shutting_down() -> ResponseError:
    """The answer to a request after `shutdown`, or to a second `initialize`."""
    return ResponseError(
        code=ErrorCodes.InvalidRequest.value, message="Not now: the server was shut down."
    )


def unknown_method(name: str) -> ResponseError:
    """The answer to a method nobody knows."""
    return ResponseError(
        code=ErrorCodes.MethodNotFound.value, message=f"There is no method {name[:100]!r}."
    )


def cancelled() -> ResponseError:
    """The answer to a request its client cancelled."""
    return ResponseError(code=LSPErrorCodes.RequestCancelled.value, message="Cancelled.")
