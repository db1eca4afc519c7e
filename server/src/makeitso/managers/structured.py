"""Asking a model for an answer of one shape: read, check, ask once more, or say what came instead.

Shared by every manager that talks to a model, so that their answers stand to one contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from makeitso.errors import AnswerError
from makeitso.managers.port import Answer, Spent
from makeitso.prompts.render import render

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from makeitso.prompts.render import Prompt

M = TypeVar("M", bound=BaseModel)

RECEIVED_LIMIT = 4_000
"""Characters of a useless answer that an error carries."""
_MOST_ERRORS = 12
_FENCED = re.compile(r"\A\s*(`{3,}|~{3,})[a-zA-Z]*[ \t]*\n(?P<body>.*)\n[ \t]*\1\s*\Z", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model said to one message."""

    text: str
    spent: Spent
    model: str = ""


async def ask(
    prompt: Prompt,
    *,
    shape: type[M],
    problems: Callable[[M], Sequence[str]],
    send: Callable[[str], Awaitable[Reply]],
    retry_text: str | None = None,
) -> Answer[M]:
    """Send a prompt, and once more with what was wrong if the answer does not fit.

    Args:
        prompt: the first message.
        shape: the model the answer has to validate against.
        problems: what is wrong with an answer of the right shape; empty: nothing.
        send: sends the next message of one conversation.
        retry_text: a workspace's own `manager-retry` prompt; None: the packaged one.

    Raises:
        AnswerError: the second answer does not fit either; `data` holds `received`, `errors` and
            the tokens `spent`.
    """
    spent, unfit = Spent(), ""
    text = prompt.text
    for attempt in (1, 2):
        reply = await send(text)
        spent = Spent(
            input_tokens=spent.input_tokens + reply.spent.input_tokens,
            output_tokens=spent.output_tokens + reply.spent.output_tokens,
        )
        read = read_answer(reply.text, shape=shape, problems=problems)
        if not isinstance(read, Unfit):
            return Answer(
                value=read,
                prompt_digest=prompt.digest,
                spent=spent,
                attempts=attempt,
                unfit=unfit,
                raw=reply.text,
                model=reply.model,
            )
        if attempt == 1:
            unfit = read.errors[0]
            said = "\n".join(f"- {one}" for one in read.errors)
            text = render("manager-retry", {"errors": said}, override_text=retry_text).text
            continue
        raise AnswerError(
            f"The manager's model answered {prompt.intent} twice with something else than was "
            f"asked for: {read.errors[0]}",
            hint="Try again, say the goal more plainly, use another model, or write the plan "
            'yourself with kind = "none".',
            data={
                "received": reply.text[:RECEIVED_LIMIT],
                "errors": list(read.errors),
                "spent": {
                    "input_tokens": spent.input_tokens,
                    "output_tokens": spent.output_tokens,
                },
            },
        )
    raise AssertionError  # pragma: no cover -- the second attempt returns or raises


@dataclass(frozen=True)
class Unfit:
    """An answer that does not fit, and why, at least one reason."""

    errors: tuple[str, ...]


def read_answer(text: str, *, shape: type[M], problems: Callable[[M], Sequence[str]]) -> M | Unfit:
    """Read an answer as `shape`; a code fence around the whole of it is taken off."""
    fenced = _FENCED.match(text)
    body = fenced["body"] if fenced else text
    try:
        value = shape.model_validate_json(body.strip())
    except ValidationError as error:
        listed = error.errors(include_url=False, include_context=False, include_input=False)
        said = [f"{_place(one['loc'])}: {one['msg']}" for one in listed[:_MOST_ERRORS]]
        if len(listed) > _MOST_ERRORS:
            said.append(f"and {len(listed) - _MOST_ERRORS} more")
        return Unfit(tuple(said))
    found = tuple(problems(value))[:_MOST_ERRORS]
    return Unfit(found) if found else value


def _place(loc: tuple[int | str, ...]) -> str:
    """`tasks[0].title` from pydantic's path; the answer itself for the empty path."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return words.removeprefix(".") or "the answer"
