"""`mis parse --expect`: parses what expectation files speak of, and says how well it fits."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast

from makeitso.cli.parse_read import whole
from makeitso.errors import UsageError, UserError
from makeitso.parsing import expectations as known
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.counts import counted
from makeitso.protocol.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.cli.context import Context
    from makeitso.cli.libraries import Chosen
    from makeitso.parsing.library import Library


def score_below(context: Context, folder: Path, chosen: Chosen) -> int:
    """Score every expectation file below a directory; 1 when one of them could not be scored.

    Raises:
        UsageError: it is no directory, or there is no expectation file in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no directory", hint="--expect takes a directory.")
    scores: list[known.CaseScore] = []
    found, broken = False, False
    for path in _files(folder):
        found = True
        try:
            cases, left_out = _cases(path)
            for case in cases:
                data = whole(path.parent / case.file)
                scores.append(known.score(case, _records(data, chosen.library)))
                _tell(context, path, scores[-1])
        except (UserError, known.ExpectationError, UnicodeDecodeError) as error:
            broken = True
            context.console.note(f"{path}: not scored: {error}", style="red")
            continue
        for reason, count in Counter(left_out).items():
            context.console.note(f"{path}: left out {count} x: {reason}", style="dim")
    if not found:
        raise UsageError(
            f"no expectations below {folder}",
            hint="Known are NAME.in with NAME.ok, expected.json, and report.json with "
            "test_output.txt; see docs/parsing.md.",
        )
    total = known.summary(scores)
    context.console.data(total)
    _show(context, total)
    context.console.note(f"read with {chosen.origin}", style="dim")
    return 1 if broken else 0


def _files(folder: Path) -> Iterator[Path]:
    names = {known.CASES_FILE, known.REPORT_FILE}
    for directory, below, files in os.walk(folder):
        below.sort()
        for name in sorted(files):
            if name in names or name.endswith(known.OK_SUFFIX):
                yield Path(directory, name)


def _cases(path: Path) -> tuple[list[known.Case], list[str]]:
    text = whole(path).decode("utf-8")
    if path.name == known.REPORT_FILE:
        return [known.report_case(text, file=known.REPORT_INPUT)], []
    if path.name == known.CASES_FILE:
        named = known.inputs_of(text)
        inputs = {n: whole(path.parent / n) for n in named if (path.parent / n).is_file()}
        return known.listed_cases(text, inputs=inputs)
    return [known.ok_case(text, name=path.stem)], []


def _records(data: bytes, library: Library) -> list[Record]:
    parser = StreamParser("stdout", library)
    return [r for r in parser.feed(data) + parser.close() if isinstance(r, Record)]


def _tell(context: Context, path: Path, score: known.CaseScore) -> None:
    case = score.case
    name = str(path.parent / case.file)
    context.console.data(
        {
            "kind": "case",
            "file": name,
            "tool": case.tool,
            "passed": score.passed,
            "expected": len(case.expected),
            "matched": score.matched,
            "wrong": score.wrong,
            "left_out_fields": case.left_out,
            "missing": score.missing,
        }
    )
    if not score.passed:
        context.console.say(
            f"{name}  {case.tool}: {score.matched} of {counted(len(case.expected), 'record')}, "
            f"{score.wrong} wrong"
        )


def _show(context: Context, total: dict[str, object]) -> None:
    say = context.console.say
    say(
        f"{'tool':<24} {'cases':>6} {'passed':>6} {'precision':>9} {'recall':>7} {'F1':>7}",
        style="bold",
    )
    tools = cast("dict[str, dict[str, float]]", total["by_tool"])
    for name, one in [*tools.items(), ("all", cast("dict[str, float]", total))]:
        say(
            f"{name[:24]:<24} {one['cases']:>6} {one['passed']:>6} {one['precision']:>9.3f} "
            f"{one['recall']:>7.3f} {one['f1']:>7.3f}"
        )
    if total["left_out_fields"]:
        say(f"{total['left_out_fields']} stated fields are nowhere in their input: not compared")
