"""The value of `wait`: `10m`, `until 18:00`, ``until `command` in DIR every 1m for 2h``, `none`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from makeitso.plans.codespan import code_span, span_at
from makeitso.plans.moments import parse_moment
from makeitso.plans.problems import problem, replace_fix
from makeitso.plans.quantity import format_duration, parse_duration
from makeitso.protocol.wait import WaitFor

if TYPE_CHECKING:
    from makeitso.plans.lines import Extent, Flow
    from makeitso.protocol.text import Problem

_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")
_GAP = re.compile(r"(?:[\s,;.()]|\b(?:and|succeeds|passes|exits 0)\b)+")
_UNTIL = re.compile(r"until\b[:\s]*", re.IGNORECASE)
_FOR = re.compile(r"for\b[:\s]*", re.IGNORECASE)
_UNIT = r"(?:ms|h(?:ours?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)(?![a-z])"
_OPTION = re.compile(
    rf"(every|for|at most)\s*:?\s*((?:[0-9.]+\s*{_UNIT}\s*)+|[0-9][0-9.]*)", re.IGNORECASE
)
_IN = re.compile(r"in[:\s]\s*")
_DIRECTORY = re.compile(r"[^\s,;()`]+")
_WORD = re.compile(r"[^\s,;()]+")
_EXPECTED = "write `10m`, `until 18:00`, until and a command in backticks, or `none`."


class WaitValue(NamedTuple):
    """What is waited for, and the place of the command's directory, where one is written."""

    wait: WaitFor
    cwd_span: Extent | None = None


def read_wait(flow: Flow, *, out: list[Problem]) -> WaitValue | None:
    """The value of `wait`; a problem and None when it is no wait."""
    text = flow.text.rstrip(" \t.")
    bare = text.strip("` \t")
    if bare.lower() in ("none", "no", "0"):
        return WaitValue(WaitFor(seconds=0.0))
    if (match := _UNTIL.match(text)) is not None:
        rest = match.end()
        if text[rest : rest + 1] == "`" and (code := span_at(text, rest)) is not None:
            return _until_command(flow, code.content.strip(), code.end, out=out)
        moment = parse_moment(text[rest:])
        if moment is not None:
            return WaitValue(WaitFor(until=moment.text))
        shown = text[rest : rest + 60] or "until"
        message = f"`{shown}` is no time and no command in backticks; {_EXPECTED}"
        out.append(problem("value-invalid", message, flow.span(rest, len(text))))
        return None
    rest = match.end() if (match := _FOR.match(text)) is not None else 0
    seconds = parse_duration(text[rest:].strip("` "))
    if seconds is not None:
        return WaitValue(WaitFor(seconds=seconds))
    span = flow.span(0, len(flow.text))
    fixes = [replace_fix(span, f"until {text}")] if _is_until(text, bare) else []
    message = f"`{bare[:60]}` is nothing to wait for; {_EXPECTED}"
    out.append(problem("value-invalid", message, span, fixes=fixes))
    return None


def _is_until(text: str, bare: str) -> bool:
    """Whether only the word `until` is missing."""
    return (text.startswith("`") and bool(bare)) or parse_moment(text) is not None


def _until_command(flow: Flow, command: str, start: int, *, out: list[Problem]) -> WaitValue | None:
    if not command:
        out.append(
            problem("value-invalid", f"The command is empty; {_EXPECTED}", flow.span(0, start))
        )
        return None
    text, position = flow.text, start
    times: dict[str, float] = {}
    cwd, cwd_span = ".", None
    while position < len(text):
        if gap := _GAP.match(text, position):
            position = gap.end()
        elif match := _OPTION.match(text, position):
            seconds = parse_duration(match[2])
            if seconds is None:
                span = flow.span(match.start(2), match.end(2))
                message = f"`{match[2]}` is no duration; write `90s`, `5m` or `1h`."
                out.append(problem("value-invalid", message, span))
            else:
                times["every" if match[1].lower() == "every" else "for"] = seconds
            position = match.end()
        elif match := _IN.match(text, position):
            code = span_at(text, match.end())
            bare = _DIRECTORY.match(text, match.end())
            if code is not None and code.content.strip():
                cwd, cwd_span = code.content.strip(), flow.span(code.start, code.end)
                position = code.end
            elif bare is not None:
                cwd, cwd_span = bare[0], flow.span(bare.start(), bare.end())
                position = bare.end()
            else:
                position = match.end()
        else:
            position = _unknown(flow, position, out=out)
    wait = WaitFor(command=command, cwd=cwd, every_s=times.get("every"), limit_s=times.get("for"))
    return WaitValue(wait, cwd_span)


def _unknown(flow: Flow, start: int, *, out: list[Problem]) -> int:
    word = _WORD.match(flow.text, start)
    end = word.end() if word else start + 1
    message = (
        f"`{flow.text[start:end]}` means nothing after the command of a wait; "
        "options are `in DIR`, `every 1m` and `for 2h`."
    )
    out.append(problem("check-option-unknown", message, flow.span(start, end)))
    return end


def wait_text(wait: WaitFor) -> str:
    """Write what is waited for so that `read_wait` gives it back; the wait must be tidy."""
    if wait.until is not None:
        return f"until {wait.until}"
    if wait.command is None:
        return format_duration(wait.seconds) if wait.seconds else "none"
    options: list[str] = []
    if wait.cwd != ".":
        bare = _BARE.fullmatch(wait.cwd) is not None and wait.cwd != "and"
        options.append(f"in {wait.cwd if bare else code_span(wait.cwd)}")
    if wait.every_s is not None:
        options.append(f"every {format_duration(wait.every_s)}")
    if wait.limit_s is not None:
        options.append(f"for {format_duration(wait.limit_s)}")
    return " ".join(["until", code_span(wait.command), *options])
