"""Proposals on lines the proposer never saw, beside a template miner on the same lines.

Sixteen systems: the first half of each log is mined, the second half validates. The truth is the
event a line was written for. What counts: the part of matched lines that is of another event, the
part of lines nothing matches, lines of other systems that match, and how many patterns it takes.
Drain3 (MIT) is measured in the same process; its templates become expressions, `<*>` a word.
`make bench-learning` installs it.
"""

from __future__ import annotations

import importlib
import os
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Row
from benchmarks.system_logs import SYSTEMS, Labelled, log
from makeitso.learning.mining import Sample, mine
from makeitso.learning.synthesis import CannotProposeError, compiled, entry_of
from makeitso.parsing.linear import LinearRegex

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 2000
NEGATIVE_STEP = 10
_MASKS = (
    (r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?", "IP"),
    (r"0x[0-9a-fA-F]+", "HEX"),
    (r"(?<![\w])[+-]?\d+(?:\.\d+)?(?![\w])", "NUM"),
)

Patterns = list[tuple[LinearRegex, str]]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one miner came to on all systems together."""

    patterns: int
    wrong: float
    missed: float
    ceiling: float
    negatives: float
    cpu_s: float


def ours(lines: list[Labelled]) -> Patterns:
    """Patterns of this project, each for the event most of its lines are of."""
    truth = {line.text.strip(): line.event for line in lines}
    found: Patterns = []
    for group in mine(Sample(text=line.text) for line in lines):
        try:
            regex = compiled(entry_of(group))
        except CannotProposeError:
            continue
        events = Counter(truth[text] for text in group.lines)
        found.append((regex, events.most_common(1)[0][0]))
    return found


def drain(lines: list[Labelled]) -> Patterns:
    """Templates of Drain3 with masks for addresses and numbers, as expressions."""
    miner = _miner()
    events: dict[int, Counter[str]] = {}
    for line in lines:
        number = miner.add_log_message(line.text.strip())["cluster_id"]
        events.setdefault(number, Counter())[line.event] += 1
    found: Patterns = []
    for cluster in miner.drain.clusters:
        parts = re.split(r"<(?:\*|IP|HEX|NUM)>", cluster.get_template())
        body = r"\S+".join(re.sub(r"[\\.^$*+?{}\[\]|()]", r"\\\g<0>", part) for part in parts)
        event = events[cluster.cluster_id].most_common(1)[0][0]
        regex = r"^\s*" + re.sub(" +", lambda _: r"\s+", body) + r"\s*$"
        found.append((LinearRegex(regex.encode()), event))
    return found


def _miner() -> Any:  # noqa: ANN401 -- an untyped library that is not installed everywhere
    try:
        drain3 = importlib.import_module("drain3")
        config = importlib.import_module("drain3.template_miner_config").TemplateMinerConfig()
        masking = importlib.import_module("drain3.masking")
    except ImportError as error:
        raise RuntimeError("drain3 is not installed: `make bench-learning` does it") from error
    config.masking_instructions = [masking.MaskingInstruction(*mask) for mask in _MASKS]
    return drain3.TemplateMiner(config=config)


def figures(
    miner: Callable[[list[Labelled]], Patterns], logs: dict[str, list[Labelled]]
) -> Figures:
    """Mine the first halves, read the second."""
    found: dict[str, Patterns] = {}
    started = time.process_time()
    for name, lines in logs.items():
        found[name] = miner(lines[: len(lines) // 2])
    cpu_s = time.process_time() - started
    total = hits = right = known = 0
    for name, lines in logs.items():
        seen = {line.event for line in lines[: len(lines) // 2]}
        for line in lines[len(lines) // 2 :]:
            event = _first(found[name], line.text)
            total += 1
            known += line.event in seen
            hits += event is not None
            right += event == line.event
    others = [
        _first(found[name], line.text) is not None
        for name in logs
        for other in logs
        if other != name
        for line in logs[other][len(logs[other]) // 2 :: NEGATIVE_STEP]
    ]
    return Figures(
        patterns=sum(map(len, found.values())),
        wrong=1 - right / max(hits, 1),
        missed=1 - right / total,
        ceiling=known / total,
        negatives=sum(others) / max(len(others), 1),
        cpu_s=cpu_s,
    )


def _first(patterns: Patterns, text: str) -> str | None:
    data = text.encode()
    return next((event for regex, event in patterns if regex.matches(data)), None)


def written_logs(seed: int) -> dict[str, list[Labelled]]:
    """Logs of the writers."""
    return {name: list(log(name, lines=LINES, seed=seed)) for name in SYSTEMS}


def real_logs() -> dict[str, list[Labelled]]:
    """Labelled logs where `MAKEITSO_CORPUS` names a directory with `logs/NAME.tsv`.

    A line is its event, a tab and the text.
    """
    folder = Path(os.environ.get("MAKEITSO_CORPUS", "")) / "logs"
    if not os.environ.get("MAKEITSO_CORPUS") or not folder.is_dir():
        return {}
    found: dict[str, list[Labelled]] = {}
    for path in sorted(folder.glob("*.tsv")):
        rows = (row.partition("\t") for row in path.read_text("utf-8", "replace").splitlines())
        found[path.stem] = [Labelled(text, event) for event, _, text in rows if text]
    return found


def rows(runs: int) -> list[Row]:
    """Written logs of as many seeds as there are runs, and real ones where there are some."""
    _miner()  # first, so that a machine without it is told so at once
    both = [(figures(ours, logs), figures(drain, logs)) for logs in map(written_logs, range(runs))]
    found = _rows("written logs", both)
    real = real_logs()
    return found + (
        _rows("real logs", [(figures(ours, real), figures(drain, real))]) if real else []
    )


def _rows(what: str, both: list[tuple[Figures, Figures]]) -> list[Row]:
    ceiling = statistics.median(a.ceiling for a, _ in both)
    lines = LINES // 2 * len(SYSTEMS) / 1000
    asked: tuple[tuple[str, str, Callable[[Figures], float], str], ...] = (
        ("patterns", "patterns", lambda f: f.patterns, ""),
        ("matched, of another event", "per 10,000", lambda f: f.wrong * 1e4, "precision"),
        ("not explained rightly", "per 10,000", lambda f: f.missed * 1e4, "recall"),
        ("lines of others", "per 10,000", lambda f: f.negatives * 1e4, ""),
        ("mining", "ms CPU/1000 lines", lambda f: f.cpu_s * 1000 / lines, ""),
    )
    out: list[Row] = []
    for name, unit, figure, ratio in asked:
        a = statistics.median(figure(one) for one, _ in both)
        b = statistics.median(figure(other) for _, other in both)
        note = f"{ratio} {1 - a / 1e4:.4f} to {1 - b / 1e4:.4f}" if ratio else ""
        if ratio == "recall":
            note += f", seen events {ceiling:.4f}"
        out.append(
            Row(
                what=f"learning, {what}: {name}",
                against="Drain3",
                unit=unit,
                ours=a,
                bare=b,
                runs=len(both),
                note=note,
            )
        )
    return out
