"""Builds every model, where `warm_start.py` loads `mis`: a process builds those that it uses."""

from __future__ import annotations

from pydantic import BaseModel


def _build(of: type[BaseModel]) -> None:
    for model in of.__subclasses__():
        if model.__module__.startswith("makeitso."):
            model.model_rebuild()
            _build(model)


_build(BaseModel)
