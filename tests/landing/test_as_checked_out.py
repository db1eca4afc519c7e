"""What lands lies there as git would have checked it out, where the file itself does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from landing.flavours import ATTRIBUTES, AUTOCRLF, Flavour, repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("before", [b"", b"no line end"])
def test_lines_in_a_file_that_had_no_line_end(tmp_path: Path, before: bytes) -> None:
    here = repository(tmp_path / "w", Flavour("one", config=AUTOCRLF.config, files={"a": before}))
    change = here.change({"a": b"one\ntwo\n"})
    landing = here.land(change, "index")
    assert here.read("a") == b"one\r\ntwo\r\n"
    assert here.staged("a") == b"one\ntwo\n"
    assert here.box.git("diff", "--name-only") == b""
    here.undo(landing, change)
    assert here.read("a") == before


def test_a_file_that_ends_its_lines_otherwise_keeps_its_own(tmp_path: Path) -> None:
    here = repository(tmp_path / "w", AUTOCRLF)
    (here.root / "plain.txt").write_bytes(here.read("plain.txt").replace(b"\r\n", b"\n"))
    change = here.change({"plain.txt": b"first\n" + AUTOCRLF.begin["plain.txt"]})
    here.land(change, "files")
    assert here.read("plain.txt") == b"first\n" + AUTOCRLF.begin["plain.txt"]


def test_encodings_idents_and_filters(tmp_path: Path) -> None:
    here = repository(tmp_path / "w", ATTRIBUTES)
    begin = ATTRIBUTES.begin
    assert here.read("wide.txt").startswith(b"\xff\xfe"), "git checked it out so"
    assert b"ghearq 2\n" in here.read("rot.txt")
    before = {name: here.read(name) for name in ("wide.txt", "ident.txt", "rot.txt")}
    change = here.change({name: begin[name] + b"more\n" for name in before})
    landing = here.land(change, "commit")
    assert here.read("wide.txt").decode("utf-16").endswith("60\r\nmore\r\n")
    assert here.read("rot.txt").endswith(b"60\nzber\n")
    blob = here.box.text("rev-parse", "HEAD:ident.txt")
    assert here.read("ident.txt").startswith(f"$Id: {blob} $\n".encode())
    assert here.box.git("status", "--porcelain", "--ignore-submodules") == b""
    here.undo(landing, change)
    assert {name: here.read(name) for name in before} == before
