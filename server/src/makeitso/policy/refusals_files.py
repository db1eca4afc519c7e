"""Refusals about files and disks: see `refusals`. Functions answer in words, or with nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from makeitso.policy.shell_paths import device, in_git, outside, pointed, precious, whereabouts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from makeitso.policy.shell_chains import Chain, Command
    from makeitso.policy.shell_paths import Place
    from makeitso.policy.shell_words import Word

_FORMATTERS = ("mkfs", "mke2fs", "mkswap", "mkdosfs", "newfs", "blkdiscard", "wipefs")
_PARTITIONERS = frozenset(
    ["fdisk", "sfdisk", "cfdisk", "gdisk", "sgdisk", "parted", "diskutil", "hdparm"]
)
_WRITERS = frozenset(
    [
        "rm",
        "rmdir",
        "unlink",
        "mv",
        "tee",
        "touch",
        "chmod",
        "chown",
        "chgrp",
        "truncate",
        "mkdir",
        "shred",
        "mkfifo",
        "mknod",
    ]
)
"""Every operand is written or removed."""
_REMOVERS = frozenset(["rm", "rmdir", "unlink", "shred"])
_COPIERS = frozenset(["cp", "install", "ln", "rsync", "scp"])
"""The last operand is written."""


def operands(arguments: Sequence[Word]) -> Iterator[Word]:
    """Arguments that are no options."""
    ended = False
    for word in arguments:
        text = word.written
        if not ended and text == "--":
            ended = True
        elif ended or not text.startswith("-") or text == "-":
            yield word


def flagged(arguments: Sequence[Word], letters: str, *names: str) -> bool:
    """Whether a short option with one of the letters, or one of the long names, is there."""
    for word in arguments:
        text = word.written
        if text == "--":
            return False
        if text.startswith("--"):
            # A long option may be cut short: `--recurs`.
            key = text[2:].partition("=")[0]
            if len(key) > 2 and any(name.startswith(key) for name in names):
                return True
        elif text.startswith("-") and any(letter in text[1:] for letter in letters):
            return True
    return False


def removes_much(command: Command, index: int, chain: Chain, place: Place) -> str:
    """Removing or moving away what cannot be replaced."""
    del index, chain
    here, arguments = whereabouts(command.here, place), command.arguments
    if command.program == "rm" and flagged(arguments, "rR", "recursive"):
        targets = list(operands(arguments))
    elif command.program == "mv":
        targets = list(operands(arguments))[:-1]
    elif command.program == "find" and _find_removes(arguments):
        targets = _find_starts(arguments)
    else:
        return ""
    for target in targets:
        path = pointed(target, here)
        lost = "" if path is None else precious(path, place)
        if lost and not (command.program == "find" and not outside(path or "", place)):
            return f"`{command.program}` would remove {lost}"
    return ""


def doubtful_target(command: Command, place: Place) -> str:
    """Why it cannot be told what a removal removes; empty: it can, or nothing is removed."""
    if command.program in _REMOVERS and "xargs" in command.wrapped:
        return f"what `{command.program}` removes is what `xargs` is given as it runs"
    if command.program != "rm" or not flagged(command.arguments, "rR", "recursive"):
        return ""
    here = whereabouts(command.here, place)
    if all(pointed(word, here) is not None for word in operands(command.arguments)):
        return ""
    return "what `rm` removes is worked out as it runs"


def opens_everything(command: Command, index: int, chain: Chain, place: Place) -> str:
    """Modes or owners of a whole system or home."""
    del index, chain
    if command.program not in ("chmod", "chown", "chgrp", "setfacl"):
        return ""
    if not flagged(command.arguments, "R", "recursive"):
        return ""
    here = whereabouts(command.here, place)
    for word in list(operands(command.arguments))[1:]:
        path = pointed(word, here)
        lost = "" if path is None else precious(path, place)
        if lost and path is not None and outside(path, place):
            return f"`{command.program}` would change {lost} and all below it"
    return ""


def writes_device(command: Command, index: int, chain: Chain, place: Place) -> str:
    """Writing to a disk."""
    del index, chain
    for path in _written(command, place):
        if device(path):
            return f"it would write to the device {path}"
    return ""


def writes_git(command: Command, index: int, chain: Chain, place: Place) -> str:
    """Writing into `.git` with anything but git."""
    del index, chain
    for path in _written(command, place):
        if in_git(path):
            return f"it would write into {path}"
    return ""


def formats_disk(command: Command, index: int, chain: Chain, place: Place) -> str:
    """Making file systems and partitions."""
    del index, chain, place
    name = command.program or ""
    if name.partition(".")[0] in _FORMATTERS or name.startswith(("mkfs.", "newfs_")):
        return f"`{name}` wipes what was there"
    disks = any(device(word.written) for word in operands(command.arguments))
    if name in _PARTITIONERS and disks and not flagged(command.arguments, "l", "list"):
        return f"`{name}` changes a disk"
    return ""


def _written(command: Command, place: Place) -> Iterator[str]:
    """Paths a command writes, changes or removes, as far as they can be told."""
    here, name, arguments = whereabouts(command.here, place), command.program, command.arguments
    words = [r.target for r in command.redirects if ">" in r.text]
    plain = list(operands(arguments))
    if name in _WRITERS:
        words += plain
    elif name in _COPIERS:
        words += plain[-1:]
        words += [w for o, w in itertools.pairwise(arguments) if o.written == "-t"]
    elif name in ("sed", "perl", "gsed") and flagged(arguments, "i", "in-place"):
        words += plain
    for word in words:
        path = pointed(word, here)
        if path is not None:
            yield path
    if name == "dd":
        for word in plain:
            if word.written.startswith("of="):
                yield _relative(word.written[3:], here)


def _relative(text: str, here: str | None) -> str:
    return text if text.startswith(("/", "~")) or here is None else f"{here}/{text}"


def _find_removes(arguments: Sequence[Word]) -> bool:
    texts = [word.written for word in arguments]
    return "-delete" in texts or any(
        a in ("-exec", "-execdir", "-ok") and b.rsplit("/", 1)[-1] in ("rm", "shred", "unlink")
        for a, b in itertools.pairwise(texts)
    )


def _find_starts(arguments: Sequence[Word]) -> list[Word]:
    starts: list[Word] = []
    for word in arguments:
        text = word.written
        if text in ("-H", "-L", "-P") or text.startswith(("-O", "-D")):
            continue
        if text.startswith(("-", "(", "!")):
            break
        starts.append(word)
    return starts
