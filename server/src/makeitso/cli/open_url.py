"""`mis open`: open a URL on the person's screen, or print it where there is none."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import typer

from makeitso.cli.context import Context, JsonFlag, YesFlag, context_of
from makeitso.errors import ConfigError, EnvironmentFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.protocol.config import Config

_SCHEMES = ("http", "https", "file")
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
_FAILS_WITHIN_S = 3.0
"""A command that cannot open anything says so by then; a browser may run on for hours."""

OpenMode = Literal["auto", "print", "command"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("open")(open_url)


def open_url(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="An http, https or file URL.")],
    yes: YesFlag = False,
    json: JsonFlag = False,
) -> None:
    """Open a URL, or print it where nothing can open it."""
    check_url(url)
    context = context_of(ctx)
    argv, reason = _how(context.config, url)
    if argv and not reason:
        reason = _refusal(context, argv, yes=yes)
    if reason:
        context.console.say(url)
        if not context.json:
            context.console.note(f"printed, not opened: {reason}")
        context.console.data({"url": url, "action": "printed", "reason": reason})
        return
    _start(argv)
    context.console.note(f"opened with {argv[0]}")
    context.console.data({"url": url, "action": "opened", "command": argv})


def check_url(url: str) -> None:
    """Let only URLs pass that a browser may be given.

    Raises:
        UsageError: another scheme, no host, or characters no URL has.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"not a URL: {error}", hint="Give an http, https or file URL.") from error
    odd = any(character.isspace() or not character.isprintable() for character in url)
    if parts.scheme not in _SCHEMES or odd or (parts.scheme != "file" and not parts.hostname):
        raise UsageError(
            f"not a URL that can be opened: {url}", hint="Give an http, https or file URL."
        )


def headless(environ: Mapping[str, str], *, platform: str = sys.platform) -> str:
    """Why no window can open here, in a few words; empty when one can."""
    if environ.get("CI"):
        return "this is a CI job"
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "this is a remote session"
    if environ.get("container") or any(mark.exists() for mark in CONTAINER_MARKS):
        return "this is a container"
    if platform.startswith("linux") and not (
        environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    ):
        return "there is no display"
    return ""


def command_for(template: str, url: str) -> list[str]:
    """The argument list of a configured command: `{url}` replaced, or the URL at the end.

    Raises:
        ConfigError: the command is empty or its quotes do not match.
    """
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise ConfigError(
            f"ui.open_url_command: {error}", hint="Write it as in a shell, quotes in pairs."
        ) from error
    if not words:
        raise ConfigError(
            'ui.open_url = "command" needs ui.open_url_command',
            hint='Set for instance open_url_command = "firefox {url}".',
        )
    argv = [words[0], *(word.replace("{url}", url) for word in words[1:])]
    return argv if any("{url}" in word for word in words[1:]) else [*argv, url]


def _how(config: Config, url: str) -> tuple[list[str], str]:
    """The command that opens the URL, or why it is to be printed."""
    mode: OpenMode = config.ui.open_url
    if mode == "print":
        return [], 'ui.open_url = "print"'
    if mode == "command":
        return command_for(config.ui.open_url_command, url), ""
    reason = headless(os.environ)
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    found = shutil.which(opener)
    if not reason and found is None:
        reason = f"there is no {opener}"
    return ([found, url] if found else []), reason


def _refusal(context: Context, argv: list[str], *, yes: bool) -> str:
    """Why the policy keeps a command from running; empty when it may run."""
    match context.config.policies.run_shell:
        case "never":
            return 'policies.run_shell = "never"'
        case "ask":
            if yes:
                return ""
            if not context.console.interactive:
                return 'policies.run_shell = "ask" and there is nobody to ask'
            return "" if context.console.confirm(f"Run {shlex.join(argv)}?") else "declined"
        case "auto":
            return ""


def _start(argv: list[str]) -> None:
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise EnvironmentFault(
            f"cannot run {argv[0]}: {error.strerror or error}",
            hint='Set ui.open_url = "print", or another ui.open_url_command.',
        ) from error
    try:
        code = process.wait(timeout=_FAILS_WITHIN_S)
    except subprocess.TimeoutExpired:
        return
    if code:
        raise EnvironmentFault(
            f"{argv[0]} ended with {code}",
            hint='Set ui.open_url = "print", or another ui.open_url_command.',
        )
