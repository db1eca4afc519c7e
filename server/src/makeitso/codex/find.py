"""Which `codex` to run, and whether it will do."""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from makeitso.errors import EnvironmentFault
from makeitso.processes import run_command

FLOOR = (0, 100, 0)
"""Below this the app-server protocol is another one."""
TESTED_FROM = (0, 163, 0)
TESTED_TO = (0, 169, 99)
INSTALL_HINT = (
    "install the Codex CLI, or run: pip install 'makeitso-codex[codex]' (downloads about 142 MB)"
)
_PROBE_TIMEOUT_S = 30.0
_VERSION_LINE = re.compile(r"^codex\S* (\d+\.\d+\.\d+\S*)", re.MULTILINE)
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)\S*")

Source = Literal["config", "path", "package"]


@dataclass(frozen=True, kw_only=True)
class Codex:
    """A Codex program that answered.

    Attributes:
        path: the binary itself, npm's launcher script resolved away.
        version: as it says, e.g. `0.163.0`.
        source: how it was found: named in the config, on PATH, or the extra package.
        warning: why it may not do, empty if nothing is known against it.
    """

    path: Path
    version: str
    source: Source
    warning: str = ""

    @property
    def name(self) -> str:
        """Name and version, for people and the journal."""
        return f"codex-cli {self.version}"


def find_codex(
    command: str | None = None, *, search_path: str | None = None
) -> tuple[Path, Source]:
    """Locate the program: the configured command, else `codex` on PATH, else the extra package.

    Args:
        command: a program name or path from the config; None: not configured.
        search_path: where programs are looked up; None: PATH of this process.

    Raises:
        EnvironmentFault: there is none.
    """
    lookup = os.environ.get("PATH", os.defpath) if search_path is None else search_path
    if command:
        found = shutil.which(str(Path(command).expanduser()), path=lookup)
        if found is None:
            raise EnvironmentFault(
                f"the configured Codex command {command!r} is not a program that can be run",
                hint="correct [workers.codex] command, or remove it to use codex from PATH",
            )
        return native_binary(Path(found)), "config"
    if found := shutil.which("codex", path=lookup):
        return native_binary(Path(found)), "path"
    if packaged := _packaged():
        return packaged, "package"
    raise EnvironmentFault("the Codex CLI is not installed", hint=INSTALL_HINT)


async def probe_codex(command: str | None = None, *, search_path: str | None = None) -> Codex:
    """Locate the program and ask its version.

    Raises:
        EnvironmentFault: there is none, it does not run, or it is too old.
    """
    path, source = find_codex(command, search_path=search_path)
    said = bytearray()

    async def on_output(channel: Literal["stdout", "stderr"], data: bytes) -> None:
        if channel == "stdout":  # what it warns of may come in the middle of the line
            said.extend(data)

    result = await run_command(
        [str(path), "--version"],
        cwd=path.parent,
        # Even --version writes into CODEX_HOME; below a file there can be none.
        env={"PATH": os.environ.get("PATH", os.defpath), "CODEX_HOME": str(path / "none")},
        timeout_s=_PROBE_TIMEOUT_S,
        on_output=on_output,
    )
    text = result.output.decode(errors="replace").strip()
    match = _VERSION_LINE.search(said.decode(errors="replace"))
    if result.exit_code != 0 or match is None:
        raise EnvironmentFault(
            f"{path} does not say which version of Codex it is: {text[:200] or 'no output'}",
            hint=INSTALL_HINT,
        )
    version = match.group(1)
    return Codex(path=path, version=version, source=source, warning=judge_version(version))


def judge_version(version: str) -> str:
    """What there is to say against a version; empty: nothing.

    Raises:
        EnvironmentFault: it is below the floor.
    """
    match = _VERSION.match(version)
    number = tuple(int(part) for part in match.groups()) if match else (0, 0, 0)
    if number < FLOOR:
        raise EnvironmentFault(
            f"codex {version} is too old; {_dotted(FLOOR)} or newer is needed", hint=INSTALL_HINT
        )
    if not TESTED_FROM <= number <= TESTED_TO:
        return (
            f"codex {version} is untested; {_dotted(TESTED_FROM)} to {TESTED_TO[0]}.{TESTED_TO[1]}"
            " are known to work"
        )
    return ""


def native_binary(found: Path) -> Path:
    """The native program behind npm's launcher script, or `found` itself.

    The launcher costs 0.3 s of node start-up and one more process between us and Codex.
    """
    real = found.resolve()
    if real.suffix != ".js":
        return found
    package = real.parent.parent
    roots = (
        package,
        *package.glob("node_modules/@openai/codex-*"),
        *package.parent.glob("codex-*"),
    )
    arch = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower())
    arch = arch or platform.machine().lower()
    system = {"darwin": "apple", "win32": "windows"}.get(sys.platform, "linux")
    for root in roots:
        for pattern in ("vendor/*/bin/codex", "vendor/*/codex/codex"):
            for binary in sorted(root.glob(pattern)):
                triple = binary.parent.parent.name
                if arch in triple and system in triple and os.access(binary, os.X_OK):
                    return binary
    return found


def _packaged() -> Path | None:
    # By name, for the extra may not be installed where types are checked either.
    try:
        package = importlib.import_module("codex_cli_bin")
    except ImportError:
        return None
    path = Path(str(package.bundled_codex_path()))
    return path if path.is_file() else None


def _dotted(number: tuple[int, int, int]) -> str:
    return ".".join(map(str, number))
