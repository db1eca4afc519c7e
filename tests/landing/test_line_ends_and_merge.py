from __future__ import annotations

import pytest

import git_sandbox
from makeitso.landing.line_ends import adapt, style
from makeitso.landing.merge import merge_text
from makeitso.workspace.git import Repository, open_repository

BOM = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    box = git_sandbox.make(tmp_path_factory.mktemp("r"))
    return open_repository(box.root)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "none"),
        (b"a", "none"),
        (b"a\nb\n", "lf"),
        (b"a\r\nb", "crlf"),
        (b"a\r\nb\n", "mixed"),
        (b"\r", "none"),
    ],
)
def test_style(data: bytes, expected: str) -> None:
    assert style(data) == expected


@pytest.mark.parametrize(
    ("ours", "ancestor", "theirs", "expected"),
    [
        (b"a\r\n", b"a\n", b"b\n", (b"a\r\n", b"b\r\n")),
        (b"a\n", b"a\r\n", b"b\r\n", (b"a\n", b"b\n")),
        (b"a\r\n", b"a\r\nb\n", b"c\r\nb\n", (b"a\r\nb\r\n", b"c\r\nb\r\n")),
        (b"a\r\n", b"a\n", b"a\r\n", (b"a\n", b"a\r\n")),  # the proposal changes line ends
        (b"a\r\nb\n", b"a\n", b"b\n", (b"a\n", b"b\n")),  # ours is mixed
        (b"a", b"a\n", b"b\n", (b"a\n", b"b\n")),  # ours has no line end
        (BOM + b"a\n", b"a\n", b"b\n", (BOM + b"a\n", BOM + b"b\n")),
        (b"a\n", BOM + b"a\n", BOM + b"b\n", (b"a\n", b"b\n")),
        (b"a\n", b"a\n", BOM + b"a\n", (b"a\n", BOM + b"a\n")),  # the proposal adds the mark
    ],
)
def test_adapt(ours: bytes, ancestor: bytes, theirs: bytes, expected: tuple[bytes, bytes]) -> None:
    assert adapt(ours, ancestor=ancestor, theirs=theirs) == expected


@pytest.mark.parametrize(
    ("ancestor", "ours", "theirs", "expected"),
    [
        (b"a\nb\nc\n", b"a\nb\nc\n", b"a\nB\nc\n", b"a\nB\nc\n"),
        (b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n", b"A\nb\nC\n"),
        (b"a\nb\nc\n", b"A\nb\nc", b"a\nb\nc\nd\n", None),
        (b"a\nb\n", b"a\nx\n", b"a\ny\n", None),
        (b"a\nb\n", b"a\nx\n", b"a\nb\n", b"a\nx\n"),
        (b"a\n", b"", b"b\n", None),
        (b"\0a\n", b"\0b\n", b"\0c\n", None),
        (b"", b"x", b"", b"x"),
    ],
)
def test_merge(
    repo: Repository, ancestor: bytes, ours: bytes, theirs: bytes, expected: bytes | None
) -> None:
    assert merge_text(repo, ancestor=ancestor, ours=ours, theirs=theirs) == expected
