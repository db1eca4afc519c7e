from __future__ import annotations

import re
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING, cast

import anyio
import pytest
from audit_scene import HOSTILE, Scene, in_this_process, verified
from mis_process import Mis, mis_in

from journal import audit_tape as on
from makeitso.errors import NotFoundError
from makeitso.protocol import events as ev
from makeitso.protocol.audit import AuditFigures
from makeitso.protocol.methods import BY_NAME
from makeitso.requests import dispatch
from makeitso.requests.place import Idle, Workplace
from makeitso.wiring import Bridge

if TYPE_CHECKING:
    from pathlib import Path

    from audit_scene import Here


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


@pytest.fixture
def scene(mis: Mis) -> Scene:
    return Scene(mis.work)


@pytest.fixture
def here(mis: Mis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return in_this_process(mis, monkeypatch, capsys)


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
