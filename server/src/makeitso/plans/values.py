"""What the values of keys mean: lists, words, commands, permissions, ceilings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar, get_args

from makeitso.plans.amounts import budget_text, read_amount, readings
from makeitso.plans.codespan import span_at
from makeitso.plans.problems import nearest, problem, replace_fix
from makeitso.plans.quantity import parse_duration
from makeitso.plans.tidy import tidy_prose
from makeitso.protocol.plan import Check, Policies
from makeitso.protocol.words import ApprovalPolicy, Permission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from makeitso.plans.lines import Extent, Flow
    from makeitso.protocol.text import Problem

APPROVALS: Mapping[str, ApprovalPolicy] = {word: word for word in get_args(ApprovalPolicy)}
PERMISSIONS: Mapping[str, Permission] = {word: word for word in get_args(Permission)}
POLICY_NAMES: tuple[str, ...] = tuple(Policies.model_fields)

_Choice = TypeVar("_Choice", bound=str)


class Value(NamedTuple):
    """A word of a value and its place."""

    text: str
    span: Extent


class CheckValue(NamedTuple):
    """A check and the places of its command and of the words `was: failing`, where written."""

    check: Check
    command_span: Extent
    failing_span: Extent | None
    cwd_span: Extent | None


def tokens(flow: Flow) -> Iterator[Value]:
    """The words of a list: code spans, or bare words between commas and blanks.

    A comma in braces belongs to its word: `src/{a,b}/**` is one.
    """
    text, position = flow.text, 0
    while position < len(text):
        if text[position] in " \t,;":
            position += 1
            continue
        if text[position] == "`" and (code := span_at(text, position)) is not None:
            if code.content.strip():
                yield Value(code.content.strip(), flow.span(code.start, code.end))
            position = code.end
            continue
        end, depth = position, 0
        while end < len(text):
            character = text[end]
            depth += (character == "{") - (character == "}" and depth > 0)
            if character in " \t;" or (character == "," and depth == 0):
                break
            end += 1
        word = text[position:end]
        if word != "and":
            yield Value(word, flow.span(position, end))
        position = end


def single(flow: Flow) -> Value:
    """The one word of a value: what stands in backticks, or all of it."""
    code = span_at(flow.text, 0)
    if code is not None and code.end == len(flow.text):
        return Value(code.content.strip(), flow.span(0, code.end))
    return Value(flow.text, flow.span(0, len(flow.text)))


def choose(
    value: Value, choices: Mapping[str, _Choice], *, what: str, out: list[Problem]
) -> _Choice | None:
    """The choice a word names; a problem when it names none."""
    choice = choices.get(value.text.lower())
    if choice is None:
        near = nearest(value.text.lower(), choices)
        listed = ", ".join(f"`{name}`" for name in choices)
        out.append(
            problem(
                "value-invalid",
                f"`{value.text}` is no {what}; expected one of {listed}.",
                value.span,
                fixes=[replace_fix(value.span, near)] if near else (),
            )
        )
    return choice


def pieces(flow: Flow) -> Iterator[Value]:
    """The parts of a value between commas or semicolons, trimmed, empty ones left out."""
    start = 0
    for match in re.finditer(r"[^,;]+", flow.text):
        bare = match[0].strip(" \t`")
        if bare:
            start = match.start() + match[0].index(bare)
            yield Value(bare, flow.span(start, start + len(bare)))


def read_policies(flow: Flow, *, out: list[Problem]) -> dict[str, Permission]:
    """`network never, run_shell ask`; a colon or `=` between name and permission is welcome."""
    found: dict[str, Permission] = {}
    for piece in pieces(flow):
        words = re.split(r"[\s:=]+", piece.text)
        if len(words) < 2:
            message = (
                f"`{piece.text}` is no policy; write a name and a permission: `network never`."
            )
            out.append(problem("value-invalid", message, piece.span))
            continue
        name = "_".join(words[:-1]).replace("-", "_").lower()
        if name not in POLICY_NAMES:
            near = nearest(name, POLICY_NAMES)
            listed = ", ".join(f"`{known}`" for known in POLICY_NAMES)
            message = f"`{name}` is no policy; expected one of {listed}."
            fixes = [replace_fix(piece.span, f"{near} {words[-1]}")] if near else []
            out.append(problem("value-invalid", message, piece.span, fixes=fixes))
            continue
        permission = choose(
            Value(words[-1], _tail(piece.span, len(words[-1]))),
            PERMISSIONS,
            what="permission",
            out=out,
        )
        if permission is not None:
            found[name] = permission
    return found


def permission(policies: Policies, name: str) -> Permission | None:
    """One permission by its name."""
    if name == "network":
        return policies.network
    return policies.write_files if name == "write_files" else policies.run_shell


class Limits(NamedTuple):
    """What one phase, or a task, is held to; null: nothing is said."""

    approval: ApprovalPolicy | None = None
    tokens: int | None = None
    seconds: int | None = None


def limits_text(approval: ApprovalPolicy | None, tokens: int | None, seconds: int | None) -> str:
    """Write the value of a phase so that `read_limits` gives it back."""
    parts = [approval, budget_text(tokens, seconds)]
    return ", ".join(part for part in parts if part)


def read_limits(flow: Flow, *, out: list[Problem]) -> Limits:
    """The value of a phase: `manual, 120k tokens, 20 min`, each part alone, any order."""
    found = Limits()
    for piece in pieces(flow):
        if piece.text[0].isdigit():
            found = _with_amount(found, piece, out)
        else:
            approval = choose(piece, APPROVALS, what="approval policy", out=out)
            found = found._replace(approval=approval)
    return found


def read_budget(flow: Flow, *, out: list[Problem]) -> Limits:
    """The value of `budget`: `120k tokens, 30 min`, each part alone, any order."""
    whole = single(flow)
    parts = [whole] if len(readings(whole.text)) == 1 else pieces(flow)  # `250,000` is one
    found = Limits()
    for piece in parts:
        found = _with_amount(found, piece, out)
    return found


def _with_amount(found: Limits, piece: Value, out: list[Problem]) -> Limits:
    amount = read_amount(piece, out=out)
    if amount is None:
        return found
    known = found.tokens if amount.measure == "tokens" else found.seconds
    if known is not None:
        message = f"`{piece.text}`: {amount.measure} were given before; write `250_000`, no commas."
        out.append(problem("value-invalid", message, piece.span))
        return found
    if amount.measure == "tokens":
        return found._replace(tokens=amount.number)
    return found._replace(seconds=amount.number)


def _tail(span: Extent, length: int) -> Extent:
    column = max(0, span.end_column - length)
    return span._replace(line=span.end_line, column=column)


_NOISE = re.compile(r"(?:[\s,;.()]|\b(?:and|passes|pass|succeeds|exits 0)\b)+")
_IN = re.compile(r"in[:\s]\s*")
_TIMEOUT = re.compile(r"time-?out\s*[:=]?\s*([0-9][0-9.]*\s*[a-z]*(?:[0-9][0-9.]*[a-z]+)*)")
_FAILING = re.compile(r"was\s*:?\s*failing\b|fails\s+before\b")
_DIRECTORY = re.compile(r"[^\s,;()`]+")
_WORD = re.compile(r"[^\s,;()]+")


def read_checks(
    flow: Flow | None, *, code: str | None, key_span: Extent, out: list[Problem]
) -> list[CheckValue]:
    """Commands in backticks, each with its options; or options alone and a fenced command."""
    found: list[CheckValue] = []
    command = tidy_prose(code or "").strip()
    draft = _Draft(command, key_span) if command else None
    position = 0
    text = flow.text if flow else ""
    while flow is not None and position < len(text):
        if noise := _NOISE.match(text, position):
            position = noise.end()
        elif text[position] == "`" and (span := span_at(text, position)) is not None:
            if draft is not None:
                found.append(draft.value())
            command = span.content.strip()
            draft = _Draft(command, flow.span(span.start, span.end)) if command else None
            position = span.end
        elif draft is None:
            break
        else:
            position = draft.option(flow, position, out=out)
    if draft is not None:
        found.append(draft.value())
    if not found:
        out.append(_no_command(flow, key_span))
    return found


def _no_command(flow: Flow | None, key_span: Extent) -> Problem:
    message = "Put the command that proves the task into backticks: done when: `pytest -q`."
    if flow is None or not flow.text.strip("` "):
        return problem("check-without-command", message, key_span)
    span = flow.span(0, len(flow.text))
    fixes = [replace_fix(span, f"`{flow.text}`")] if "`" not in flow.text else []
    return problem("check-without-command", message, span, fixes=fixes)


class _Draft:
    """A check while its options are being read."""

    def __init__(self, command: str, span: Extent) -> None:
        self._command = command
        self._span = span
        self._cwd: Value | None = None
        self._timeout: float | None = None
        self._failing: Extent | None = None

    def value(self) -> CheckValue:
        """The check as far as it was understood."""
        check = Check(
            command=self._command,
            cwd=self._cwd.text if self._cwd else ".",
            timeout_s=self._timeout if self._timeout is not None else 600.0,
            was_failing=self._failing is not None,
        )
        return CheckValue(check, self._span, self._failing, self._cwd.span if self._cwd else None)

    def option(self, flow: Flow, start: int, *, out: list[Problem]) -> int:
        """Read one option at `start`; returns where the next one may begin."""
        text = flow.text
        if match := _FAILING.match(text, start):
            self._failing = flow.span(start, match.end())
            return match.end()
        if match := _TIMEOUT.match(text, start):
            self._timeout = parse_duration(match[1])
            if self._timeout is None:
                message = f"`{match[1]}` is no duration; write `90s`, `5m` or `1h`."
                span = flow.span(match.start(1), match.end(1))
                out.append(problem("value-invalid", message, span))
            return match.end()
        if match := _IN.match(text, start):
            code = span_at(text, match.end())
            if code is not None and code.content.strip():
                self._cwd = Value(code.content.strip(), flow.span(code.start, code.end))
                return code.end
            if bare := _DIRECTORY.match(text, match.end()):
                self._cwd = Value(bare[0], flow.span(bare.start(), bare.end()))
                return bare.end()
        return self._unknown(flow, start, out=out)

    def _unknown(self, flow: Flow, start: int, *, out: list[Problem]) -> int:
        word = _WORD.match(flow.text, start)
        end = word.end() if word else start + 1
        message = (
            f"`{flow.text[start:end]}` means nothing after a command; "
            "options are `in DIR`, `timeout 5m` and `was: failing`."
        )
        out.append(problem("check-option-unknown", message, flow.span(start, end)))
        return end


def first(flows: Sequence[Flow]) -> Flow | None:
    """The only value of a key that has one."""
    return flows[0] if flows else None
