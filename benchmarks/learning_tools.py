"""What one round of learning on half of an unknown tool's output is worth on the other half.

The packaged library knows the tools of the open corpora, so a tool is taken out of it first: every
pattern goes that makes a finding of a line of its output, the most general ones, too. The first
half of the output stands for three runs, two to mine and one to prove with. `auto` lets in what
passes the gate and is not risky, as the mode of that name does; `all` is with what a person would
be asked about, too. The other half is scored field by field.

`python -m benchmarks.learning_tools`; the corpora are looked for in the directory that
`MAKEITSO_CORPUS` names, or beside the checkout.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.learning.gate import Thresholds
from makeitso.learning.mining import Sample
from makeitso.learning.proposing import Proof, candidates, prove_all
from makeitso.learning.scoring import with_trial
from makeitso.learning.synthesis import pattern_of
from makeitso.parsing import expectations as known
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.parsing.patterns import Pattern

FEWEST_RECORDS = 8
"""Of half as many nothing can be learned and proved."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool's output in two halves and what the second is to yield."""

    name: str
    first: bytes
    second: bytes
    case: known.Case


def main() -> int:
    """Print the table."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("MAKEITSO_CORPUS") or beside) / "open" / "errorformat"
    if not folder.is_dir():
        sys.stderr.write(f"skipped: no corpora in {folder}; set MAKEITSO_CORPUS\n")
        return 0
    library = load_library(packaged_text("regexes.toml"))[0]
    tools = list(_tools(folder))
    before: list[known.CaseScore] = []
    auto: list[known.CaseScore] = []
    shown: list[known.CaseScore] = []
    sys.stdout.write(
        f"{'tool':<16}{'records':>8}{'before':>9}{'auto':>9}{'all':>9}{'patterns':>10}\n"
    )
    for tool in tools:
        without = _without(library, tool)
        before.append(known.score(tool.case, _records(tool.second, without)))
        ours = _learned(tool.first, without)
        let_in = _with(without, (p for p, risky in ours if not risky))
        every = _with(without, (p for p, _ in ours))
        auto.append(known.score(tool.case, _records(tool.second, let_in)))
        shown.append(known.score(tool.case, _records(tool.second, every)))
        three = [known.figures([rows[-1]])["f1"] for rows in (before, auto, shown)]
        figures = "".join(f"{value:>9.3f}" for value in three)
        sys.stdout.write(f"{tool.name:<16}{len(tool.case.expected):>8}{figures}{len(ours):>10}\n")
    for name, rows in (("before", before), ("auto", auto), ("all that passed", shown)):
        total = known.figures(rows)
        sys.stdout.write(
            f"{name:<16}F1 {total['f1']:.3f}  precision {total['precision']:.3f}  "
            f"recall {total['recall']:.3f}\n"
        )
    return 0


def _tools(folder: Path) -> Iterable[Tool]:
    for ok in sorted(folder.glob("*.ok")):
        case = known.ok_case(ok.read_text(encoding="utf-8"), name=ok.stem)
        if len(case.expected) < FEWEST_RECORDS:
            continue
        lines = (folder / case.file).read_bytes().splitlines(keepends=True)
        cut = _line_of(lines, case.expected[: len(case.expected) // 2])
        yield Tool(
            name=ok.stem,
            first=b"".join(lines[:cut]),
            second=b"".join(lines[cut:]),
            case=known.Case(
                file=case.file,
                tool=case.tool,
                expected=case.expected[len(case.expected) // 2 :],
                count=case.count and case.count - len(case.expected) // 2,
            ),
        )


def _line_of(lines: Sequence[bytes], expected: Sequence[known.Expected]) -> int:
    """Number of the line behind those that the records are from."""
    at = 0
    for want in expected:
        message = str(want.get("message", "")).encode()
        at = next((n for n in range(at, len(lines)) if message in lines[n]), at) + 1
    return at


def _without(library: Library, tool: Tool) -> Library:
    """The library without all that makes something of the tool's findings, general forms too."""
    while True:
        found = _records(tool.first + tool.second, library)
        used = {r.pattern for r in found if r.intent == tool.case.intent and r.pattern}
        if not used:
            return library
        library = Library(patterns=tuple(p for p in library.patterns if p.name not in used))


def _with(library: Library, patterns: Iterable[Pattern]) -> Library:
    for pattern in patterns:
        library = with_trial(library, pattern)
    return library


def _learned(data: bytes, library: Library) -> list[tuple[Pattern, bool]]:
    """Patterns that pass the gate, and whether a person would have to decide."""
    lines = [m.text for m in _parse(data, library) if isinstance(m, Miss)]
    samples = [Sample(text=text, run=f"r{n % 3}") for n, text in enumerate(lines)]
    seen = [s for s in samples if s.run != "r2"]
    found, _ = candidates(seen, library=library)
    proof = Proof(seen=seen, unseen=[s for s in samples if s.run == "r2"])
    proposals = prove_all(
        found,
        proof,
        library=library,
        thresholds=Thresholds(min_lines=2),
        created_at="1970-01-01T00:00:00Z",
        clock=time.process_time,
    )
    return [
        (pattern_of(p.pattern), bool(p.risks))
        for p in proposals
        if p.pattern is not None and all(f.passed or f.rule == "risk" for f in p.gate)
    ]


def _records(data: bytes, library: Library) -> list[Record]:
    return [r for r in _parse(data, library) if isinstance(r, Record)]


def _parse(data: bytes, library: Library) -> list[Record | Miss]:
    parser = StreamParser("stdout", library)
    return parser.feed(data) + parser.close()


if __name__ == "__main__":
    sys.exit(main())
