"""Shows the whole conversation with the server when a test fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lsp_client import Bare, Client

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.when == "call":
        used: dict[str, Any] = getattr(item, "funcargs", {})
        for name, value in used.items():
            if isinstance(value, Client):
                report.sections.append((f"protocol of {name}", "\n".join(value.protocol.log)))
            elif isinstance(value, Bare):
                log = [*value.log, value.err.decode("utf-8", "replace")]
                report.sections.append((f"protocol of {name}", "\n".join(log)))
    return report
