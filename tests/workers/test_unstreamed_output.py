"""Output that Codex tells only at the end of a command is not lost, and none comes twice."""

from __future__ import annotations

import pytest

from makeitso.workers.codex_turn import unstreamed


@pytest.mark.parametrize(
    ("whole", "streamed", "rest"),
    [
        ("one\ntwo\n", "one\ntwo\n", ""),
        ("one\ntwo\n", "", "one\ntwo\n"),
        ("one\ntwo\n", "one\n", "two\n"),
        ("one\ntwo\n", "two\n", "one\n"),
        ("one\ntwo\nthree\n", "two\n", "one\nthree\n"),
        ("cut … short", "the whole of it", ""),
        ("", "all came", ""),
        ("more than is compared", None, ""),
    ],
)
def test_the_rest_is_what_never_came(whole: str, streamed: str | None, rest: str) -> None:
    assert unstreamed(whole, streamed) == rest
