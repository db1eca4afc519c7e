"""What a server loads before it answers `initialize`: no adapter, no model library, no terminal."""

from __future__ import annotations

import subprocess
import sys

LATE = (
    "openai",
    "keyring",
    "websockets",
    "opentelemetry",
    "typer",
    "rich",
    "makeitso.cli",
    "makeitso.demo",
    "makeitso.scripted",
    "makeitso.codex.appserver",
    "makeitso.managers.api",
    "makeitso.managers.codex",
    "makeitso.workers.codex",
    "makeitso.workers.codex_exec",
)


def test_adapters_load_late() -> None:
    program = (
        "import sys; from makeitso.lsp.server import build; build(); "
        f"print([name for name in {LATE!r} if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert ended.stdout.strip() == "[]"
