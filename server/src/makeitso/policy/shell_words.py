"""A shell command line as words and operators: POSIX quoting with what bash adds, read not run.

Nothing is expanded. A word keeps apart what is literal, what is a variable and what is a command of
its own, so that a judge can tell `'$HOME'` from `"$HOME"`. Reading never raises and takes time in
proportion to the text; what ends in the middle of a quote is marked as broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from makeitso.policy.shell_quotes import ansi_c, closing

PartKind = Literal["text", "quoted", "variable", "code", "other"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word.

    `text` is unquoted and may hold patterns, `quoted` is taken as it is, `variable` is a name,
    `code` is a command line whose output stands there, `other` is what only a shell can work out.
    """

    kind: PartKind
    text: str


@dataclass(frozen=True)
class Word:
    """One word of a command."""

    parts: tuple[Part, ...]

    @cached_property
    def literal(self) -> str | None:
        """What the shell makes of it, patterns and `~` left as they are; None: cannot be known."""
        if all(part.kind in ("text", "quoted") for part in self.parts):
            return "".join(part.text for part in self.parts)
        return None

    @cached_property
    def written(self) -> str:
        """It with quotes taken away and everything else as it was written."""
        return "".join(_written(part) for part in self.parts)

    @property
    def codes(self) -> tuple[str, ...]:
        """Command lines inside it."""
        return tuple(part.text for part in self.parts if part.kind == "code")

    @property
    def bare(self) -> str:
        """The unquoted text it begins with: where `~` and keywords count."""
        return self.parts[0].text if self.parts and self.parts[0].kind == "text" else ""


@dataclass(frozen=True, slots=True)
class Operator:
    """`;`, `&&`, `|`, a parenthesis or a line end."""

    text: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """`>`, `<<`, … and the word it goes to or comes from."""

    text: str
    target: Word
    body: str = ""
    """Of a here-document."""


Token = Word | Operator | Redirect


@dataclass
class Tokens:
    """What a text was read as."""

    tokens: list[Token] = field(default_factory=list[Token])
    broken: bool = False
    """It ends inside a quote or substitution; what came before is there."""


_PLAIN = re.compile(r"[^\s;&|()<>'\"\\$`#]+")
_SPACE = re.compile(r"(?:[ \t\r\f\v]|\\\n)+")
_CONTROL = re.compile(r";;&|;;|;&|;|&&|\|\||\|&|&(?!>)|\||\(|\)|\n")
_REDIRECT = re.compile(r"\d{0,4}(?:<<<|<<-|<<|<>|<&|>>|>&|>\||<|>)|&>>|&>")
_NAME = re.compile(r"[A-Za-z_]\w{0,255}|[0-9@*#?$!-]", re.ASCII)
_DQUOTED = re.compile(r"[^\"\\$`]+")
_OPENS = re.compile(r"\$\(|`")
_FD = re.compile(r"\d+(?=[<>])")


def tokenise(text: str) -> Tokens:
    """Read a command line."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.out = Tokens()
        self.parts: list[Part] = []
        self.redirect: str | None = None
        self.heredocs: list[int] = []

    def read(self) -> Tokens:
        text = self.text
        while self.at < len(text) and not self.out.broken:
            if found := _SPACE.match(text, self.at):
                self._word_ends()
                self.at = found.end()
            elif text[self.at] == "#" and not self.parts:
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif self._process_substitution() or self._operator():
                pass
            else:
                self._piece()
        self._word_ends()
        return self.out

    def _operator(self) -> bool:
        fd = not self.parts and _FD.match(self.text, self.at)
        if fd or self.text[self.at] in "<>&":
            found = _REDIRECT.match(self.text, self.at)
            if found:
                self._word_ends()
                self.redirect, self.at = found[0].lstrip("0123456789"), found.end()
                return True
        found = _CONTROL.match(self.text, self.at)
        if not found:
            return False
        self._word_ends()
        self.redirect = None
        self.out.tokens.append(Operator(found[0]))
        self.at = found.end()
        if found[0] == "\n" and self.heredocs:
            self._bodies()
        return True

    def _process_substitution(self) -> bool:
        if self.text[self.at : self.at + 2] not in ("<(", ">("):
            return False
        self._code(self.at + 2, ")")
        return True

    def _piece(self) -> None:
        text, at = self.text, self.at
        char = text[at]
        if found := _PLAIN.match(text, at):
            self._add("text", found[0], found.end())
        elif char == "\\":
            self._add("quoted", text[at + 1 : at + 2] or char, at + 2)  # the last one stays
        elif char == "'":
            end = text.find("'", at + 1)
            self._add("quoted", text[at + 1 : end if end >= 0 else None], end + 1)
            self._broken_if(end < 0)
        elif char == '"':
            self.at += 1
            self._double()
        elif char == "$":
            self._dollar(quoted=False)
        elif char == "`":
            self._backtick()
        else:
            self._add("text", char, at + 1)  # a `#` inside a word

    def _double(self) -> None:
        text = self.text
        self.parts.append(Part("quoted", ""))
        while self.at < len(text):
            char = text[self.at]
            if char == '"':
                self.at += 1
                return
            if found := _DQUOTED.match(text, self.at):
                self._add("quoted", found[0], found.end())
            elif char == "\\":
                follows = text[self.at + 1 : self.at + 2]
                kept = "" if follows == "\n" else follows if follows in '$`"\\' else "\\" + follows
                self._add("quoted", kept, self.at + 2)
            elif char == "$":
                self._dollar(quoted=True)
            else:
                self._backtick()
            if self.out.broken:
                return
        self.out.broken = True

    def _dollar(self, *, quoted: bool) -> None:
        text, at = self.text, self.at
        follows = text[at + 1 : at + 2]
        if follows == "(":
            arithmetic = text.startswith("$((", at)
            end = closing(text, at + 2, ")")
            if arithmetic and end is not None and text[end - 1] == ")":
                self._add("other", text[at : end + 1], end + 1)
                # A command may stand inside arithmetic too.
                for inner in _inner_codes(text[at + 3 : end - 1]):
                    self.parts.append(Part("code", inner))
            else:
                self._code(at + 2, ")")
        elif follows == "{":
            end = closing(text, at + 2, "}")
            if end is None:
                self._add("other", text[at:], len(text))
                self.out.broken = True
                return
            body = text[at + 2 : end]
            kind: PartKind = "variable" if _NAME.fullmatch(body) else "other"
            self._add(kind, body if kind == "variable" else text[at : end + 1], end + 1)
            for inner in _inner_codes(body) if kind == "other" else ():
                self.parts.append(Part("code", inner))
        elif follows == "'" and not quoted:
            value, end = ansi_c(text, at + 2)
            self._add("quoted", value, end)
            self._broken_if(end > len(text))
        elif follows == '"' and not quoted:
            self.at += 1
        elif found := _NAME.match(text, at + 1):
            self._add("variable", found[0], found.end())
        else:
            self._add("quoted", "$", at + 1)

    def _backtick(self) -> None:
        end = closing(self.text, self.at + 1, "`")
        if end is None:
            self._add("other", self.text[self.at :], len(self.text))
            self.out.broken = True
            return
        inner = re.sub(r"\\([$`\\])", r"\1", self.text[self.at + 1 : end])
        self._add("code", inner, end + 1)

    def _code(self, start: int, close: str) -> None:
        end = closing(self.text, start, close)
        if end is None:
            self._add("code", self.text[start:], len(self.text))
            self.out.broken = True
            return
        self._add("code", self.text[start:end], end + 1)

    def _bodies(self) -> None:
        """Take the here-documents that begin after this line end."""
        for index in self.heredocs:
            token = self.out.tokens[index]
            assert isinstance(token, Redirect)
            mark, dashed = token.target.written, token.text == "<<-"
            start = self.at
            while True:
                end = self.text.find("\n", self.at)
                line = self.text[self.at : end if end >= 0 else None]
                body_end, self.at = self.at, len(self.text) if end < 0 else end + 1
                if (line.lstrip("\t") if dashed else line) == mark:
                    break
                if end < 0:
                    body_end, self.out.broken = len(self.text), True
                    break
            body, target = self.text[start:body_end], token.target
            if all(part.kind == "text" for part in target.parts):  # unquoted: commands in it run
                codes = tuple(Part("code", code) for code in _inner_codes(body))
                target = Word((*target.parts, *codes))
            self.out.tokens[index] = Redirect(token.text, target, body)
        self.heredocs.clear()

    def _add(self, kind: PartKind, text: str, end: int) -> None:
        self.parts.append(Part(kind, text))
        self.at = end

    def _broken_if(self, broken: bool) -> None:  # noqa: FBT001 -- says itself
        if broken:
            self.out.broken, self.at = True, len(self.text)

    def _word_ends(self) -> None:
        if not self.parts:
            return
        word = Word(tuple(self.parts))
        self.parts = []
        if self.redirect is None:
            self.out.tokens.append(word)
            return
        self.out.tokens.append(Redirect(self.redirect, word))
        if self.redirect in ("<<", "<<-"):
            self.heredocs.append(len(self.out.tokens) - 1)
        self.redirect = None


def _written(part: Part) -> str:
    match part.kind:
        case "variable":
            return f"${{{part.text}}}"
        case "code":
            return f"$({part.text})"
        case _:
            return part.text


def _inner_codes(text: str) -> list[str]:
    """The command lines inside text of which nothing else matters, as in `${…}`."""
    found: list[str] = []
    at = 0
    while opened := _OPENS.search(text, at):
        end = closing(text, opened.end(), "`" if opened[0] == "`" else ")")
        found.append(text[opened.end() : end])
        if end is None:
            break
        at = end + 1
    return found
