"""From spawning the language server to its answer to `initialize`, in CPU time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import psutil

from benchmarks.measure import Row, alternating

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = (sys.executable, "-m", "makeitso.lsp.main")
MINIMAL = (sys.executable, str(Path(__file__).with_name("minimal_server.py")))
PYTHON = (sys.executable, "-c", "pass")
END_TIMEOUT_S = 60


def rows(runs: int) -> list[Row]:
    """Ours against a minimal pygls server; the note says what a bare interpreter costs."""
    ours, bare = alternating(
        lambda: cpu_to_initialize_s(OURS), lambda: cpu_to_initialize_s(MINIMAL), runs=runs
    )
    return [
        Row(
            what="language server to initialize",
            against="minimal pygls server",
            unit="s CPU",
            ours=ours,
            bare=bare,
            runs=runs,
            note=f"{(ours - bare) * 1000:+.0f} ms",
        )
    ]


def cpu_to_initialize_s(command: Sequence[str]) -> float:
    """Start a server in an empty workspace, ask, read the answer, see what it has cost, end it."""
    with (
        tempfile.TemporaryDirectory(prefix="makeitso-bench-") as directory,
        subprocess.Popen(
            command,
            cwd=directory,
            env={"PATH": os.environ["PATH"], "HOME": directory, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as server,
    ):
        to, back = cast("IO[bytes]", server.stdin), cast("IO[bytes]", server.stdout)
        uri = Path(directory).as_uri()
        params: dict[str, object] = {"capabilities": {}, "processId": None, "rootUri": uri}
        send(to, id=1, method="initialize", params=params)
        answer = receive(back)
        times = psutil.Process(server.pid).cpu_times()
        if "capabilities" not in str(answer.get("result")):
            raise RuntimeError(f"{command[-1]} answered {answer}")
        send(to, id=2, method="shutdown")
        receive(back)
        send(to, method="exit")
        to.close()
        server.wait(END_TIMEOUT_S)
    return times.user + times.system


def send(to: IO[bytes], **message: object) -> None:
    """Write a message."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    to.flush()


def receive(back: IO[bytes]) -> dict[str, object]:
    """The next answer; what the server says unasked is passed over."""
    while True:
        length = 0
        while line := back.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise RuntimeError("the server ended without an answer")
        message: dict[str, object] = json.loads(back.read(length))
        if "id" in message and "method" not in message:
            return message
