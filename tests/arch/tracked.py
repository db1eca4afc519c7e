"""What the tests of the house look at: the files git tracks, as they are in the checkout."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Every tracked file that is there, relative to the root."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return tuple(Path(name) for name in done.stdout.split("\0") if name and (ROOT / name).is_file())


@cache
def text_of(path: Path) -> str:
    """The text of a tracked file; what is not text is read as well as it goes."""
    return (ROOT / path).read_text("utf-8", errors="replace")


@cache
def make_targets() -> frozenset[str]:
    """The targets of the Makefile that are commands."""
    return frozenset(
        re.findall(r"^([a-z][a-z0-9-]*):.*## ", text_of(Path("Makefile")), re.MULTILINE)
    )
