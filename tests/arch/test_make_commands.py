from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from tracked import ROOT, make_targets, text_of, tracked

LOCKS = ("runtime", "build", "codex", "test")
ASKED_FOR = {"demo", "test", "lint", "build", "e2e", "audit", "bench"}
BEFORE = r"(?:^|[`(;&|]|run: |step |\"command\": \")"
CALL = re.compile(BEFORE + r"\s*make((?: [a-z][a-z0-9-]*| [A-Z_]+=\S+)+)", re.MULTILINE)


def make(
    *words: str, cwd: Path = ROOT, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path or os.environ["PATH"], "HOME": os.devnull}
    command = ["make", *words]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile and what it looks at, in a path with a space, with nothing installed."""
    root = tmp_path / "a checkout"
    (root / "requirements").mkdir(parents=True)
    (root / "Makefile").write_text(text_of(Path("Makefile")))
    for name in ("pyproject.toml", *(f"requirements/{name}.txt" for name in LOCKS)):
        (root / name).touch()
    return root


def interpreter(tmp_path: Path, *, says: str, new_enough: bool) -> Path:
    program = tmp_path / "some python"
    code = 0 if new_enough else 1
    program.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo "{says}" && exit 0\nexit {code}\n')
    program.chmod(0o755)
    return program


def test_the_commands_are_there_and_help_lists_them() -> None:
    assert make_targets() >= ASKED_FOR
    lines = make("help").stdout.splitlines()
    assert {line.split()[0] for line in lines} == make_targets()


def test_commands_are_phony() -> None:
    phony = re.findall(r"^\.PHONY: (.*)$", text_of(Path("Makefile")), re.MULTILINE)
    assert make_targets() <= set(" ".join(phony).split())


def test_an_old_python_is_named_and_the_way_out(checkout: Path, tmp_path: Path) -> None:
    old = interpreter(tmp_path, says="Python 3.9.1", new_enough=False)
    done = make("demo", f"PYTHON={old}", cwd=checkout)
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "3.9.1" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_a_python_without_venv_is_told(checkout: Path, tmp_path: Path) -> None:
    program = interpreter(tmp_path, says="", new_enough=True)
    program.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\nexit 1\n')
    done = make("demo", f"PYTHON={program}", cwd=checkout)
    assert done.returncode != 0
    assert "python3-venv" in done.stderr


def installed(checkout: Path, tmp_path: Path) -> Path:
    """Let a fresh checkout be made ready for the demo by a Python that only notes what it does."""
    log = tmp_path / "log"
    fake = checkout / ".venv" / "bin" / "python"
    fake.parent.mkdir(parents=True)
    fake.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\n')
    fake.chmod(0o755)
    mis = fake.with_name("mis")
    mis.write_text(f'#!/bin/sh\necho mis "$@" >> "{log}"\n')
    mis.chmod(0o755)
    return log


def test_the_download_is_announced_before_it_happens(checkout: Path, tmp_path: Path) -> None:
    log = installed(checkout, tmp_path)
    program = interpreter(tmp_path, says="", new_enough=True)
    done = make("demo", "DEMO_ARGS=--yes", f"PYTHON={program}", cwd=checkout, path="/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert "about 142 MB" in done.stdout
    said = log.read_text().splitlines()
    assert said[-1] == "mis demo --yes"
    assert "requirements/codex.txt" in said[-2]
    installs = [line for line in said if "install" in line and "editable" not in line]
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    again = make("demo", f"PYTHON={program}", cwd=checkout, path="/usr/bin:/bin")
    assert again.returncode == 0
    assert log.read_text().splitlines() == [*said, "mis demo"]


def test_a_codex_on_path_is_used(checkout: Path, tmp_path: Path) -> None:
    log = installed(checkout, tmp_path)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "codex").write_text("#!/bin/sh\n")
    (programs / "codex").chmod(0o755)
    program = interpreter(tmp_path, says="", new_enough=True)
    done = make("demo", f"PYTHON={program}", cwd=checkout, path=f"{programs}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert "142 MB" not in done.stdout
    assert "codex.txt" not in log.read_text()


def speaks_of_commands(path: Path) -> bool:
    elsewhere = {"tests", "examples"} & set(path.parts)  # they speak of other projects
    documents = path.suffix in {".md", ".yml", ".json"} and not elsewhere
    return documents or path == Path(".ci/run")


@pytest.mark.parametrize("path", list(filter(speaks_of_commands, tracked())), ids=str)
def test_every_make_that_is_spoken_of_exists(path: Path) -> None:
    for words in CALL.findall(text_of(path)):
        assert {word for word in words.split() if "=" not in word} <= make_targets()


def test_the_pattern_finds_calls() -> None:
    text = '- `make lint test`\n - run: make smoke TAG="x"\nstep make test\n"command": "make e2e"\n'
    found = CALL.findall(f'{text}You say "make it so".\n')
    assert [words.split()[0] for words in found] == ["lint", "smoke", "test", "e2e"]


def test_nox_sessions_call_make() -> None:
    targets = re.findall(r'session\.run\("make", "([a-z0-9-]+)"', text_of(Path("noxfile.py")))
    assert set(targets) <= make_targets()
    assert len(targets) >= 6


@pytest.mark.parametrize("name", ["launch", "settings", "extensions", "tasks"])
def test_editor_files_are_json(name: str) -> None:
    assert json.loads(text_of(Path(f".vscode/{name}.json")))


def test_the_ci_script_runs_what_must_hold() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    steps = re.findall(r"^step make (\S+)$", script.read_text(), re.MULTILINE)
    assert steps == ["lint", "smoke", "learn-ci", "faults-ci", "bench-ci", "test"]
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
