"""`mis profile`: which profiles there are, and where each setting comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import Context, JsonFlag, context_of
from makeitso.workspace.config import explain
from makeitso.workspace.config_template import toml_value

if TYPE_CHECKING:
    from makeitso.workspace.config import LoadedConfig, Source


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(add_completion=False)
    group.callback(invoke_without_command=True)(profile)
    group.command("list")(list_profiles)
    group.command("show")(show)
    app.add_typer(group, name="profile")


def profile(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Show profiles and where settings come from."""
    if ctx.invoked_subcommand is None:
        list_profiles(ctx, json=json)


def list_profiles(ctx: typer.Context, json: JsonFlag = False) -> None:
    """List the profiles and the files that define them."""
    context = context_of(ctx)
    loaded = context.loaded
    rows = {
        name: [str(file.path) for file in loaded.files if name in file.profiles]
        for name in loaded.profiles
    }
    context.console.data(
        [
            {"name": name, "active": name == loaded.profile, "files": files}
            for name, files in rows.items()
        ]
    )
    for name, files in rows.items():
        mark = "*" if name == loaded.profile else " "
        context.console.say(f"{mark} {name}  {', '.join(files)}")
    if not rows:
        context.console.say("No profile. A table [profiles.NAME] in a config file makes one:")
        for file in loaded.files:
            context.console.say(f"  {file.path}{'' if file.exists else '  (missing)'}")


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Profile; none: the settings as they hold.")] = "",
    key: Annotated[
        str, typer.Option("--key", metavar="KEY", help="Explain this one key instead.")
    ] = "",
    json: JsonFlag = False,
) -> None:
    """Show every setting with the place its value comes from."""
    context = context_of(ctx)
    if name:
        context = replace(context, profile=name)
    loaded = context.loaded
    if key and not context.json:
        context.console.say(explain(loaded, key))
        return
    chosen = [key] if key else list(loaded.sources)
    context.console.data(_report(context, loaded, chosen))
    for dotted in chosen:
        source = loaded.sources[dotted]
        context.console.say(
            f"{dotted} = {toml_value(loaded.value(dotted))}  # {source}",
            style="dim" if source.kind == "default" else None,
        )


def _report(context: Context, loaded: LoadedConfig, keys: list[str]) -> dict[str, object]:
    return {
        "root": str(context.root),
        "profile": loaded.profile,
        "keys": [
            {
                "key": key,
                "value": loaded.value(key),
                "source": _source(loaded.sources[key]),
            }
            for key in keys
        ],
        "problems": [
            {
                "code": found.problem.code,
                "severity": found.problem.severity,
                "message": found.problem.message,
                "key": found.key,
                "path": str(found.path) if found.path else None,
                "line": found.problem.span.line + 1,
                "column": found.problem.span.column + 1,
            }
            for found in loaded.problems
        ],
    }


def _source(source: Source) -> dict[str, object]:
    return {
        "kind": source.kind,
        "side": source.side,
        "path": str(source.path) if source.path else None,
        "line": source.line or None,
        "profile": source.profile or None,
    }
