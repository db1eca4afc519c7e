"""A text from the person, written in their own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from makeitso.errors import EnvironmentFault


def written(shown: str, *, name: str) -> str:
    """What a person writes into a file they find something in; lines that begin with `#` go.

    Args:
        shown: what they find.
        name: name of the file.

    Raises:
        EnvironmentFault: the editor failed.
    """
    command = next(
        (os.environ[name] for name in ("GIT_EDITOR", "VISUAL", "EDITOR") if os.environ.get(name)),
        "vi",
    )
    with tempfile.TemporaryDirectory(prefix="mis-") as folder:
        path = Path(folder) / name
        path.write_text(shown, "utf-8", errors="surrogatepass")
        try:
            done = subprocess.run([*shlex.split(command), str(path)], check=False)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot start the editor {command}: {error.strerror}", hint="set EDITOR"
            ) from error
        if done.returncode != 0:
            raise EnvironmentFault(f"the editor {command} ended with {done.returncode}")
        saved = path.read_text("utf-8", errors="replace")
    return "\n".join(line for line in saved.splitlines() if not line.startswith("#")).strip()
