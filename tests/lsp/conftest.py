"""Shows the whole conversation with the server when a test fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from lsp_client import Bare, Client, Place, make_client, start, stop
from run_sample import KEY, sample, script

from makeitso.scripted import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator

    from makeitso.scripted import ScriptedServer


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    """A model that plans, mends and judges."""
    with serve(script, key=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model: ScriptedServer) -> Place:
    """The sample, with that model."""
    return sample(tmp_path_factory.mktemp("sample"), model.base_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(place: Place) -> AsyncIterator[Client]:
    """An editor in the place; its server ends well."""
    client = make_client()
    await start(client, place)
    yield client
    assert await stop(client) == 0


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
