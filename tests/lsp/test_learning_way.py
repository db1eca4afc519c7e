"""The whole way of learning in an editor, with the real Codex.

A worker prints what a tool says that no pattern knows; the miss stands in the log; its quick fix
proposes a pattern that passes the gate; it is approved; the next run reads the tool, at the real
file; taken back, the tool is unknown again.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Client, Place, make_client, start, stop
from run_sample import KEY, sample

from makeitso.scripted import Answer, Patch, RequestView, Run, Say, serve, workflow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from lsprotocol import types

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.codex,
    pytest.mark.timeout(400),
]

TOOL = """for i in 1 2 3 4 5 6 7 8; do
  echo "quern: words.py:$((i + $1)): stone $((i * 7 + $1)) is loose at gate $((i * $1 + 2))"
done
"""
PLAN = """# Grind {number}

The mill grinds.

- [ ] **T1** Grind it
  - files: `README.md`
  - done when: `true`
"""
PATCH = """*** Begin Patch
*** Update File: README.md
@@
 # Words
+Ground {number}.
*** End Patch
"""


class Mill:
    """A worker that runs the tool, in its own way in each run, and waits to be let go."""

    def __init__(self) -> None:
        self.number = 1
        self.gate = ""

    def script(self, view: RequestView) -> Answer:
        waits = f"until [ -e '{self.gate}' ]; do sleep 0.1; done" if self.gate else "true"
        return workflow(
            Answer(items=(Run(f"sh quern.sh {self.number}", "grind"),)),
            Answer(items=(Run(waits, "wait"),)),
            Answer(items=(Patch(PATCH.format(number=self.number), "patch"),)),
            Answer(items=(Say("It is ground.", phase="final_answer"),)),
        )(view)


@pytest.fixture(scope="module")
def mill() -> Mill:
    return Mill()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, mill: Mill) -> Iterator[Place]:
    with serve(mill.script, key=KEY) as model:
        found = sample(tmp_path_factory.mktemp("learning"), model.base_url)
        found.file("quern.sh", TOOL)
        for command in (
            ("git", "add", "-A"),
            ("git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "two"),
        ):
            subprocess.run(command, cwd=found.root, check=True, env=found.env)
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


async def test_a_tool_that_is_unknown_is_learned_and_unlearned(
    client: Client, place: Place, mill: Mill
) -> None:
    first = await _ground(client, place, mill, 1)
    second = await _ground(client, place, mill, 2)
    assert _patterns(client, first) | _patterns(client, second) == set()

    # The miss is in the log, and its quick fix proposes a pattern that passes the gate.
    log = client.open(_log(place, second), language="log")
    await client.until(lambda: "miss-new" in client.codes(log), what="the misses")
    line = next(d.range.start.line for d in client.diagnostics[log] if d.code == "miss-new")
    (fix,) = await client.actions(log, line)
    assert fix.title.startswith("Propose a pattern")
    proposed = await client.command(fix.command)
    assert proposed["item"] is not None, proposed["reason"]
    proposal = proposed["item"]["proposal"]
    held = [f for f in proposal["gate"] if not f["passed"] and f["rule"] != "risk"]
    assert held == []
    assert set(proposal["support"]["runs"] + proposal["support"]["unseenRuns"]) == {first, second}
    name = proposal["pattern"]["name"]

    # It is approved where it is read.
    uri = client.open(place.root / f".makeitso/proposals/{proposal['id']}.toml", language="toml")
    approve = await client.until_asked(lambda: _lens(client, uri, "Approve"), what="the lens")
    assert (await client.command(approve.command))["item"]["state"] == "applied"
    library = place.root / ".makeitso/protocol/regexes.toml"
    assert name in library.read_text("utf-8")
    await client.until(lambda: "miss-new" not in client.codes(log), what="the log is explained")

    # The next run reads the tool: at the real file while it goes on, and in its records.
    code = client.open(place.root / "words.py", language="python")
    gate = place.home / "go"
    mill.gate = str(gate)
    third = await _ground(client, place, mill, 3, until=lambda: _said(client, code))
    await client.until(lambda: not _said(client, code), what="it goes when the run moves on")
    await client.until(lambda: name in _patterns(client, third), what="it made records")

    # Taken back, the tool is unknown again.
    later = client.open(_log(place, third), language="log")
    back = await client.until_asked(lambda: _lens(client, uri, "Take back"), what="the lens")
    taken = await client.command(back.command)
    assert (taken["item"]["state"], taken["exact"]) == ("rolled-back", True)
    assert not library.exists() or name not in library.read_text("utf-8")
    await client.until(lambda: "miss-new" in client.codes(later), what="the misses are back")


async def _ground(client: Client, place: Place, mill: Mill, number: int, until: Any = None) -> str:
    """Make a run; where something is waited for, its worker waits, too."""
    mill.number = number
    path = place.file(f".makeitso/plans/grind-{number}.plan.md", PLAN.format(number=number))
    begun = await client.ask(
        "mis/run/start",
        {
            "plan": str(path),
            "yes": True,
            "policy": "delegate",
            "manager": {"kind": "none"},
        },
    )
    run = str(begun["run"]["id"])
    if until is not None:
        await client.until(until, what="what the tool said, at the file")
        (place.home / "go").touch()

    async def over() -> bool:
        view = (await client.ask("mis/run/get", {"run": run}))["run"]
        assert view["state"] not in ("failed", "stopped"), view
        return view["state"] == "done"

    await client.until_asked(over, what=f"run {number} is over")
    return run


def _log(place: Place, run: str) -> Any:
    return place.root / f".makeitso/artifacts/{run}/T1/output/stdout.log"


def _patterns(client: Client, run: str) -> set[str]:
    """Patterns that made records of what the tool said."""
    events = [told["event"] for name, told in client.told if name == "mis/run/event"]
    return {
        event["data"]["record"]["pattern"]
        for event in events
        if event["run"] == run
        and event["data"]["type"] == "record.found"
        and event["data"]["record"]["path"] == "words.py"
    }


def _said(client: Client, uri: str) -> bool:
    return any("is loose" in str(d.message) for d in client.diagnostics.get(uri, []))


async def _lens(client: Client, uri: str, title: str) -> types.CodeLens | None:
    return (await client.lenses(uri)).get(title)
