"""Telling a check that is red from one that cannot run here, by its exit status and its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.protocol.events import CheckRan

_TAIL_CHARS = 4_000
_NOT_THERE = re.compile(
    r"No module named '?[\w.]+'?"
    r"|Cannot find (?:module|package) '[^'\n]{1,200}'"
    r"|error TS2307: Cannot find module [^\n]{1,200}"
    r"|cannot load such file -- [^\n]{1,200}"
    r"|no required module provides package [^\s;]{1,200}"
    r"|can't find crate for `[^`\n]{1,100}`|no matching package named `[^`\n]{1,100}` found"
    r"|Failed opening required '[^'\n]{0,200}vendor/autoload\.php'"
    r"|package [\w.]{1,200} does not exist"
    r"|could not determine executable to run|Could not find gem '[^'\n]{1,200}"
    r"|[^\n:]{0,80}: (?:command )?not found\b"
    r"|[^\n]{0,80}: No such file or directory(?=\n*\Z)"
)
_NO_NETWORK = re.compile(
    r"Could not resolve host|Temporary failure in name resolution|Name or service not known"
    r"|EAI_AGAIN|ENOTFOUND|ENETUNREACH|ENETDOWN|Network is unreachable|getaddrinfo"
    r"|dial tcp: lookup|nodename nor servname|failed to resolve"
    r"|Failed to establish a new connection"
    r"|Could not connect to|urlopen error|dns error|connect EPERM|Couldn't resolve"
    r"|\bsocket\b[^\n]{0,80}(?:Operation not permitted|EPERM)",
    re.IGNORECASE,
)
_ORDINARY = ("not found", "No such file or directory")
"""Words that a test that ran may well say."""
_MISSING = re.compile(
    r"(?P<word>[^\s:]{1,200}): (?:command )?not found\b"
    r"|(?P<file>[^\s:/]{0,100}/[^\s:]{1,200}): No such file or directory"
)
"""A program that a shell did not find: in PATH, or at a path."""
_NOT_FOUND = 127
_STATUS = {126: "its program cannot be executed", _NOT_FOUND: "its program is not there"}


def why_not(result: CheckRan) -> str:
    """Why a check that did not pass could not even run; empty: it ran, and is red or green.

    A guess from what programs say: a task may well be about the module that is missing.
    """
    if result.passed or result.timed_out:
        return ""
    said = [found[0].strip() for found in _NOT_THERE.finditer(result.tail[-_TAIL_CHARS:])]
    if result.exit_code in _STATUS:
        return said[0] if said else _STATUS[result.exit_code]
    return next((words for words in said if not words.endswith(_ORDINARY)), "")


def missing_program(result: CheckRan) -> str:
    """The program that the shell did not find for a check; empty: it found all, or says none."""
    if result.exit_code != _NOT_FOUND or result.timed_out:
        return ""
    found = list(_MISSING.finditer(result.tail[-_TAIL_CHARS:]))
    return (found[-1]["word"] or found[-1]["file"]) if found else ""


def wants_network(tail: str) -> bool:
    """Whether a command that failed says that it reached nobody."""
    return _NO_NETWORK.search(tail[-_TAIL_CHARS:]) is not None
