"""Write `requirements/*.txt` anew from `pyproject.toml`, with hashes and without any host.

Each file is a whole closure for Python 3.11 and up on every platform, so that `pip install
--no-deps --require-hashes` needs nothing else. The largest is resolved first and holds the others:
a package has one version in all files. Pins stay as they are unless `--upgrade` is given.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = "3.11"
WIDEST = "dev"
EXTRAS = {
    WIDEST: ("dev",),
    "test": ("test",),
    "api": ("api",),
    "fast": ("fast",),
    "otel": ("otel",),
    "codex": ("codex",),
    "runtime": (),
    "audit": ("audit",),
    "bench": ("bench",),
}
"""Lock file to the extras it locks; the first one is what the others are held to."""
OPTIONS = (
    "--universal",
    f"--python-version={OLDEST_PYTHON}",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-config",
    "--quiet",
)


def build_requirements() -> str:
    """What building the package needs, one requirement a line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return "\n".join(project["build-system"]["requires"]) + "\n"


def compile_lock(name: str, *, source: str, extras: tuple[str, ...], upgrade: bool) -> None:
    """Resolve one lock file.

    Args:
        name: the file's stem.
        source: `pyproject.toml`, or `-` for the requirements of the build.
        extras: extras to lock with the runtime.
        upgrade: take the newest versions instead of those the file has.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    held = () if name == WIDEST else (f"--constraint=requirements/{WIDEST}.txt",)
    command = [
        *(uv, "pip", "compile", source, *OPTIONS, *held),
        *(f"--extra={extra}" for extra in extras),
        *(("--upgrade",) if upgrade else ()),
        f"--output-file=requirements/{name}.txt",
    ]
    # The list goes to standard output too; only the file is wanted.
    subprocess.run(
        command,
        cwd=ROOT,
        check=True,
        text=True,
        input=build_requirements() if source == "-" else "",
        stdout=subprocess.DEVNULL,
    )


def main() -> int:
    """Write every lock file."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade: bool = parser.parse_args().upgrade
    (ROOT / "requirements").mkdir(exist_ok=True)
    for name, extras in EXTRAS.items():
        compile_lock(name, source="pyproject.toml", extras=extras, upgrade=upgrade)
        print(f"wrote requirements/{name}.txt")
    compile_lock("build", source="-", extras=(), upgrade=upgrade)
    print("wrote requirements/build.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
