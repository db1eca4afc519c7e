"""Store a rule, and take one back: under a lock, as a whole, every other byte left as it is."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import tomlkit

from makeitso.errors import ConfigError, NotFoundError, StoreError, UsageError
from makeitso.policy.pattern_limits import refusal_of
from makeitso.workspace.atomic import replace_file
from makeitso.workspace.config_positions import positions
from makeitso.workspace.paths import UserDirs, private_dir
from makeitso.workspace.rule_file import RulesFile, parse_rules, read_rules

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from makeitso.protocol.rules import Rule, RuleDecision

HEADER = """\
# Commands you allowed or denied for good. `mis approve --rules` lists them, `--revoke ID` takes one
# back. You may edit this; with anything wrong in it, nothing is allowed.
"""


@dataclass(frozen=True, kw_only=True)
class RuleDraft:
    """A rule to be stored; `run` and `approval` name the answer it is, if it is one."""

    decision: RuleDecision
    pattern: str
    workspace: str
    approval: str = ""
    run: str = ""
    note: str = ""


def add_rule(draft: RuleDraft, *, dirs: UserDirs, at: int) -> Rule:
    """Store a rule; the same one, or the same answer, is stored once.

    Args:
        draft: the rule.
        dirs: the person's directories.
        at: now, Unix ms.

    Raises:
        UsageError: its pattern reaches too far.
        ConfigError: something is wrong in the file; it was not changed.
        StoreError: the file cannot be written.
    """
    refuse(draft.pattern, draft.decision)
    with _locked(dirs):
        file = usable(dirs)
        for rule, _ in file.rules:
            form = (rule.decision, " ".join(rule.pattern.split()), rule.workspace)
            answer = (rule.run, rule.approval, rule.workspace)
            if form == (draft.decision, " ".join(draft.pattern.split()), draft.workspace) or (
                draft.approval and answer == (draft.run, draft.approval, draft.workspace)
            ):
                return rule
        number = file.next_number
        text = _counted(file, number + 1)
        text += "" if not text or text.endswith("\n") else "\n"
        text += _block(draft, number, at)
        after = _proved(file, text, [*(r.id for r, _ in file.rules), f"r{number}"])
        private_dir(dirs.config)
        replace_file(file.path, text.encode(), mode=0o600)
        return after.rules[-1][0]


def revoke_rule(rule_id: str, *, dirs: UserDirs) -> Rule:
    """Take a rule back; comments that stand outside of it stay.

    Raises:
        NotFoundError: there is no such rule.
        ConfigError: something is wrong in the file, or the rule cannot be cut out of it.
        StoreError: the file cannot be written.
    """
    with _locked(dirs):
        file = usable(dirs)
        ids = [rule.id for rule, _ in file.rules]
        if rule_id not in ids:
            raise NotFoundError(
                f"there is no rule {rule_id}", hint="`mis approve --rules` lists them"
            )
        index = ids.index(rule_id)
        spans = [
            place.value
            for path, place in positions(file.text).items()
            if path[:2] == ("rule", index)
        ]
        lines = _lines(_counted(file, file.next_number))
        added = len(lines) - len(_lines(file.text))
        first, last = min(s.line for s in spans) + added, max(s.end_line for s in spans) + added
        text = "".join([*lines[:first], *lines[last + 1 :]])
        _proved(file, text, [known for known in ids if known != rule_id])
        replace_file(file.path, text.encode(), mode=0o600)
        return file.rules[index][0]


def refuse(pattern: str, decision: RuleDecision) -> None:
    """Refuse a pattern that reaches too far.

    Raises:
        UsageError: with the reason.
    """
    if reason := refusal_of(pattern, decision):
        raise UsageError(
            f"`{pattern}` cannot be a rule: {reason}",
            hint="name the program and what it is to do, as in `git fetch *`",
        )


def usable(dirs: UserDirs) -> RulesFile:
    """The rules file, if nothing is wrong in it.

    Raises:
        ConfigError: something is; the first of it is named.
    """
    file = read_rules(dirs.rules_file)
    if file.problems:
        raise ConfigError(
            str(file.problems[0]),
            hint="put the rules file right first; it was not changed",
            data={"path": str(file.path)},
        )
    return file


def _counted(file: RulesFile, number: int) -> str:
    """The text with the number of the next rule in it."""
    place = positions(file.text).get(("next",))
    if place is None:
        return f"{'' if file.text else HEADER}next = {number}\n{file.text}"
    lines = _lines(file.text)
    line = lines[place.value.line]
    lines[place.value.line] = (
        line[: place.value.column] + str(number) + line[place.value.end_column :]
    )
    return "".join(lines)


def _lines(text: str) -> list[str]:
    """Lines as TOML knows them; `splitlines` would also cut at what a note may hold."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _block(draft: RuleDraft, number: int, at: int) -> str:
    when = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "id": f"r{number}",
        "decision": draft.decision,
        "pattern": " ".join(draft.pattern.split()),
        "workspace": draft.workspace,
        "from": draft.approval,
        "run": draft.run,
        "note": draft.note,
    }
    written = [
        f"{key} = {tomlkit.string(value).as_string()}\n" for key, value in fields.items() if value
    ]
    return "".join(("\n[[rule]]\n", *written[:4], f"created_at = {when}\n", *written[4:]))


def _proved(file: RulesFile, text: str, ids: Sequence[str]) -> RulesFile:
    """What the new text says, which must be what was meant."""
    after = parse_rules(file.path, text)
    if after.problems or [rule.id for rule, _ in after.rules] != list(ids):
        raise ConfigError(
            f"{file.path} is written in a way that cannot be changed safely",
            hint="write each rule as a [[rule]] of its own; the file was not changed",
            data={"path": str(file.path)},
        )
    return after


@contextmanager
def _locked(dirs: UserDirs) -> Generator[None]:
    private_dir(dirs.state)
    path = dirs.state / "rules.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"cannot lock {path}: {error.strerror or error}", hint="check the permissions there"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
