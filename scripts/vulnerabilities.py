"""Asks pip-audit about the packages users install with us, and says honestly what it knew.

pip-audit calls it a success when its service knows none of the packages, as behind a mirror that
has no advisories. Here that is "skipped: no data".
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("api", "codex")
"""Lock files that together name all of it; the runtime is part of each."""
TIMEOUT_S = 120


class Dependency(TypedDict, total=False):
    """One package of pip-audit's answer."""

    name: str
    version: str
    skip_reason: str
    vulns: list[dict[str, object]]


def ask() -> tuple[list[Dependency], str]:
    """What pip-audit answered, and what it said on standard error."""
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
    command += ["--disable-pip", "--require-hashes"]
    command += [part for name in SHIPPED for part in ("-r", f"requirements/{name}.txt")]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [], f"no answer in {TIMEOUT_S} s"
    try:
        return json.loads(done.stdout)["dependencies"], done.stderr
    except (ValueError, KeyError):
        return [], done.stderr


def judge(dependencies: list[Dependency], said: str) -> tuple[list[str], int]:
    """The lines to say and the exit code.

    Args:
        dependencies: pip-audit's answer; empty: it gave none.
        said: its standard error, the reason when there is no answer.
    """
    known = [found for found in dependencies if not found.get("skip_reason")]
    if not known:
        reason = said.strip().splitlines()[-1:] or ["the service knows none of the packages"]
        why = "the service knows none of the packages" if dependencies else reason[0]
        return [f"vulnerabilities: skipped: no data ({why})"], 0
    lines = [f"  {d.get('name')}: {d.get('skip_reason')}" for d in dependencies if d not in known]
    hit = [found for found in known if found.get("vulns")]
    lines += [
        f"  {found.get('name')} {found.get('version')}: {vulnerability.get('id')}"
        for found in hit
        for vulnerability in found.get("vulns", [])
    ]
    asked = f"{len(known)} of {len(dependencies)} packages known to the service"
    verdict = f"{len(hit)} vulnerable" if hit else "none vulnerable"
    return [*lines, f"vulnerabilities: {verdict} ({asked})"], int(bool(hit))


def main() -> int:
    """Ask and say."""
    lines, code = judge(*ask())
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
