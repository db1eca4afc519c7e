"""Commands of a group that are loaded when they are looked up: most calls need one of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any


class Later(MutableMapping[str, Any]):
    """Commands by name, in the order of the help.

    Args:
        names: those that can be loaded.
        load: makes the command of a name; called once for each.
    """

    def __init__(self, names: tuple[str, ...], load: Callable[[str], Any]) -> None:
        self._load = load
        self._commands: dict[str, Any] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 -- typer's command type is not public
        found = self._commands[name]
        if found is None:
            found = self._commands[name] = self._load(name)
        return found

    def __setitem__(self, name: str, command: Any) -> None:  # noqa: ANN401 -- the same
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)
