"""The table of contents of a replay: what of a run's output is in it, and how it was read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import StreamChannel
from makeitso.protocol.words import PhaseName

SHA256 = r"^[0-9a-f]{64}$"
NONCE = r"^[0-9a-f]{32}$"


class ReadingRow(Wire):
    """What output was read with; its library is the member `readings/<digest>.toml`."""

    digest: str = Field(pattern=SHA256, description="SHA-256 over all of it, hex.")
    library: str = Field(pattern=SHA256, description="Digest of the library's acting patterns.")
    delimiters: Delimiters = Field(description="Control tokens.")
    phases: dict[str, str] = Field(description="Phase by the word that names it.")


class StreamRow(Wire):
    """One channel of one worker session; its bytes are the member `streams/<number>.log`."""

    task: str = Field(description="Task id.")
    phase: PhaseName = Field(description="Phase the session served.")
    channel: StreamChannel = Field(description="Which stream.")
    session: int = Field(ge=1, description="Number of the session in its task.")
    reading: str = Field(pattern=SHA256, description="Digest of what it was read with.")
    root: str = Field(description="Worktree; empty: not known.")
    size_bytes: int = Field(ge=0, description="Bytes of it that are here.")
    digest: str = Field(pattern=SHA256, description="SHA-256 of them, hex.")
    turns: tuple[int, ...] = Field(description="Offsets at which turns of the worker ended.")
    cut_bytes: int = Field(ge=0, description="Bytes left out at its end; 0: it is whole.")
    shadow: tuple[str, ...] = Field(description="Proposals that were counted.")
    canary: tuple[str, ...] = Field(description="Proposals that acted.")


class ReplayManifest(Wire):
    """The last member of a replay, `manifest.json`."""

    format: Literal[1] = Field(default=1, description="Version of this form.")
    run: str = Field(min_length=1, description="Run id.")
    version: str = Field(description="Version of makeitso that ran it.")
    state: Literal["done", "failed", "stopped"] = Field(description="How it ended.")
    reason: str = Field(description="Why.")
    ended_at: int = Field(description="Unix ms.")
    nonce: str = Field(pattern=NONCE, description="Stands for the run's own in the streams.")
    exact: bool = Field(
        description="False: the run's own nonce was gone, and frames in it read as look-alikes."
    )
    readings: tuple[ReadingRow, ...] = Field(description="In the order of their digests.")
    streams: tuple[StreamRow, ...] = Field(description="In the order of their numbers, from 1.")
