from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.errors import StoreError
from makeitso.protocol.events import OutputRef
from makeitso.store import outputs
from store import store_process as process

FSYNC = os.fsync


def test_marks_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    file = outputs.OutputFile(tmp_path, "T1/out.log")
    file.write(b"one\n")
    file.write(b"two\n")
    first = file.mark()
    second = file.mark()
    file.write(b"three")
    third = file.mark()
    file.close()
    file.close()
    assert (first.offset, first.length_bytes) == (0, 8)
    assert (second.offset, second.length_bytes) == (8, 0)
    assert (third.offset, third.length_bytes) == (8, 5)
    assert outputs.fetch(tmp_path, first) == b"one\ntwo\n"
    assert outputs.fetch(tmp_path, third) == b"three"
    assert (tmp_path / "T1/out.log").stat().st_mode & 0o077 == 0


def test_a_file_taken_up_again_is_continued(tmp_path: Path) -> None:
    file = outputs.OutputFile(tmp_path, "out.log")
    file.write(b"marked")
    first = file.mark()
    file.write(b"lost its mark")
    file.close()
    again = outputs.OutputFile(tmp_path, "out.log")
    again.write(b"new")
    second = again.mark()
    again.close()
    assert outputs.fetch(tmp_path, first) == b"marked"
    assert outputs.fetch(tmp_path, second) == b"new"


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.one_of(st.binary(max_size=40), st.none()), max_size=12))
def test_references_verify_however_the_file_was_written(
    tmp_path_factory: pytest.TempPathFactory, steps: list[bytes | None]
) -> None:
    root = tmp_path_factory.mktemp("out")
    file = outputs.OutputFile(root, "o")
    refs: list[OutputRef] = []
    for step in steps:
        if step is None:
            refs.append(file.mark())
        else:
            file.write(step)
    refs.append(file.mark())
    file.close()
    assert b"".join(outputs.fetch(root, ref) for ref in refs) == b"".join(filter(None, steps))


def test_what_was_changed_or_deleted_is_said(tmp_path: Path) -> None:
    file = outputs.OutputFile(tmp_path, "out.log")
    file.write(b"exit status 1")
    ref = file.mark()
    file.close()
    (tmp_path / "out.log").write_bytes(b"exit status 0")
    with pytest.raises(StoreError, match="changed since it was recorded"):
        outputs.fetch(tmp_path, ref)
    (tmp_path / "out.log").write_bytes(b"exit")
    with pytest.raises(StoreError, match="changed since it was recorded"):
        outputs.fetch(tmp_path, ref)
    (tmp_path / "out.log").unlink()
    with pytest.raises(StoreError, match="cannot read") as caught:
        outputs.fetch(tmp_path, ref)
    assert caught.value.hint


class Disk:
    """Notes what was made durable, and what the file held at that moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        self.path = path
        self.seen: list[tuple[str, bytes | None]] = []
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        FSYNC(descriptor)
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        self.seen.append((name, self.path.read_bytes() if self.path.exists() else None))


linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="names of descriptors")


@linux
def test_a_mark_is_made_after_the_bytes_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, tmp_path / "a" / "out.log")
    file = outputs.OutputFile(tmp_path, "a/out.log")
    assert [name for name, _ in disk.seen] == [tmp_path.name, "a"], "names before anything else"
    file.write(b"bytes")
    assert len(disk.seen) == 2
    file.mark()
    assert disk.seen[2:] == [("out.log", b"bytes")]
    file.close()


@linux
def test_a_whole_file_is_durable_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_bytes(b"old")
    disk = Disk(monkeypatch, tmp_path / "kept")
    ref = outputs.keep(tmp_path, "kept", b"new")
    assert [held for _, held in disk.seen] == [b"old", b"new"]
    assert disk.seen[0][0].startswith(".kept.")
    assert disk.seen[1][0] == tmp_path.name
    assert ref.digest == hashlib.sha256(b"new").hexdigest()
    assert outputs.fetch(tmp_path, ref) == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_no_room_is_an_error_and_what_was_marked_stays(tmp_path: Path) -> None:
    said = process.ended(process.start("output", tmp_path, 5000)).splitlines()
    error, first, second, kept = said
    for line in (error, kept):
        kind, _, hint = line.split("|")
        assert kind == "StoreError"
        assert "disk space" in hint
    assert outputs.fetch(tmp_path, OutputRef.model_validate_json(first)) == b"before\n"
    part = outputs.fetch(tmp_path, OutputRef.model_validate_json(second))
    assert part == b"y" * (5000 - len(b"before\n"))
    assert not (tmp_path / "kept.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["T1"], "nothing half-written is left"


def test_what_nothing_points_to_is_taken_out_again(tmp_path: Path) -> None:
    file = outputs.OutputFile(tmp_path, "t.log")
    file.write(b"whole\n")
    kept = file.mark()
    file.write(b"cut off in the mid")
    file.drop()
    file.drop()
    assert (tmp_path / "t.log").read_bytes() == b"whole\n"
    again = outputs.OutputFile(tmp_path, "t.log")
    again.write(b"again\n")
    assert again.mark().offset == kept.length_bytes
    again.drop()
    assert (tmp_path / "t.log").read_bytes() == b"whole\nagain\n"
