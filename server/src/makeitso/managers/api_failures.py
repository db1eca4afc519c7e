"""What an endpoint or the openai library says went wrong, as one of our errors with a way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from makeitso.errors import AuthError, ModelError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import openai

SAID_CHARS = 300
"""How much of an endpoint's own words is told."""
_NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "usage_limit_reached")
_TOO_LONG = ("context_length_exceeded", "string_above_max_length")
_ABOUT_SCHEMA = re.compile(r"(?i)schema|response_format|text\.format|json")
_ABOUT_MODEL = re.compile(r"(?i)\bmodel\b")
_CHECK_BOTH = "Check the model in [manager] kind, and that base_url speaks the Responses API."


def translated(error: openai.OpenAIError, *, place: str, model: str) -> ModelError:
    """An error of the library as one of ours.

    Args:
        error: what the library raised, its own repeats done.
        place: the endpoint in words, for the beginning of a sentence.
        model: that was asked for.
    """
    import openai

    match error:
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            # The endpoint's own words are left out: some repeat part of the key.
            return AuthError(
                f"{place} refused the key ({error.status_code}).",
                hint="Check the variable that [manager] api_key_env names.",
                data={"status": error.status_code},
            )
        case openai.APIStatusError():
            return _refused(error, place=place, model=model)
        case openai.APITimeoutError():
            return Unavailable(f"{place} stopped answering.", hint="Try again.")
        case openai.APIConnectionError():
            return Unavailable(
                f"{place} cannot be reached.",
                hint="Check the network and [manager] base_url.",
            )
        case _:
            return Unavailable(f"{place} failed: {str(error)[:SAID_CHARS]}", hint="Try again.")


def failure(error: Mapping[str, object]) -> ModelError:
    """The error that an endpoint reports inside its stream."""
    code, message = str(error.get("code") or ""), str(error.get("message") or "")
    said = ": ".join(part for part in (code, message[:SAID_CHARS]) if part) or "no reason given"
    text, data = f"The model endpoint failed: {said}.", {"code": code}
    if code in _TOO_LONG:
        hint = "Make the goal smaller, or use a model with a larger context."
        return ModelError(text, hint=hint, data={**data})
    hint = "Try again."
    if code in _NO_QUOTA:
        hint = "Add to the account's credit, wait until it is renewed, or use another key."
    elif code == "model_not_found":
        hint = _CHECK_BOTH
    return Unavailable(text, hint=hint, data={**data})


def _refused(error: openai.APIStatusError, *, place: str, model: str) -> ModelError:
    """An answer with an error status."""
    code, said = _said(error)
    data: dict[str, object] = {"status": error.status_code, "code": code}
    status = error.status_code
    if code in _TOO_LONG:
        return ModelError(
            f"{place} says that this was too long for the model {model!r}: {said}",
            hint="Make the goal smaller, or use a model with a larger context.",
            data=data,
        )
    if status == 404 or code == "model_not_found":
        text = f"{place} does not know the model {model!r} or the Responses API ({status}): {said}"
        return Unavailable(text, hint="Check [manager] kind and base_url.", data=data)
    if status == 402 or code in _NO_QUOTA:
        return Unavailable(
            f"The account at {_inside(place)} has nothing left to spend ({status}): {said}",
            hint="Add to its credit, wait until it is renewed, or use another key.",
            data=data,
        )
    if status == 429:
        text = f"{place} takes no more requests for now (429): {said}"
        return Unavailable(text, hint="Wait a little and try again.", data=data)
    if status >= 500 or status in (408, 409, 425):
        text = f"{place} failed with {status}: {said}"
        return Unavailable(text, hint="Wait a little and try again.", data=data)
    return Unavailable(
        f"{place} refused the request ({status}): {said}", hint=_way_out(said, model), data=data
    )


def _way_out(said: str, model: str) -> str:
    """What to change so that the same question is not refused again: waiting does not help."""
    if _ABOUT_SCHEMA.search(said):
        return (
            f"Use a model that answers by a JSON Schema: {model!r} in [manager] kind, or the "
            "endpoint at base_url, may not."
        )
    if _ABOUT_MODEL.search(said):
        return f"Name a model the endpoint has in [manager] kind; it was asked for {model!r}."
    return _CHECK_BOTH


def _said(error: openai.APIStatusError) -> tuple[str, str]:
    """The code and the words of the endpoint; the library's own text wraps them in Python."""
    body: object = error.body
    if isinstance(body, dict):
        fields = cast("Mapping[str, object]", body)
        code, message = fields.get("code") or fields.get("type"), fields.get("message")
        return str(code or ""), str(message or "no reason given")[:SAID_CHARS]
    text = " ".join(str(body or "").split())
    return "", text[:SAID_CHARS] or "no reason given"


def _inside(place: str) -> str:
    return place[:1].lower() + place[1:]
