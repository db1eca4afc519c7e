"""What `xargs` makes of its input, as far as the command line itself says it.

`echo / | xargs rm -rf` removes what `echo` says. Of a pipe, what `echo` and `printf` say, what a
here-document holds and where `find` starts can be read; what passes through `cat`, `sort` and the
like is the same. Everything else is known when it runs and not before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from makeitso.policy.shell_words import Part, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from makeitso.policy.shell_chains import Command
    from makeitso.policy.shell_words import Redirect

MOST_FED = 256
"""Words of an input that are looked at; more are taken for not known."""
_PASSES_ON = frozenset(
    ["cat", "tee", "sort", "uniq", "tr", "head", "tail", "grep", "egrep", "fgrep", "tac", "xargs"]
)
"""They put out words they are given, whole."""
_ESCAPE = re.compile(r"\\(?:0?([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|([abefnrtv\\]))")
_SPACES = re.compile(r"[\s\0]+")
_UNQUOTED = str.maketrans("", "", "'\"\\")
"""`xargs` takes quotes away as a shell does."""


@dataclass(frozen=True)
class Feed:
    """What an input may hold: words, and the names that a `find` puts out."""

    words: tuple[Word, ...] = ()
    finds: tuple[Command, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.finds)


def put_out(commands: Sequence[Command], given: Feed) -> Feed:
    """What commands on the left of a pipe put into it, as far as it can be read.

    Args:
        commands: all that are run there.
        given: what they are given themselves.
    """
    words: list[Word] = []
    finds: list[Command] = []
    for command in commands:
        match command.program:
            case "echo" | "printf":
                words += _said(command)
            case "find":
                finds.append(command)
            case name if name in _PASSES_ON:
                own = here_given(command.redirects)
                passed = given if own is None else own
                words += passed.words
                finds += passed.finds
            case _:
                pass
        if len(words) > MOST_FED or len(finds) > MOST_FED:
            break
    return Feed(tuple(words[:MOST_FED]), tuple(finds[:MOST_FED]))


def here_given(redirects: Sequence[Redirect]) -> Feed | None:
    """What here-documents and here-strings give a command; None: it has another input."""
    for redirect in reversed(redirects):
        if redirect.text in ("<<", "<<-"):
            return Feed(tuple(_pieces(redirect.body)))
        if redirect.text == "<<<":
            return Feed(tuple(_words(redirect.target)))
        if redirect.text.startswith("<"):
            return Feed()
    return None


def with_input(
    command: Command, feed: Feed, *, mark: str | None, delimiter: str
) -> Iterator[Command]:
    """The commands that `xargs` makes of one and its input.

    Args:
        command: what `xargs` was given to run.
        feed: its input.
        mark: what stands for a line of the input (`-I`); None: the input is put at the end.
        delimiter: what parts the input, beside spaces; empty: nothing.
    """
    words = [piece for word in feed.words for piece in _parted(word, delimiter)][:MOST_FED]
    for find in feed.finds:
        # `find / | xargs rm` is `find / -exec rm {} ;`.
        exec_, end = Word((Part("text", "-exec"),)), Word((Part("quoted", ";"),))
        yield replace(command, words=(*find.words, exec_, *command.words, end), here=find.here)
    if not words:
        return
    if not mark:
        yield replace(command, words=(*command.words, *words))
        return
    made: list[Word] = []
    for at in command.words:
        text = at.literal
        # A mark that has none to stand for is left as it is.
        made += (
            [at] if text is None or mark not in text else [_put(word, text, mark) for word in words]
        )
        if len(made) > MOST_FED:
            break
    if made:
        yield replace(command, words=tuple(made))


def _put(word: Word, text: str, mark: str) -> Word:
    before, _, after = text.partition(mark)
    return Word(
        tuple(
            part
            for part in (Part("quoted", before), *word.parts, Part("quoted", after))
            if part.text
        )
    )


def _said(command: Command) -> Iterator[Word]:
    """What `echo` or `printf` say."""
    arguments = list(command.arguments)
    while arguments and re.fullmatch(r"-[neE]+|--", arguments[0].written):
        arguments.pop(0)
    for word in arguments[:MOST_FED]:
        yield from _words(word)


def _words(word: Word) -> Iterator[Word]:
    """The words a shell's word comes to, once it is text."""
    text = word.literal
    if text is None or not re.search(r"[\s\0'\"\\%]", text):
        yield word
        return
    yield from _pieces(_ESCAPE.sub(_character, text))


def _pieces(text: str) -> Iterator[Word]:
    for piece in _SPACES.split(text, maxsplit=MOST_FED)[:MOST_FED]:
        plain = piece.translate(_UNQUOTED)
        if plain and "%" not in plain:  # a format of `printf`, of which the rest is not known
            yield Word((Part("quoted", plain),))


def _parted(word: Word, delimiter: str) -> Iterator[Word]:
    text = word.literal
    if not delimiter or text is None or delimiter not in text:
        yield word
        return
    for piece in text.split(delimiter, MOST_FED)[:MOST_FED]:
        if piece:
            yield Word((Part("quoted", piece),))


def _character(found: re.Match[str]) -> str:
    octal, hexadecimal, letter = found.groups()
    if octal is not None:
        return chr(int(octal, 8) & 0xFF)
    if hexadecimal is not None:
        return chr(int(hexadecimal, 16))
    return "\\" if letter == "\\" else "\n"
