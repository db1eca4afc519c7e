"""Line ends and byte order marks: the person's file decides, the proposal follows."""

from __future__ import annotations

from typing import Literal

BOM = b"\xef\xbb\xbf"
Style = Literal["lf", "crlf", "mixed", "none"]


def style(data: bytes) -> Style:
    """How lines end; `none` when there is no line end at all."""
    all_ends = data.count(b"\n")
    crlf = data.count(b"\r\n")
    if all_ends == 0:
        return "none"
    if crlf == 0:
        return "lf"
    return "crlf" if crlf == all_ends else "mixed"


def adapt(ours: bytes, *, ancestor: bytes, theirs: bytes) -> tuple[bytes, bytes]:
    """Ancestor and theirs with the line ends and byte order mark of ours.

    Where the proposal itself changes line ends or the mark, that is an edit like any other and
    nothing is adapted: the merge decides. A file of ours with mixed line ends is left as it is.
    """
    has_bom = ours.startswith(BOM)
    if ancestor.startswith(BOM) == theirs.startswith(BOM) != has_bom and ours:
        ancestor, theirs = (_with_bom(data, wanted=has_bom) for data in (ancestor, theirs))
    mine = style(ours)
    before, after = style(ancestor), style(theirs)
    agreed = before == after or "none" in (before, after)
    if mine in ("lf", "crlf") and agreed and {before, after} - {mine, "none"}:
        ancestor, theirs = (_with_style(data, mine) for data in (ancestor, theirs))
    return ancestor, theirs


def _with_bom(data: bytes, *, wanted: bool) -> bytes:
    bare = data.removeprefix(BOM)
    return BOM + bare if wanted else bare


def _with_style(data: bytes, wanted: Style) -> bytes:
    bare = data.replace(b"\r\n", b"\n")
    return bare.replace(b"\n", b"\r\n") if wanted == "crlf" else bare
