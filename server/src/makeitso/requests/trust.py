"""`mis/trust/*`: which files of the workspace carry rights, and whether the person agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError, TrustError
from makeitso.workspace import trust as trusting

if TYPE_CHECKING:
    from makeitso.protocol.methods_workspace import TrustGetParams, TrustSetParams
    from makeitso.protocol.trust import TrustState
    from makeitso.requests.place import Workplace


def require_trusted(at: Workplace) -> None:
    """Let only trusted workspaces pass.

    Raises:
        TrustError: it is not trusted, or changed since.
    """
    state = trusting.status(at.bridge.root)
    if state.state == "trusted":
        return
    why = "is not trusted" if state.state == "untrusted" else "changed since it was trusted"
    raise TrustError(
        f"this workspace {why}; nothing of it runs",
        hint="look at the files with `mis/trust/get` or `mis trust`, then agree",
        data=state.model_dump(mode="json", by_alias=True),
    )


async def get(at: Workplace, params: TrustGetParams) -> TrustState:
    """How the workspace stands, from its files as they are now."""
    del params
    return trusting.status(at.bridge.root)


async def set_(at: Workplace, params: TrustSetParams) -> TrustState:
    """Record agreement to exactly the files that were shown, or forget it.

    Raises:
        StateError: a file is not what was shown, or there is nothing to trust.
    """
    root = at.bridge.root
    if not params.trusted:
        trusting.revoke(root)
    else:
        state = trusting.status(root)
        now = {file.path: file.digest for file in state.files if file.change != "removed"}
        if now != params.digests:
            raise StateError(
                "the files are not what was shown",
                hint="look again with `mis/trust/get`, then agree",
                data={"digests": now},
            )
        trusting.grant(state, at=at.bridge.clock.now_ms())
    at.bridge.reload()
    return trusting.status(root)
