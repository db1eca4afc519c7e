"""Write the generated part of `protocol/` anew; with `--check` only say what is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from makeitso.protocol.export import exported

PROTOCOL = Path(__file__).resolve().parents[1] / "protocol"


def stale() -> list[str]:
    """Paths, relative to `protocol/`, whose text is not what the models say."""
    return [path for path, text in exported().items() if _present(PROTOCOL / path) != text]


def _present(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        return None


def main() -> int:
    """Write, or check; 1 when something is stale."""
    found = stale()
    for path in found:
        sys.stderr.write(f"{'stale' if '--check' in sys.argv else 'wrote'}: protocol/{path}\n")
        if "--check" not in sys.argv:
            target = PROTOCOL / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(exported()[path], "utf-8", newline="\n")
    return int(bool(found) and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
