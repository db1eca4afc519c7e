"""Copying as it is: modes, times, links; never through a link, never a link to the original."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from makeitso.errors import ConflictError, EnvironmentFault
from makeitso.workspace import copying
from makeitso.workspace.copying import CHUNK, SMALL_BYTES, Copied

if TYPE_CHECKING:
    from pathlib import Path


class Two:
    """A source with something in it, and an empty target."""

    def __init__(self, top: Path) -> None:
        self.source, self.target = top / "source", top / "target"
        self.source.mkdir()
        self.target.mkdir()

    def write(self, path: str, data: bytes, mode: int = 0o644) -> Path:
        target = self.source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)
        return target

    def copy(self, *paths: str, into: Copied | None = None) -> Copied:
        into = into or Copied(most_files=100, most_bytes=10 * SMALL_BYTES)
        for path in paths:
            copying.copy(self.source, self.target, path, into=into)
        return into


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_content_modes_and_times_are_kept_and_the_inode_is_not(two: Two) -> None:
    tool = two.write("d/bin/tool", b"#!/bin/sh\n", 0o755)
    two.write("d/read-only", b"r", 0o444)
    big = two.write("d/big", os.urandom(SMALL_BYTES + 3 * CHUNK + 17))
    two.write("d/ü \udcff", b"odd name")
    for path, at in ((tool, 1_000_000_007), (big, 1_100_000_011)):
        os.utime(path, ns=(at, at))
    os.utime(two.source / "d", ns=(5_000_000_000, 5_000_000_000))
    done = two.copy("d/")
    assert (two.target / "d/big").read_bytes() == big.read_bytes()
    for name in ("bin/tool", "read-only", "big", "ü \udcff"):
        old, new = (two.source / "d" / name).stat(), (two.target / "d" / name).stat()
        assert (new.st_mode, new.st_mtime_ns, new.st_size) == (
            old.st_mode, old.st_mtime_ns, old.st_size
        )  # fmt: skip
        assert new.st_ino != old.st_ino
        assert new.st_nlink == 1
    assert (two.target / "d").stat().st_mtime_ns == 5_000_000_000
    assert done.files == 4
    assert done.bytes_ == big.stat().st_size + len(b"#!/bin/sh\n") + 1 + 8
    assert done.left_out == {}


def test_who_writes_the_copy_does_not_write_the_original(two: Two) -> None:
    original = two.write("f", b"mine" * SMALL_BYTES)
    two.copy("f")
    with (two.target / "f").open("r+b") as file:
        file.write(b"worker")
    assert original.read_bytes()[:8] == b"minemine"


def test_links_are_copied_as_links_unless_they_lead_out(two: Two, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    two.write("d/a", b"a")
    for name, leads in (
        ("inner", "a"),
        ("up", "../d/a"),
        ("system", "/usr/bin/env"),
        ("out", "../../secret"),
        ("back", f"{two.source}/d/a"),
    ):
        (two.source / "d" / name).symlink_to(leads)
    into = Copied(most_files=50, most_bytes=1000, needle=os.fsencode(two.source))
    done = two.copy("d", into=into)
    made = two.target / "d"
    assert (made / "inner").readlink().as_posix() == "a"
    assert (made / "up").readlink().as_posix() == "../d/a"
    assert (made / "system").is_symlink(), "a link to a file outside is not that file"
    assert sorted(done.left_out) == ["d/back", "d/out"]
    assert not (made / "out").is_symlink()
    assert not (made / "back").is_symlink()
    assert done.holding == ["d/back"]


def test_a_directory_on_the_way_that_is_a_link_is_refused(two: Two, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    two.write("pkg/env/x", b"x")
    (two.target / "pkg").symlink_to(elsewhere)
    with pytest.raises(ConflictError):
        two.copy("pkg/env")
    with pytest.raises(ConflictError):
        copying.remove(two.target, "pkg/env")
    assert list(elsewhere.iterdir()) == []
    with pytest.raises(ConflictError):
        two.copy("../elsewhere")


def test_git_directories_and_sockets_are_left_out(two: Two) -> None:
    two.write("d/lib/.git/config", b"[core]\n")
    two.write("d/lib/code", b"c")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(two.source / "d", os.O_RDONLY)
        try:
            listening.bind(f"/proc/self/fd/{here}/sock")
        finally:
            os.close(here)
    os.mkfifo(two.source / "d/pipe")
    done = two.copy("d")
    assert sorted(done.left_out) == ["d/lib/.git", "d/pipe", "d/sock"]
    assert sorted(p.name for p in two.target.rglob("*")) == ["code", "d", "lib"]


def test_set_user_id_does_not_travel(two: Two) -> None:
    two.write("tool", b"x", 0o4755)
    two.copy("tool")
    assert stat.S_IMODE((two.target / "tool").stat().st_mode) == 0o755


@pytest.mark.parametrize(("files", "size"), [(2, 1000), (50, 10)])
def test_too_much_is_refused_and_says_the_way_out(two: Two, files: int, size: int) -> None:
    for name in "abc":
        two.write(f"d/{name}", b"12345")
    with pytest.raises(EnvironmentFault, match="are to be copied") as fault:
        two.copy("d", into=Copied(most_files=files, most_bytes=size))
    assert "[bootstrap]" in fault.value.hint


@pytest.mark.parametrize("ahead", [0, SMALL_BYTES + 5, 2 * CHUNK - 3, 3 * CHUNK])
def test_the_needle_is_found_wherever_it_lies(two: Two, ahead: int) -> None:
    needle = b"/a/needle/path"
    two.write("f", b"\0" * ahead + needle + b"\0" * 10)
    two.write("g", b"\0" * (ahead + 20))
    into = Copied(most_files=9, most_bytes=10 * CHUNK, needle=needle, search_all=True)
    assert two.copy("f", "g", into=into).holding == ["f"]
    assert (two.target / "f").read_bytes() == (two.source / "f").read_bytes()


def test_a_refused_file_is_left_out_with_its_reason(two: Two) -> None:
    two.write(".env", b"KEY=hush\n")
    two.write(".env.test", b"KEY=none\n")
    into = Copied(most_files=9, most_bytes=99, refuse=lambda d: "secret" if b"hush" in d else "")
    done = two.copy(".env", ".env.test", into=into)
    assert done.left_out == {".env": "secret"}
    assert [p.name for p in two.target.iterdir()] == [".env.test"]


def test_an_existing_file_is_never_written_over(two: Two) -> None:
    two.write("f", b"new")
    (two.target / "f").write_bytes(b"old")
    with pytest.raises(EnvironmentFault, match="f could not be copied"):
        two.copy("f")
    assert (two.target / "f").read_bytes() == b"old"


def test_removing_goes_through_read_only_directories_and_not_through_links(
    two: Two, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "file").write_text("k")
    two.write("d/mod/file", b"x")
    (two.source / "d/mod/link").symlink_to(keep)
    (two.source / "d/mod").chmod(0o555)
    copying.remove(two.source, "d")
    copying.remove(two.source, "d")
    assert not (two.source / "d").exists()
    assert (keep / "file").exists()
