"""A sample of `make fuzz-parsing`."""

from __future__ import annotations

from parsing.fuzz_documents import differing


def test_documents_in_chunks_give_what_they_give_whole() -> None:
    wrong, found = differing(300, seed=20)
    assert wrong == []
    assert found > 2000
