"""From a method of the table and JSON params to its result: validate, check, call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from makeitso.errors import NotYetError
from makeitso.protocol.methods import METHODS
from makeitso.requests import (
    approvals,
    audit,
    changes,
    comments,
    doctor,
    foreign,
    hunks,
    learning,
    plans,
    review_places,
    rounds,
    rules,
    runs,
    trust,
    undos,
    waits,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from makeitso.protocol.base import Wire
    from makeitso.protocol.methods import Method
    from makeitso.requests.place import Workplace

    Handler = Callable[[Workplace, Any], Awaitable[Wire]]

HANDLERS: dict[str, Handler] = {
    "mis/plan/create": plans.create,
    "mis/plan/get": plans.get,
    "mis/run/start": runs.start,
    "mis/run/resume": runs.resume,
    "mis/run/stop": runs.stop,
    "mis/wait/skip": waits.skip,
    "mis/run/get": runs.get,
    "mis/run/watch": runs.watch,
    "mis/run/list": runs.list_,
    "mis/approval/list": approvals.list_,
    "mis/approval/decide": approvals.decide,
    "mis/rule/list": rules.list_,
    "mis/rule/add": rules.add,
    "mis/rule/revoke": rules.revoke,
    "mis/change/list": changes.list_,
    "mis/change/get": changes.get,
    "mis/change/check": rounds.check,
    "mis/change/fix": rounds.fix,
    "mis/change/land": changes.land,
    "mis/change/undo": undos.undo,
    "mis/review/open": foreign.open_,
    "mis/change/look": changes.look,
    "mis/change/comment": comments.comment,
    "mis/comment/list": comments.list_,
    "mis/comment/withdraw": comments.withdraw,
    "mis/hunk/mark": hunks.mark,
    "mis/hunk/split": hunks.split,
    "mis/hunk/join": hunks.join,
    "mis/hunk/undo": hunks.undo,
    "mis/hunk/edit": hunks.edit,
    "mis/review/next": review_places.next_,
    "mis/review/previous": review_places.previous,
    "mis/review/show": review_places.show,
    "mis/proposal/list": learning.list_,
    "mis/proposal/decide": learning.decide,
    "mis/proposal/rollback": learning.rollback,
    "mis/proposal/history": learning.history,
    "mis/learn/run": learning.run,
    "mis/learn/propose": learning.propose,
    "mis/audit/get": audit.get,
    "mis/trust/get": trust.get,
    "mis/trust/set": trust.set_,
    "mis/doctor/run": doctor.run,
}
"""By method name; methods the table calls `not yet` have none."""

_PROGRESS = ("workDoneToken", "partialResultToken")
"""Fields a client library may add to the params of any request."""


def check_table() -> None:
    """Every method is either answered or known to be not yet, and not both.

    Raises:
        RuntimeError: the table and the handlers disagree; a server must not start with that.
    """
    answered = {method.name for method in METHODS if not method.not_yet}
    if answered != set(HANDLERS):
        wrong = sorted(answered ^ set(HANDLERS))
        raise RuntimeError(f"methods and handlers disagree: {', '.join(wrong)}")


def parse(method: Method, params: object) -> Wire:
    """The params of a method from JSON; none at all counts as an empty object.

    So does an empty array: it is what Lua, and with it Neovim, makes of an empty table.

    Raises:
        ValidationError: they do not fit.
    """
    fields: object = {} if params is None or params == [] else params
    if isinstance(fields, dict):
        named = cast("dict[str, object]", fields)
        fields = {name: value for name, value in named.items() if name not in _PROGRESS}
    return method.params.model_validate(fields)


async def answer(at: Workplace, method: Method, params: Wire) -> Wire:
    """Carry a request out.

    Raises:
        NotYetError: this version does not do that yet.
        TrustError: it needs a trusted workspace.
        MisError: what the handler raises.
    """
    if method.not_yet:
        raise NotYetError(
            f"{method.name} is not available yet: it needs {method.not_yet}",
            hint="a later version answers it",
        )
    if method.needs_trust:
        trust.require_trusted(at)
    return await HANDLERS[method.name](at, params)
