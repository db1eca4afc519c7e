"""The table of verbs, and the group that loads a verb's module only when that verb is called.

So `mis --help` and each verb start without what the others need. A verb is a module with
`register(app: typer.Typer) -> None`, which adds one command or group of the verb's name.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from makeitso.cli.context import context_of
from makeitso.cli.later import Later

MAIN = "Commands"
MORE = "More"


@dataclass(frozen=True)
class Verb:
    """A verb of `mis`.

    Attributes:
        name: what is typed.
        module: where it is registered.
        help: its line on the help screen.
        panel: the panel it stands in.
        needs: a module of another room it opens the door to.
    """

    name: str
    module: str
    help: str
    panel: str = MAIN
    needs: str = ""

    @property
    def present(self) -> bool:
        """Whether its module, and the one it opens the door to, are part of this build."""
        return all(_exists(module) for module in (self.module, self.needs) if module)


VERBS: tuple[Verb, ...] = (
    Verb("init", "makeitso.cli.init", "Set up settings and dictionary in this workspace."),
    Verb("plan", "makeitso.cli.plan", "Make a plan for a goal and show it; runs nothing."),
    Verb("run", "makeitso.cli.run", "Work a goal or a plan, asking as the approval policy says."),
    Verb("resume", "makeitso.cli.resume", "Go on with a run that was stopped or interrupted."),
    Verb("stop", "makeitso.cli.stop", "Stop a run, or one task of it, and everything it started."),
    Verb(
        "review",
        "makeitso.cli.review.verb",
        "Go through changes hunk by hunk; accept, reject, land.",
    ),
    Verb("approve", "makeitso.cli.approve", "Decide what waits for a person, once or for always."),
    Verb("status", "makeitso.cli.status", "Show runs, their tasks and what they wait for."),
    Verb("doctor", "makeitso.cli.doctor", "Check git, codex, the sandbox and the settings."),
    Verb("demo", "makeitso.cli.demo", "See the whole of it on a sample repository."),
    Verb("open", "makeitso.cli.open_url", "Open a URL, or print it where nothing can open it."),
    Verb("trust", "makeitso.cli.trust", "Show and record which workspace files may raise rights."),
    Verb("lsp", "makeitso.cli.lsp", "Serve editors over LSP.", needs="makeitso.lsp.main"),
    Verb("parse", "makeitso.cli.parse", "Show what any log says: records and unknown lines.", MORE),
    Verb("learn", "makeitso.cli.learn", "Learn patterns from output that nothing explains.", MORE),
    Verb("clean", "makeitso.cli.clean", "Show and remove what ended runs left over.", MORE),
    Verb("audit", "makeitso.cli.audit", "Show what runs cost and what came of them.", MORE),
    Verb("profile", "makeitso.cli.profile", "Show profiles and where settings come from.", MORE),
)


class VerbGroup(TyperGroup):
    """The group behind `mis`: lists verbs from the table, loads the one that is called."""

    def __init__(self, **attrs: Any) -> None:  # noqa: ANN401 -- typer's own parameters
        super().__init__(**attrs)
        self._unloaded = {verb.name: verb for verb in VERBS if verb.present}
        for verb in self._unloaded.values():
            self.add_command(
                TyperCommand(verb.name, help=verb.help, rich_help_panel=verb.panel, callback=None)
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 -- typer's types
        """Load the verb that was called, then find it as any group does."""
        verb = self._unloaded.pop(args[0], None) if args else None
        if verb is not None:
            self.add_command(load(verb), verb.name)
        return super().resolve_command(ctx, args)


def load(verb: Verb) -> Any:  # noqa: ANN401 -- typer's command type is not public
    """Import a verb's module and build its command, with the options all verbs share."""
    return command_of(verb.module, verb.name)


def command_of(module: str, name: str) -> Any:  # noqa: ANN401 -- typer's command type is not public
    """Import a module and build a command it registers, with the options all verbs share."""
    app = typer.Typer(add_completion=False)
    importlib.import_module(module).register(app)
    command = typer.main.get_group(app).commands[name]
    _add_shared_options(command)
    return command


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def set_directory(ctx: typer.Context, value: Path | None) -> Path | None:
    """Take `-C` after the verb; the last one given holds."""
    if value is not None:
        ctx.obj = replace(context_of(ctx), directory=value)
    return value


def set_overrides(ctx: typer.Context, value: list[str] | None) -> list[str] | None:
    """Add `-c` after the verb to those before it."""
    if value:
        context = context_of(ctx)
        ctx.obj = replace(context, overrides=(*context.overrides, *value))
    return value


def set_profile(ctx: typer.Context, value: str | None) -> str | None:
    """Take `--profile` after the verb; the last one given holds."""
    if value is not None:
        ctx.obj = replace(context_of(ctx), profile=value)
    return value


_PANEL = "Workspace and settings"
DIRECTORY_HELP = "Work as if started in DIR."
OVERRIDE_HELP = "Override a setting for this call; may be repeated."
PROFILE_HELP = "Lay a profile of the config files over the settings."


def _shared(
    _directory: Annotated[
        Path | None,
        typer.Option(
            "-C",
            metavar="DIR",
            help=DIRECTORY_HELP,
            callback=set_directory,
            expose_value=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    _overrides: Annotated[
        list[str] | None,
        typer.Option(
            "-c",
            metavar="KEY=VALUE",
            help=OVERRIDE_HELP,
            callback=set_overrides,
            expose_value=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
    _profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help=PROFILE_HELP,
            callback=set_profile,
            expose_value=False,
            rich_help_panel=_PANEL,
        ),
    ] = None,
) -> None: ...


def _add_shared_options(command: Any) -> None:  # noqa: ANN401 -- typer's command type is not public
    taken = {name for param in command.params for name in param.opts}
    command.params += [one for one in _shared_params() if not taken.intersection(one.opts)]
    children = getattr(command, "commands", {})
    if not isinstance(children, Later):  # what is loaded later gets them then
        for child in children.values():
            _add_shared_options(child)


@cache
def _shared_params() -> tuple[Any, ...]:
    """A parameter keeps nothing of a call, so that all commands can have the same ones."""
    carrier = typer.Typer(add_completion=False)
    carrier.command()(_shared)
    return tuple(typer.main.get_command(carrier).params)
