"""Messages of what this version does not do yet: their form is fixed, their answer is an error."""

from __future__ import annotations

from pydantic import Field, JsonValue

from makeitso.protocol.base import Wire


class NoResult(Wire):
    """An answer that says nothing but that it was done."""


class AuthStatusParams(Wire):
    """Which keys and logins are there; never their values."""


class AuthStatusResult(Wire):
    """Keys and logins."""

    sources: dict[str, str] = Field(description="Where each comes from, by name.")


class AuthLoginParams(Wire):
    """Log in to a provider."""

    provider: str = Field(min_length=1, description="Provider.")


class DebugOpenParams(Wire):
    """Open a debug session."""

    target: str = Field(min_length=1, description="Name in `[debug.targets]`.")


class DebugOpenResult(Wire):
    """A debug session."""

    session: str = Field(description="Session id.")


class DebugSendParams(Wire):
    """Send a command to a debug session."""

    session: str = Field(min_length=1, description="Session id.")
    command: str = Field(min_length=1, description="Command.")


class DebugSendResult(Wire):
    """What the debugger answered."""

    answer: JsonValue = Field(description="Its answer.")
