"""The single commands of a shell command line, wrappers taken off, nested command lines included.

`sudo env A=b timeout 5 sh -c 'cd x && rm y' | tee z` is `cd x`, `rm y` and `tee z`. What is
written in another language, put together at run time or too deep to follow makes the line unclear:
then the list may lack something, and what is in it holds all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING

from makeitso.policy.shell_feeds import Feed, here_given, put_out, with_input
from makeitso.policy.shell_paths import moved
from makeitso.policy.shell_words import Operator, Part, Redirect, Word, tokenise
from makeitso.policy.shell_wrappers import (
    SHELLS,
    dashed_script,
    find_commands,
    inline_code,
    program,
    script_operand,
    unwrap,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = Feed()
LONGEST = 100_000
"""Characters of a command line that are read; a longer one is unclear."""
DEEPEST = 8
MOST_CHARACTERS = 4 * LONGEST
"""Nested lines are read again; all readings together are bounded by this."""
MOST_COMMANDS = 1_000
MOST_WORDS = 5_000
"""In one command."""

_KEYWORDS = frozenset(
    ["if", "then", "elif", "else", "while", "until", "do", "!", "time", "{", "coproc"]
)
_SILENT = frozenset(["fi", "done", "esac", "}", "for", "select", "case", "in"])
_CLOSES = {"{": "}", "if": "fi", "while": "done", "until": "done", "for": "done", "case": "esac"}
"""Words that open a group of commands, and those that close it."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command as a shell starts it.

    Attributes:
        words: program and arguments, variables set in the same line put in; never empty.
        redirects: where its output goes and its input comes from.
        settings: variables set for it alone, by name.
        here: where the `cd`s before it in the line lead from where the line starts; None: it cannot
            be told.
        piped: its input is the output of the command before it.
        wrapped: programs it was started through: `sudo`, `xargs`, ….
    """

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()
    settings: tuple[tuple[str, Word], ...] = ()
    here: str | None = "."
    piped: bool = False
    wrapped: tuple[str, ...] = ()

    @property
    def program(self) -> str | None:
        """Name of the program without its directory; None: it cannot be known."""
        return program(self.words[0])

    @property
    def arguments(self) -> tuple[Word, ...]:
        """What follows the program."""
        return self.words[1:]


@dataclass
class Chain:
    """All commands of a line, in the order they are written."""

    commands: list[Command] = field(default_factory=list[Command])
    unclear: list[str] = field(default_factory=list[str])
    """Why the list may lack something; empty: it does not."""
    functions: set[str] = field(default_factory=set[str])
    """Names of functions the line defines."""
    fed: set[int] = field(default_factory=set[int])
    """Indexes of commands that run, as code, what others before them put out."""
    shaped: bool = False
    """It has more than commands one after the other: variables, functions, loops, cases. They can
    give a command that follows another meaning."""


def chain(line: str) -> Chain:
    """Take a command line apart. Never raises; time is bounded by the length of the line."""
    reader = _Reader()
    if len(line) > LONGEST:
        reader.out.unclear.append(f"it is longer than {LONGEST:,} characters")
    reader.read(line[:LONGEST], depth=0, here=".", wrapped=())
    return reader.out


@dataclass
class _Gathered:
    """A command while it is read."""

    words: list[Word] = field(default_factory=list[Word])
    redirects: list[Redirect] = field(default_factory=list[Redirect])


@dataclass(frozen=True)
class _Group:
    """A group of commands that is not closed yet: they share their input."""

    closes: str
    first: int
    """Index of its first command."""
    feed: Feed
    outer: Feed
    """What the commands around it are given."""


class _Input:
    """What the next command of a line is given, followed through pipes and groups."""

    def __init__(self, given: Feed) -> None:
        self.feed = self._given = given
        self._groups: list[_Group] = []
        self._left = 0

    def before(self, words: Sequence[Word], first: int) -> None:
        """A command of these words comes, of which nothing was added yet."""
        self._left = first if words else self._left
        for word in words:
            if word.literal != word.bare:
                return
            if closes := _CLOSES.get(word.bare):
                self._open(closes, first)
            elif word.bare in _CLOSES.values():
                self._close(word.bare)
            elif word.bare not in _KEYWORDS:
                return

    def after(self, sign: str, commands: list[Command], *, piped: bool) -> None:
        """An operator comes, and what was before it was added."""
        if sign in ("|", "|&"):
            self.feed = put_out(commands[self._left :], self.feed)
        elif sign == "(":
            self._open(")", len(commands))
        elif sign == ")":
            self._close(")")
        elif not piped:
            self.feed = self._given

    def _open(self, closes: str, first: int) -> None:
        if len(self._groups) < MOST_COMMANDS:
            self._groups.append(_Group(closes, first, self.feed, self._given))
            self._given = self.feed

    def _close(self, sign: str) -> None:
        if self._groups and self._groups[-1].closes == sign:
            group = self._groups.pop()
            self._left, self.feed, self._given = group.first, group.feed, group.outer


class _Reader:
    def __init__(self) -> None:
        self.out = Chain()
        self.characters = 0
        self.variables: dict[str, Word] = {}

    def doubt(self, why: str) -> None:
        if why not in self.out.unclear:
            self.out.unclear.append(why)

    def read(
        self,
        line: str,
        *,
        depth: int,
        here: str | None,
        wrapped: tuple[str, ...],
        given: Feed = _NOTHING,
    ) -> None:
        self.characters += len(line)
        if depth > DEEPEST or self.characters > MOST_CHARACTERS:
            self.doubt("command lines inside it go too deep")
            return
        found = tokenise(line)
        if found.broken:
            self.doubt("a quote or substitution in it is never closed")
        now, piped, source = _Gathered(), False, _Input(given)
        for token in found.tokens:
            match token:
                case Word() if len(now.words) < MOST_WORDS:
                    now.words.append(token)
                case Redirect() if len(now.redirects) < MOST_WORDS:
                    now.redirects.append(token)
                case Operator(text=sign):
                    if sign == "(" and len(now.words) == 1 and not now.redirects:
                        name = now.words[0].literal
                        if name:
                            self.out.functions.add(name)
                        self.out.shaped = True
                        now = _Gathered()
                        continue
                    began = bool(now.words or now.redirects)
                    source.before(now.words, len(self.out.commands))
                    here = self._command(now, depth, here, wrapped, source.feed, piped=piped)
                    now = _Gathered()
                    # A pipe goes on through an opening parenthesis or brace.
                    piped = sign in ("|", "|&") or (piped and not began and sign in ("(", "\n"))
                    source.after(sign, self.out.commands, piped=piped)
                case _:
                    self.doubt(f"a command in it has more than {MOST_WORDS:,} words")
        source.before(now.words, len(self.out.commands))
        self._command(now, depth, here, wrapped, source.feed, piped=piped)

    def _command(
        self,
        gathered: _Gathered,
        depth: int,
        here: str | None,
        wrapped: tuple[str, ...],
        feed: Feed = _NOTHING,
        *,
        piped: bool,
    ) -> str | None:
        """Take one command in; returns where the line is after it."""
        if len(self.out.commands) >= MOST_COMMANDS or depth > DEEPEST:
            self.doubt("it has too many commands, or commands too deep inside it")
            return here
        for word in (*gathered.words, *(r.target for r in gathered.redirects)):
            for code in word.codes:
                self.read(code, depth=depth + 1, here=here, wrapped=())
        known = [self._known(word) for word in gathered.words]
        words = _keywords_off(known)
        self.out.shaped |= len(words) < len(known)
        if len(words) > 1 and words[0].literal == "function":
            self.out.functions.add(words[1].written)
            words = _keywords_off(words[2:])
            self.out.shaped = True
        settings, words = _settings_off(words)
        if not words:
            self.variables.update(settings)
            self.out.shaped |= bool(settings)
            if gathered.redirects:
                words = [_TRUE]
            else:
                return here
        opened = unwrap(words)
        settings += opened.settings
        for doubt in opened.doubts:
            self.doubt(doubt)
        command = Command(
            words=tuple(opened.words),
            redirects=tuple(
                Redirect(r.text, self._known(r.target), r.body) for r in gathered.redirects
            ),
            settings=tuple(settings),
            here=reduce(moved, opened.moves, here),
            piped=piped,
            wrapped=(*wrapped, *opened.wrappers),
        )
        after = self._take(command, depth, feed)
        if "xargs" in opened.wrappers:
            own = here_given(command.redirects)
            made = with_input(
                replace(command, redirects=(), piped=False),
                feed if own is None else own,
                mark=opened.mark,
                delimiter=opened.delimiter,
            )
            for each in made:
                if len(self.out.commands) < MOST_COMMANDS:
                    self._take(each, depth, _NOTHING)
        return after

    def _take(self, command: Command, depth: int, feed: Feed) -> str | None:
        """Add a command and what it runs; returns where the line is after it."""
        here, name = command.here, command.program
        self.out.commands.append(command)
        if name is None:
            self.doubt(f"the program of `{command.words[0].written[:60]}` is worked out as it runs")
        elif name in SHELLS:
            self._shell(name, command, depth, feed)
        elif name in ("eval", "source", "."):
            self._evaluated(name, command, depth, feed)
        elif name == "find":
            for argv in find_commands(command.arguments):
                inner = _Gathered(list(argv))
                self._command(inner, depth + 1, None, ("find",), piped=False)
        elif name in ("cd", "pushd", "popd"):
            return moved(here, _target(command.arguments) if name == "cd" else None)
        elif doubt := inline_code(name, command.arguments):
            self.doubt(doubt)
            if command.piped or any(word.codes for word in command.words):
                self.out.fed.add(len(self.out.commands) - 1)
        return here

    def _shell(self, name: str, command: Command, depth: int, feed: Feed) -> None:
        """A shell: what it is told to run is read like the line it stands in."""
        index = len(self.out.commands) - 1
        script, operand = dashed_script(command.arguments), script_operand(command.arguments)
        if script is not None:
            self._inside(script.written, command, depth, feed)
            if script.literal is None:
                self.doubt(f"what `{name} -c` runs is put together as it runs")
            if script.codes:
                self.out.fed.add(index)
            return
        if operand is not None:
            if operand.codes:
                self.out.fed.add(index)
                self.doubt(f"what `{name}` runs is put together as it runs")
            return
        given = [r for r in command.redirects if r.text in ("<", "<<", "<<-", "<<<")]
        for redirect in given:
            if redirect.text != "<":
                self._inside(redirect.body or redirect.target.written, command, depth, _NOTHING)
        if command.piped or any(redirect.target.codes for redirect in given):
            self.out.fed.add(index)
        if not given or any(r.text == "<" or r.target.literal is None for r in given):
            self.doubt(f"`{name}` runs what it is given as it runs")

    def _evaluated(self, name: str, command: Command, depth: int, feed: Feed) -> None:
        if any(word.codes for word in command.arguments) or (name != "eval" and command.piped):
            self.out.fed.add(len(self.out.commands) - 1)
        if name == "eval":
            line = " ".join(word.written for word in command.arguments)
            self._inside(line, command, depth, feed)
        if any(word.literal is None for word in command.arguments):
            self.doubt(f"what `{name}` runs is put together as it runs")

    def _inside(self, line: str, command: Command, depth: int, feed: Feed) -> None:
        own = here_given(command.redirects)
        self.read(
            line,
            depth=depth + 1,
            here=command.here,
            wrapped=command.wrapped,
            given=feed if own is None else own,
        )

    def _known(self, word: Word) -> Word:
        """A word with the variables that were set in the same line put in."""
        if not any(part.kind == "variable" for part in word.parts):
            return word
        parts = tuple(
            inner
            for part in word.parts
            for inner in (
                self.variables[part.text].parts
                if part.kind == "variable" and part.text in self.variables
                else (part,)
            )
        )
        # A value that holds itself twice doubles with each use.
        return Word(parts) if len(parts) <= 256 else word


_TRUE = Word((Part("text", ":"),))


def _keywords_off(words: list[Word]) -> list[Word]:
    at = 0
    while at < len(words) and words[at].literal == words[at].bare and words[at].bare in _KEYWORDS:
        at += 1
        if words[at - 1].bare == "time" and at < len(words) and words[at].written == "-p":
            at += 1
    rest = words[at:]
    if rest and rest[0].literal == rest[0].bare and rest[0].bare in _SILENT:
        return []
    return rest


def _settings_off(words: Sequence[Word]) -> tuple[list[tuple[str, Word]], list[Word]]:
    """Assignments before a command, and the command."""
    settings: list[tuple[str, Word]] = []
    for index, word in enumerate(words):
        found = _ASSIGNMENT.match(word.bare)
        if found is None:
            return settings, list(words[index:])
        settings.append((found[1], _after(word, found.end())))
    return settings, []


def _after(word: Word, length: int) -> Word:
    first, *rest = word.parts
    return Word((type(first)(first.kind, first.text[length:]), *rest))


def _target(arguments: Sequence[Word]) -> str | None:
    """Where `cd` goes; None: it cannot be told."""
    plain = [word for word in arguments if not word.written.startswith("-") or word.written == "-"]
    if not plain:
        return "~"
    text = plain[0].literal
    return None if text == "-" else text
