"""The table from our policies to Codex settings. Pure.

| policy                 | Codex settings                                                      |
|------------------------|---------------------------------------------------------------------|
| `write_files` never    | sandbox `read-only`; patches are declined without asking            |
| `write_files` ask/auto | sandbox `workspace-write`: the worktree and the private TMPDIR only |
| `run_shell` never      | `features.shell_tool = false`: the model is offered no shell        |
| `run_shell` ask/auto   | sandboxed commands run; leaving the sandbox asks (`on-request`)     |
| `network` never        | no network in the sandbox, web search off                           |
| `network` ask          | the same; what needs the network must ask to leave the sandbox      |
| `network` auto         | network in the writable sandbox, web search live                    |
| `step_commands`        | approval `untrusted`: every command asks, granted ones unsandboxed  |
| no sandbox (demo only) | `danger-full-access`, approval `never`                              |

A granted request to leave the sandbox runs with everything the person has, the network included:
Codex has nothing between. The question says so. Whether `auto` and stored rules may grant it is
decided above this room. A read-only sandbox has no network whatever `network` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from makeitso.protocol.words import Permission

SandboxMode = Literal["read-only", "workspace-write", "danger-full-access"]
ApprovalMode = Literal["untrusted", "on-request", "never"]
WebSearch = Literal["disabled", "live"]


@dataclass(frozen=True, kw_only=True)
class CodexPermissions:
    """The Codex settings that carry rights."""

    sandbox: SandboxMode
    approval: ApprovalMode
    network_access: bool
    web_search: WebSearch
    shell_tool: bool


READ_ONLY = CodexPermissions(
    sandbox="read-only",
    approval="never",
    network_access=False,
    web_search="disabled",
    shell_tool=True,
)
"""For those who only look: the manager. Nothing asks, what is not allowed fails."""


def codex_permissions(
    *,
    write_files: Permission,
    run_shell: Permission,
    network: Permission,
    step_commands: bool = False,
    sandbox: bool = True,
) -> CodexPermissions:
    """Map policies to settings as in the table of this module."""
    mode: SandboxMode = "read-only" if write_files == "never" else "workspace-write"
    approval: ApprovalMode = "untrusted" if step_commands else "on-request"
    if not sandbox:
        mode = "danger-full-access"
        approval = "untrusted" if step_commands else "never"
    return CodexPermissions(
        sandbox=mode,
        approval=approval,
        network_access=network == "auto" and mode != "read-only",
        web_search="live" if network == "auto" else "disabled",
        shell_tool=run_shell != "never",
    )
