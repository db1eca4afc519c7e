"""From the options of a verb to an open workspace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from makeitso.cli.innermost import innermost
from makeitso.errors import MisError, TrustError
from makeitso.wiring import Bridge

if TYPE_CHECKING:
    from collections.abc import Generator

    from makeitso.cli.context import Context


@contextmanager
def opened(context: Context, *, bare: bool = False) -> Generator[Bridge]:
    """The workspace of a verb, closed afterwards.

    Raises:
        UsageError: `-C`, `-c` or `--profile` is wrong.
    """
    _ = context.loaded  # says what is wrong in the files, once
    bridge = Bridge(
        context.directory,
        client="cli",
        profile=context.profile,
        overrides=context.overrides,
        bare=bare,
    )
    try:
        yield bridge
    except BaseException as failure:
        error = innermost(failure)
        if isinstance(error, MisError):
            redact(bridge, error)
        raise
    finally:
        bridge.close()


def redact(bridge: Bridge, error: MisError) -> None:
    """Take known secrets out of an error before anybody is told: a model may have said them."""
    error.message = bridge.redactor.text(error.message)
    error.data = {key: bridge.redactor.value(value) for key, value in error.data.items()}


def ensure_trusted(context: Context) -> None:
    """Let a verb that runs things go on only in a trusted workspace; asks on a terminal.

    Raises:
        TrustError: it is not trusted, and nobody agreed.
    """
    from makeitso.workspace.trust import status

    state = status(context.root)
    if state.state == "trusted":
        return
    from makeitso.cli.trust import agree

    if context.console.interactive and agree(context, state):
        return
    word = "changed since it was trusted" if state.state == "changed" else "not trusted"
    names = ", ".join(file.path for file in state.files if file.change != "same")
    raise TrustError(
        f"this workspace is {word}: {names}",
        hint="look at it with `mis trust`, agree with `mis trust --yes`",
        data=state.model_dump(mode="json"),
    )
