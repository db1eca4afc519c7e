"""Tries the built wheel where nothing else is: a new environment, an empty home, a new repository.

Installs from the lock files; without a `codex` on PATH, the one of the extra too. Runs
`mis --version`, `mis init` and `mis demo --yes`, and the language server to its first answer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 600


def run(*command: str | Path, cwd: Path, env: dict[str, str], feed: bytes = b"") -> bytes:
    """Say a command, run it and return all it says; its failure ends everything.

    Raises:
        SystemExit: it failed or took longer than TIMEOUT_S.
    """
    print("+", *(Path(part).name if isinstance(part, Path) else part for part in command))
    sys.stdout.flush()
    try:
        done = subprocess.run(
            list(command),
            cwd=cwd,
            env=env,
            input=feed,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        sys.exit(f"smoke: no end after {TIMEOUT_S} s")
    if done.returncode != 0:
        sys.stdout.buffer.write(done.stdout + done.stderr)
        sys.exit(f"smoke: exit code {done.returncode}")
    return done.stdout + done.stderr


def install(wheel: Path, *, into: Path, env: dict[str, str]) -> Path:
    """Make an environment with the wheel and what it needs; returns its `bin`."""
    venv.create(into, with_pip=True)
    programs = into / ("Scripts" if os.name == "nt" else "bin")
    pip = (programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    locked = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "-r")
    run(*pip, *locked, "requirements/runtime.txt", cwd=ROOT, env=env)
    if shutil.which("codex") is None:
        print("no codex on PATH: installing it, a download of about 142 MB")
        run(*pip, *locked, "requirements/codex.txt", cwd=ROOT, env=env)
    run(*pip, "--no-deps", wheel, cwd=ROOT, env=env)
    return programs


def initialize_request() -> bytes:
    """What an editor says first, and then that it leaves."""
    messages: list[dict[str, object]] = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": None}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
    return b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)


def main() -> int:
    """Install and try."""
    place = ROOT / sys.argv[1]
    wheels = sorted(place.glob("*.whl"))
    if len(wheels) != 1:
        sys.exit(f"smoke: {len(wheels)} wheels in {place}; `make build` makes one")
    with tempfile.TemporaryDirectory(prefix="makeitso smoke ") as directory:
        base = Path(directory)
        home, repository = base / "home", base / "repository"
        for made in (home, repository):
            made.mkdir()
        # pip's cache stays where the person has it; all else is out of an empty home.
        env = {**os.environ, "PIP_CACHE_DIR": str(_pip_cache())}
        programs = install(wheels[0], into=base / "env", env=env)
        env = {**env, "HOME": str(home)}
        for name in ("PYTHONPATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            env.pop(name, None)
        mis = programs / "mis"
        print(run(mis, "--version", cwd=repository, env=env).decode().strip())
        run("git", "init", "--quiet", cwd=repository, env=env)
        run(mis, "init", "--yes", cwd=repository, env=env)
        answer = run(
            programs / "makeitso-language-server",
            cwd=repository,
            env=env,
            feed=initialize_request(),
        )
        if b'"capabilities"' not in answer:
            sys.exit(f"smoke: the language server answered {answer[:500]!r}")
        sys.stdout.buffer.write(run(mis, "demo", "--yes", cwd=repository, env=env)[-2000:])
    print("smoke: the wheel works")
    return 0


def _pip_cache() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PIP_CACHE_DIR") or cache / "pip")


if __name__ == "__main__":
    sys.exit(main())
