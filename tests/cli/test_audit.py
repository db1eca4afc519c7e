from __future__ import annotations

import re
import sqlite3
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, cast

import anyio
import pytest
from mis_process import Ended, Mis, mis_in

from journal import audit_tape as on
from journal.audit_tape import CHECK
from makeitso.cli.main import main
from makeitso.errors import NotFoundError
from makeitso.protocol import events as ev
from makeitso.protocol.audit import AuditFigures
from makeitso.protocol.methods import BY_NAME
from makeitso.requests import dispatch
from makeitso.requests.place import Idle, Workplace
from makeitso.store.journal import Journal
from makeitso.store.outputs import OutputFile, keep
from makeitso.wiring import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.protocol.events import EventData

    Here = Callable[..., Ended]

HOSTILE = "<script>alert(1)</script> \x1b[31m \u202e \"'&"


class Clock:
    """Every look takes a second."""

    def __init__(self) -> None:
        self.ms = 1_795_000_000_000

    def now_ms(self) -> int:
        self.ms += 1000
        return self.ms

    def monotonic(self) -> float:
        return 0.0

    def passed(self) -> float:
        return 0.0


class Scene:
    """A workspace with a real journal and real output files."""

    def __init__(self, work: Path) -> None:
        self.artifacts = work / ".makeitso/artifacts"
        self.path = work / ".makeitso/journal.db"
        self.journal = Journal(self.path, clock=Clock(), client="cli")

    def run(self, run: str, *, goal: str = "mend it", ended: bool = True) -> None:
        def add(data: EventData, task: str | None = None, *, person: bool = False) -> None:
            actor = "person" if person else "engine"
            self.journal.append(data, actor=actor, run=run, task=task)

        prompt = keep(self.artifacts, f"{run}/T1/prompts/round-1.md", b"first\n")
        add(on.created().model_copy(update={"goal": goal}), person=True)
        add(on.planned(on.task("T1", files=("a.py",), checks=(CHECK,))))
        add(ev.ApprovalAsked(id=f"{run}-a", kind="plan", subject=HOSTILE, digest="d"))
        add(ev.ApprovalDecided(id=f"{run}-a", grant=True, who="ada"), person=True)
        add(ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d", prompt=prompt), "T1")
        output = OutputFile(self.artifacts, f"{run}/T1/output/stdout.log")
        output.write(b"one\n")
        first = output.mark()
        add(ev.TurnEnded(status="interrupted", outputs=(first,)), "T1")
        prompt = keep(self.artifacts, f"{run}/T1/prompts/round-1.md", b"once more\n")
        add(ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d", prompt=prompt), "T1")
        output.write(b"two\nthree\n")
        second = output.mark()
        output.close()
        add(on.record(), "T1")
        add(on.usage("worker", 300, 40), "T1")
        add(ev.TurnEnded(status="completed", outputs=(second,)), "T1")
        add(on.check("proposal").model_copy(update={"command": HOSTILE, "output": None}), "T1")
        add(on.proposed(("h1", "a.py"), ("h2", "b.py")), "T1")
        add(ev.HunkMarked(hunks=("h1",), mark="accepted"), "T1", person=True)
        add(ev.HunkMarked(hunks=("h2",), mark="rejected"), "T1", person=True)
        add(on.landed("h1"), "T1")
        add(ev.TaskEnded(state="landed"), "T1")
        if ended:
            add(ev.RunFinished(state="done"))


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


@pytest.fixture
def scene(mis: Mis) -> Scene:
    return Scene(mis.work)


def change(path: Path, statement: str) -> None:
    """What somebody does to the file behind our back."""
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()


@pytest.fixture
def here(mis: Mis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The same program without a process of its own, which is what takes time."""
    for name, value in mis.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(mis.work)

    def run(*args: str) -> Ended:
        code = main(list(args))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


def verified(here: Here) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and text of `--verify`."""
    spoken, data = here("audit", "--verify"), here("audit", "--verify", "--json")
    assert spoken.code == data.code
    return data.code, cast("dict[str, Any]", data.json), spoken.out


def test_where_nothing_was_run(mis: Mis, here: Here) -> None:
    assert "no runs yet" in here("audit").out
    figures = AuditFigures.model_validate(here("audit", "--json").json)
    assert figures.by_run == ()
    code, data, _ = verified(here)
    assert (code, data["rows"], data["whole"], data["broken_row"]) == (0, 0, True, None)
    missing = here("audit", "r1")
    assert (missing.code, "no run r1" in missing.err) == (2, True)
    assert not (mis.work / ".makeitso").exists()


def test_figures_in_words_and_as_json(mis: Mis, scene: Scene) -> None:
    scene.run("r1", goal=HOSTILE)
    scene.run("r2")
    text = mis("audit")
    assert text.code == 0
    assert "2 runs, 34 events, 2026-11-18" in text.out
    lines = {line.split("  ")[0]: " ".join(line.split()) for line in text.out.splitlines()}
    assert lines["tokens"] == "tokens 680 manager 0, worker 680"
    assert lines["tokens a landed hunk"] == "tokens a landed hunk 340"
    assert lines["acceptance"].startswith("acceptance 50.0% 2 accepted, 2 rejected, 2 landed")
    assert lines["plan adherence"] == "plan adherence 25.0% files 2 of 4, proved 0 of 2"
    assert lines["budget"] == "budget 34.0% 680 of 2,000"
    assert lines["asked: plan"] == "asked: plan 2 2 granted, 0 denied, 0 void, 0 open"
    assert lines["answered by"] == "answered by ada 2"
    assert lines["r1"].startswith("r1 done 340 50.0% 100.0% 1.0 s <script>alert(1)</script>")
    assert "\x1b" not in text.out
    assert "\u202e" not in text.out

    figures = AuditFigures.model_validate(mis("audit", "--json").json)
    assert [run.id for run in figures.by_run] == ["r1", "r2"]
    assert figures.total.waits.person_ms == 2000
    assert figures.total.waits.retries == 2
    assert figures.total.output.worker_bytes == 28


def test_one_run(here: Here, scene: Scene) -> None:
    scene.run("r1")
    scene.run("r2")
    figures = AuditFigures.model_validate(here("audit", "--json", "r2").json)
    assert [run.id for run in figures.by_run] == ["r2"]
    assert figures.total == figures.by_run[0].figures
    assert "1 run, 17 events" in here("audit", "r2").out
    wrong = here("audit", "r2", "r7")
    assert (wrong.code, "no run r7" in wrong.err) == (2, True)


def test_what_tasks_and_phases_cost_is_below_the_runs_that_are_named(
    mis: Mis, here: Here, scene: Scene
) -> None:
    scene.run("r1")
    scene.run("r2", ended=False)
    add = partial(scene.journal.append, actor="engine", run="r2", task="T1", phase="task")
    add(ev.PhaseStarted())
    add(on.usage("worker", 500, 10))
    add(ev.TimeCounted(active_ms=72_000, run_ms=72_000))
    add(ev.ApprovalAsked(id="r2-b", kind="command", subject="s", digest="e", tasks=("T1",)))
    add(ev.ApprovalVoided(id="r2-b", reason="gone"))
    at = "run: 85 % of 1k tokens"
    lines = [" ".join(line.split()) for line in here("audit", "r2").out.splitlines()]
    head = lines.index("task tokens at work rounds asked waited nearest ceiling")
    assert lines[head + 1 :] == [
        f"T1 landed 850 1.2 min 1 1 1.0 s {at}",
        f"task 510 1.2 min 0 1 1.0 s {at}",
    ]
    both = here("audit", "r1", "r2").out
    assert both.index("\nr1  ") < both.index("run: 34 % of 1k tokens") < both.index(at)
    everything = here("audit").out
    assert at not in everything
    assert "tasks and phases of one: mis audit RUN" in everything
    (first, second) = AuditFigures.model_validate(here("audit", "--json").json).by_run
    assert (first.share, second.share) == (0.34, 0.85)
    assert second.tasks[0].phases[0].active_ms == 72_000

    here("audit", "--html", "out.html")
    page = (mis.work / "out.html").read_text()
    assert Shape.of(page).wrong == []
    cells = ("r2", "T1 T1", "task", "510", "1.2 min", "0", "1", "1.0 s", at, "85.0%")
    plain = re.sub(r"<td[^>]*>", "<td>", page)
    assert "".join(f"<td>{cell}</td>" for cell in cells) in plain
    assert "850, 85.0%" in page


def test_the_request_gives_the_same(here: Here, scene: Scene, mis: Mis) -> None:
    scene.run("r1")
    scene.run("r2")
    bridge = Bridge(mis.work, client="test")
    method = BY_NAME["mis/audit/get"]

    def ask(**params: str) -> AuditFigures:
        at = Workplace(bridge=bridge, runner=Idle())
        answer = anyio.run(dispatch.answer, at, method, dispatch.parse(method, params))
        assert isinstance(answer, AuditFigures)
        return answer

    assert ask() == AuditFigures.model_validate(here("audit", "--json").json)
    assert ask(run="r2") == AuditFigures.model_validate(here("audit", "--json", "r2").json)
    with pytest.raises(NotFoundError, match="no run r9"):
        ask(run="r9")
    bridge.close()


def test_only_the_latest_runs_unless_all_are_asked_for(here: Here, scene: Scene) -> None:
    for number in range(12):
        scene.journal.append(on.created(), actor="person", run=f"r{number}")
    short, long = here("audit").out, here("audit", "--all").out
    assert "2 earlier ones: mis audit --all" in short
    assert ("\nr1 " in short, "\nr2 " in short, "\nr1 " in long) == (False, True, True)


def test_whole(here: Here, scene: Scene) -> None:
    scene.run("r1")
    code, data, text = verified(here)
    assert code == 0
    assert "chain   whole: 17 rows, the last is " in text
    assert "output  whole: 3 stretches of kept files" in text
    assert (data["rows"], data["whole"], data["stretches"]) == (17, True, 3)
    assert data["last_hash"] == list(scene.journal.read())[-1].hash


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE events SET data = replace(data, 'ada', 'eve') WHERE seq = 4", 4),
        ("UPDATE events SET at = at + 1 WHERE seq = 7", 7),
        ("UPDATE events SET data = '{' WHERE seq = 2", 2),
        ("UPDATE events SET hash = 'x' WHERE seq = 17", 17),
        ("DELETE FROM events WHERE seq = 5", 6),
        ("DELETE FROM events WHERE seq = 1", 2),
    ],
)
def test_where_the_chain_breaks(here: Here, scene: Scene, statement: str, row: int) -> None:
    scene.run("r1")
    scene.journal.close()
    change(scene.path, statement)
    code, data, text = verified(here)
    assert code == 1
    assert (data["whole"], data["broken_row"]) == (False, row)
    assert f"the chain breaks at row {row} of 17" in text


@pytest.mark.parametrize(
    ("name", "content", "row", "state"),
    [
        ("output/stdout.log", b"one\nTWO\nthree\n", 10, "changed"),
        ("output/stdout.log", b"One\ntwo\nthree\n", 6, "changed"),
        ("output/stdout.log", b"one\ntwo\n", 10, "cut"),
        ("prompts/round-1.md", b"once mora\n", 7, "changed"),
        ("prompts/round-1.md", None, 7, "gone"),
    ],
)
def test_which_output_is_not_what_it_was(
    here: Here, scene: Scene, name: str, content: bytes | None, row: int, state: str
) -> None:
    scene.run("r1")
    path = scene.artifacts / "r1/T1" / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    code, data, text = verified(here)
    assert code == 1
    if state != "cut":  # the stretch behind it may be cut, too
        assert len(data["broken"]) == 1
    assert {"seq": row, "path": f"r1/T1/{name}", "state": state} in data["broken"], data
    assert f"row {row}: r1/T1/{name} is {state}" in text


PAUSED = ev.RunPaused(state="waiting", reason="review", exit_code=3)
LOG = "r1/T1/output/stdout.log"


def _append(path: Path, text: str = "four\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("name", [LOG, "r1/T1/prompts/round-1.md", "r1/T1/output/other.log"])
def test_what_was_added_to_a_file_since_is_an_alarm(here: Here, scene: Scene, name: str) -> None:
    scene.run("r1")
    before = (scene.artifacts / name).stat().st_size if "other" not in name else 0
    _append(scene.artifacts / name)
    code, data, text = verified(here)
    assert (code, data["whole"], data["broken"]) == (1, False, [])
    rest = {"path": name, "offset": before, "length_bytes": 5, "why": "added"}
    assert data["rests"] == [rest]
    assert f"5 bytes of {name} were added by somebody else" in text
    assert "output  whole" not in text


@pytest.mark.parametrize(
    ("then", "why"),
    [
        ((), "going on"),
        ((PAUSED,), "added"),
        ((PAUSED, ev.RunResumed()), "going on"),
        ((PAUSED, ev.RunResumed(), ev.RunFinished(state="done")), "added"),
        ((ev.RunResumed(), PAUSED), "crash"),
        (
            (ev.RunResumed(), ev.WorkerEnded(reason="was gone"), ev.RunFinished(state="done")),
            "crash",
        ),
        ((ev.TaskEnded(state="failed"), ev.RunResumed(), ev.RunFinished(state="done")), "added"),
    ],
)
def test_bytes_that_wait_for_a_mark_or_lost_it_are_named_and_no_alarm(
    here: Here, scene: Scene, then: tuple[EventData, ...], why: str
) -> None:
    scene.journal.append(on.created(), actor="person", run="r1")
    output = OutputFile(scene.artifacts, LOG)
    output.write(b"one\n")
    outputs = (output.mark(),)
    ended = ev.TurnEnded(status="completed", outputs=outputs)
    scene.journal.append(ended, actor="engine", run="r1", task="T1")
    output.write(b"two\n")
    output.close()
    for data in then:
        task = "T1" if isinstance(data, ev.WorkerEnded | ev.TaskEnded) else None
        scene.journal.append(data, actor="engine", run="r1", task=task)
    code, data, text = verified(here)
    assert code == (1 if why == "added" else 0)
    assert data["rests"] == [{"path": LOG, "offset": 4, "length_bytes": 4, "why": why}]
    assert f"4 bytes of {LOG} " in text


def test_what_a_worker_put_out_in_no_turn_and_what_a_wait_saw_is_looked_at(
    here: Here, scene: Scene
) -> None:
    scene.journal.append(on.created(), actor="person", run="r1")

    def kept(name: str) -> ev.OutputRef:
        output = OutputFile(scene.artifacts, f"r1/T1/{name}.log")
        output.write(b"one\n")
        ref = output.mark()
        output.close()
        return ref

    looked = ev.WaitLooked(wait=4, exit_code=0, duration_ms=1, sandboxed=True, next_at=None)
    pointing: tuple[EventData, ...] = (
        ev.WorkerEnded(reason="done", outputs=(kept("output/stderr"),)),
        looked.model_copy(update={"output": kept("waits/4")}),
        on.check("base").model_copy(update={"output": kept("checks/base-1")}),
    )
    for data in pointing:
        scene.journal.append(data, actor="engine", run="r1", task="T1")
    assert verified(here)[1]["stretches"] == 3
    for name in ("output/stderr", "waits/4", "checks/base-1"):
        (scene.artifacts / f"r1/T1/{name}.log").write_bytes(b"two\n")
    code, found, _ = verified(here)
    assert (code, [part["seq"] for part in found["broken"]]) == (1, [2, 3, 4])


def test_what_a_killed_check_left_between_two_stretches_is_named(here: Here, scene: Scene) -> None:
    scene.run("r1")
    _append(scene.artifacts / LOG, "killed here\n")
    output = OutputFile(scene.artifacts, LOG)
    output.write(b"again\n")
    again = on.check("landed").model_copy(update={"output": output.mark()})
    output.close()
    scene.journal.append(again, actor="engine", run="r1", task="T1")
    code, data, _ = verified(here)
    assert (code, data["stretches"]) == (0, 4)
    assert data["rests"] == [{"path": LOG, "offset": 14, "length_bytes": 12, "why": "crash"}]


def test_a_run_that_was_cleaned_up_is_no_harm(here: Here, scene: Scene) -> None:
    import shutil

    scene.run("r1")
    scene.run("r2")
    shutil.rmtree(scene.artifacts / "r1")
    code, data, text = verified(here)
    assert (code, data["removed"], data["stretches"]) == (0, ["r1"], 3)
    assert "no longer kept of r1" in text


def test_what_is_no_journal(here: Here, scene: Scene) -> None:
    scene.journal.close()
    scene.path.write_bytes(b"no database at all, but long enough to look like one" * 10)
    for args in (("audit",), ("audit", "--verify")):
        ended = here(*args)
        assert ended.code == 1
        assert "the journal" in ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("args", [("r1",), ("--all",), ("--html", "x.html")])
def test_verify_stands_alone(here: Here, args: tuple[str, ...]) -> None:
    ended = here("audit", "--verify", *args)
    assert (ended.code, "whole journal" in ended.err) == (2, True)


def test_the_page_is_one_file_and_obeys_nobody(mis: Mis, scene: Scene) -> None:
    scene.run("r1", goal=HOSTILE, ended=False)
    scene.run("r2")
    ended = mis("audit", "--html", "out.html")
    assert (ended.code, "wrote " in ended.out) == (0, True)
    text = (mis.work / "out.html").read_text()
    assert "default-src 'none'" in text
    for forbidden in ("<script", "javascript:", "http://", "https://", "src=", "url(", "@import"):
        assert forbidden not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown = "&lt;script&gt;alert(1)&lt;/script&gt; \\x1b[31m \\u202e &quot;&#x27;&amp;"
    assert text.count(shown) >= 4  # the goal, the question and the check, in charts and tables
    assert Shape.of(text).wrong == []
    assert {"svg", "table", "title", "desc", "details"} <= Shape.of(text).seen


def test_the_page_of_nothing_and_into_nowhere(mis: Mis, here: Here) -> None:
    assert here("audit", "--html", "out.html").code == 0
    assert "nothing was run" in (mis.work / "out.html").read_text()
    nowhere = here("audit", "--html", "no/such/out.html")
    assert (nowhere.code, "no directory" in nowhere.err) == (2, True)
    said = cast("dict[str, str]", here("audit", "--html", "out.html", "--json").json)
    assert said["html"].endswith("out.html")


VOID = {"meta", "line", "path", "rect", "br"}
KNOWN = {
    "html", "head", "title", "style", "body", "header", "main", "section", "h1", "h2", "p", "dl",
    "dt", "dd", "div", "figure", "figcaption", "details", "summary", "table", "thead", "tbody",
    "tr", "th", "td", "svg", "desc", "text", "span", "b", *VOID,
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "role", "viewbox", "scope", "id",
    "aria-labelledby", "x", "y", "x1", "x2", "y1", "y2", "d", "width", "height", "rx", "tabindex",
}  # fmt: skip


class Shape(HTMLParser):
    """Which elements a page has, and what is wrong with how they stand in each other."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.wrong: list[str] = []
        self._open: list[str] = []

    @classmethod
    def of(cls, text: str) -> Shape:
        shape = cls()
        shape.feed(text)
        shape.close()
        shape.wrong += [f"never closed: {name}" for name in shape._open]
        return shape

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in KNOWN:
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name not in ATTRIBUTES]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.wrong.append(f"<{tag}/>")
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name not in ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}>")


def test_the_shape_finds_what_is_wrong() -> None:
    assert Shape.of("<p onclick='x'><blink></p>").wrong == [
        "p onclick",
        "<blink>",
        "</p>",
        "never closed: p",
    ]
    assert Shape.of("<svg><line/></svg>").wrong == []
