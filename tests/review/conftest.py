"""What the tests of reviews share: a git that says what is changed, with no settings of anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from review.changed_trees import Oracle, oracle

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def _git_of_nobody() -> Iterator[None]:
    with git_sandbox.environment():
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    return oracle(tmp_path_factory.mktemp("oracle"))
