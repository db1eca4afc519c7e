"""What the tests of landing share: a git with no settings of a person or a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def _git_of_nobody() -> Iterator[None]:
    with git_sandbox.environment():
        yield
