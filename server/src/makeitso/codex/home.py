"""CODEX_HOME for one job: its config file and the environment of the program."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomlkit

from makeitso.errors import ConfigError, EnvironmentFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from makeitso.codex.permissions import CodexPermissions

KEY_VARIABLE = "MAKEITSO_WORKER_API_KEY"
PROVIDER = "makeitso"
OPENAI_URL = "https://api.openai.com/v1"
_MARK = "# Written by makeitso for one job; changes are lost.\n"

ALLOWED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "SHLVL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CODEX_CA_CERTIFICATE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)
"""Variables the program may inherit; `LC_*` too."""

HIDDEN_FROM_COMMANDS = (
    KEY_VARIABLE,
    "CODEX_HOME",
    "CODEX_API_KEY",
    "OPENAI_API_KEY",
    "*_PROXY",
    "*_proxy",
)
"""Not handed on to commands: our key, and proxies, whose URLs may hold passwords."""


@dataclass(frozen=True, kw_only=True)
class HomeSettings:
    """What one job's config says.

    Attributes:
        permissions: the settings that carry rights.
        workspace: directory it works in; written as untrusted, so that nothing in it is obeyed.
        model: None: the program's default.
        base_url: None: OpenAI's if there is a key, else the program's own provider and login.
        has_key: True if a key is handed over in the environment.
        instructions: developer instructions; empty: none. Only for transports without a parameter
            for them; never argv, which every user of the machine can read.
        request_retries: attempts after a refused request.
        stream_retries: attempts after a stream that broke.
        stream_idle_ms: longest silence of the model, in milliseconds.
    """

    permissions: CodexPermissions
    workspace: Path
    model: str | None = None
    base_url: str | None = None
    has_key: bool = False
    instructions: str = ""
    request_retries: int = 2
    stream_retries: int = 2
    stream_idle_ms: int = 300_000


def config_text(settings: HomeSettings) -> str:
    """The config file of a job."""
    rights = settings.permissions
    document = tomlkit.document()
    if settings.model:
        document["model"] = settings.model
    document["check_for_update_on_startup"] = False
    document["sandbox_mode"] = rights.sandbox
    # "untrusted" is refused in the file and taken as a parameter of thread/start.
    document["approval_policy"] = "never" if rights.approval == "never" else "on-request"
    document["web_search"] = rights.web_search
    if settings.instructions:
        document["developer_instructions"] = settings.instructions
    if settings.base_url or settings.has_key:
        document["model_provider"] = PROVIDER
        document["model_providers"] = {PROVIDER: _provider(settings)}
    document["analytics"] = {"enabled": False}
    document["features"] = {
        # A snapshot of the shell holds the environment, the key included, in a file.
        "shell_snapshot": False,
        # Without this a refused connection is tried again for ever.
        "unbounded_connection_retries": False,
        "shell_tool": rights.shell_tool,
    }
    document["sandbox_workspace_write"] = {
        "network_access": rights.network_access,
        "exclude_slash_tmp": True,
        # TMPDIR is private to the job, and test suites need a temporary directory.
        "exclude_tmpdir_env_var": False,
    }
    document["shell_environment_policy"] = {
        # "all" of the allow-listed environment, so that commands carry the tag they are found by.
        "inherit": "all",
        "ignore_default_excludes": False,
        "exclude": list(HIDDEN_FROM_COMMANDS),
    }
    # Codex adds "trusted" for its directory unless an entry is there.
    document["projects"] = {
        path: {"trust_level": "untrusted"}
        for path in dict.fromkeys((str(settings.workspace), str(settings.workspace.resolve())))
    }
    return _MARK + tomlkit.dumps(document)


def write_home(home: Path, settings: HomeSettings) -> None:
    """Make `home` private and write its config.

    Raises:
        ConfigError: there is a config file that is not ours.
        EnvironmentFault: it cannot be written.
    """
    config = home / "config.toml"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        if config.exists() and not config.read_text(encoding="utf-8").startswith(_MARK):
            raise ConfigError(
                f"{config} is a Codex configuration of your own; it is not overwritten",
                hint="give the worker a codex_home of its own and log in there",
                data={"path": str(config)},
            )
        fresh = config.with_suffix(".new")
        fresh.write_text(config_text(settings), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(config)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write the Codex home {home}: {error}",
            hint="check that the directory is yours and the disk has room",
        ) from error


def codex_environment(
    *,
    home: Path,
    tmp: Path,
    api_key: str | None,
    inherited: Mapping[str, str],
    extra: Mapping[str, str],
) -> dict[str, str]:
    """The whole environment of the program: the allow-list, then `extra`, then what is ours.

    Raises:
        EnvironmentFault: `home` lies under `tmp`. Codex then cannot set up its sandbox, every
            command and patch fails, and the turn still counts as completed.
    """
    real_home, real_tmp = home.resolve(), tmp.resolve()
    if real_home == real_tmp or real_home.is_relative_to(real_tmp):
        raise EnvironmentFault(
            f"the Codex home {home} lies inside the temporary directory {tmp}",
            hint="keep them side by side",
        )
    allowed = {
        name: value
        for name, value in inherited.items()
        if name in ALLOWED or name.startswith("LC_")
    }
    allowed.setdefault("PATH", os.defpath)
    # A bash of level 1 whose input is a socket takes itself for a remote login and reads ~/.bashrc.
    allowed.setdefault("SHLVL", "1")
    key = {KEY_VARIABLE: api_key} if api_key else {}
    return {**allowed, **extra, "CODEX_HOME": str(home), "TMPDIR": str(tmp), **key}


def _provider(settings: HomeSettings) -> dict[str, object]:
    provider: dict[str, object] = {
        "name": PROVIDER,
        "base_url": settings.base_url or OPENAI_URL,
        "wire_api": "responses",
        "request_max_retries": settings.request_retries,
        "stream_max_retries": settings.stream_retries,
        "stream_idle_timeout_ms": settings.stream_idle_ms,
    }
    return {**provider, "env_key": KEY_VARIABLE} if settings.has_key else provider
