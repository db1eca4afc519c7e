"""Trust in a workspace: which of its files carry rights, and whether a person agreed to them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire

TrustName = Literal["trusted", "untrusted", "changed"]
TrustChange = Literal["same", "new", "changed", "removed"]


class TrustFile(Wire):
    """A workspace file that can raise rights, name a program or steer a model."""

    path: str = Field(description="Relative to the workspace, with `/`.")
    digest: str = Field(description="SHA-256 of the bytes that count, hex; empty when removed.")
    change: TrustChange = Field(description="Against what the person agreed to.")
    carries: tuple[str, ...] = Field(
        default=(), description="What it carries: `key = value` lines, or what kind of file it is."
    )


class TrustState(Wire):
    """Whether a workspace is trusted, and the files that decide it.

    `trusted` with no files means that there is nothing to trust: the person's own settings and the
    defaults apply, and the repository's code runs in the sandbox only.
    """

    workspace: str = Field(description="Real path of the workspace.")
    state: TrustName = Field(
        description="untrusted: never agreed to; changed: agreed to something else."
    )
    files: tuple[TrustFile, ...] = Field(default=(), description="In order of their paths.")


class TrustGrant(Wire):
    """A trusted workspace as it is recorded."""

    workspace: str = Field(description="Real path of the workspace.")
    granted_at: int = Field(ge=0, description="Unix ms.")
    files: dict[str, str] = Field(description="Digest by relative path.")
