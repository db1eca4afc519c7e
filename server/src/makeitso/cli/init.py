"""`mis init`: settings and dictionary for a workspace, with the diff shown first.

Twice is the same as once: what exists is left as it is, byte for byte.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from makeitso.cli.context import Context, JsonFlag, YesFlag, context_of
from makeitso.errors import StoreError, UsageError
from makeitso.prompts.dictionary import packaged_dictionary
from makeitso.prompts.dictionary_render import put_section, render_section
from makeitso.prompts.dictionary_text import find_section
from makeitso.workspace.atomic import replace_file
from makeitso.workspace.config_template import config_template
from makeitso.workspace.paths import ensure_dot_makeitso
from makeitso.workspace.trust import AGENTS

if TYPE_CHECKING:
    from pathlib import Path


AgentsOutcome = Literal["written", "present", "declined", "not-asked", "skipped"]

_SAID: dict[AgentsOutcome, str] = {
    "written": "AGENTS.md: dictionary section added",
    "present": "AGENTS.md: has a dictionary section already, left as it is",
    "declined": "AGENTS.md: left as it is; the built-in dictionary is used",
    "not-asked": "AGENTS.md: not changed, for there is nobody to ask; `mis init --yes` adds it",
    "skipped": "AGENTS.md: left alone; the built-in dictionary is used",
}


@dataclass(frozen=True)
class Insertion:
    """What AGENTS.md is and what it would become."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> list[str]:
        """A unified diff."""
        return list(
            difflib.unified_diff(
                self.before.splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                fromfile=f"a/{self.path.name}" if self.before else "/dev/null",
                tofile=f"b/{self.path.name}",
            )
        )


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("init")(init)


def init(
    ctx: typer.Context,
    yes: YesFlag = False,
    no_agents_md: Annotated[
        bool, typer.Option("--no-agents-md", help="Leave AGENTS.md alone.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Set up settings and dictionary in this workspace."""
    context = context_of(ctx)
    root = context.root
    # Read first: when AGENTS.md cannot be used, nothing has been written yet.
    insertion = None if no_agents_md else plan_insertion(root)
    created = _write_own_files(root)
    outcome = _agents(context, insertion, yes=yes, skip=no_agents_md)
    if outcome == "written":
        created.append(AGENTS)
    context.console.data(
        {
            "root": str(root),
            "created": created,
            "agents_md": outcome,
            "diff": "".join(insertion.diff) if insertion else "",
        }
    )
    context.console.say(f"Workspace: {root}")
    for name in created:
        context.console.say(f"  wrote {name}")
    context.console.say(f"  {_SAID[outcome]}")
    context.console.say('Next: mis run "what you want done"')


def plan_insertion(root: Path) -> Insertion | None:
    """What adding the dictionary section to AGENTS.md would change; None when it is there.

    Raises:
        UsageError: AGENTS.md is no UTF-8 text in this workspace, or its markers are damaged.
    """
    path = root / AGENTS
    hint = "Put it right, or leave it alone with --no-agents-md."
    if not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{path} is a link out of the workspace", hint=hint)
    try:
        before = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        before = ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", hint=hint) from error
    section, problems = find_section(before)
    if section is not None:
        return None
    if problems:
        line = problems[0].span.line + 1
        raise UsageError(f"{path}:{line}: {problems[0].message}", hint=hint)
    after = put_section(before, render_section(packaged_dictionary()))
    return Insertion(path, before, after)


def _write_own_files(root: Path) -> list[str]:
    """Write what is missing in `.makeitso/`; names of what was."""
    existed = (root / ".makeitso/.gitignore").exists()
    dot = ensure_dot_makeitso(root)
    created = [] if existed else [".makeitso/.gitignore"]
    try:
        with dot.config.open("x", encoding="utf-8") as file:
            file.write(config_template())
    except FileExistsError:
        return created
    except OSError as error:
        raise StoreError(
            f"cannot write {dot.config}: {error.strerror or error}",
            hint="Check the permissions and the free space there.",
        ) from error
    return [*created, ".makeitso/config.toml"]


def _agents(
    context: Context, insertion: Insertion | None, *, yes: bool, skip: bool
) -> AgentsOutcome:
    if skip:
        return "skipped"
    if insertion is None:
        return "present"
    if not context.json:
        context.console.diff(insertion.diff)
    if not yes:
        if not context.console.interactive:
            return "not-asked"
        if not context.console.confirm("Add this to AGENTS.md?"):
            return "declined"
    replace_file(insertion.path, insertion.after.encode())
    return "written"
