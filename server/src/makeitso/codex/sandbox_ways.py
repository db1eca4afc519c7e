"""Why the sandbox cannot work on this machine, and what a person can do about it.

The sandbox stands on user namespaces. Kernels, distributions and containers forbid them each in
their own way, and bubblewrap's message is much the same for all: what forbids them is looked up.
"""

from __future__ import annotations

from pathlib import Path

NO_ROOM = "free some disk space, then `mis resume`"
_ELSEWHERE = "or run on a machine or in a container that allows user namespaces"
_KERNEL = (
    (
        "proc/sys/user/max_user_namespaces",
        "0",
        "user namespaces are turned off here: `sudo sysctl user.max_user_namespaces=15000`",
    ),
    (
        "proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "user namespaces are root's alone here: `sudo sysctl kernel.unprivileged_userns_clone=1`",
    ),
    (
        "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        (
            "AppArmor forbids user namespaces here: give `bwrap` a profile that allows `userns`, "
            "or `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
        ),
    ),
)
"""Files of the kernel, the value that forbids, and what to do."""
_CONTAINERS = (".dockerenv", "run/.containerenv")
_CONTAINER = (
    "this is a container: start it with `--security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined`, or `--privileged`"
)


def ways_out(reason: str, *, top: Path = Path("/")) -> str:
    """What a person can do so that the sandbox works, as a hint.

    Args:
        reason: what the sandbox said.
        top: where the machine's files begin.
    """
    if "No space left" in reason:
        return NO_ROOM
    found = [way for path, value, way in _KERNEL if _value(top / path) == value]
    if any((top / path).exists() for path in _CONTAINERS):
        found.append(_CONTAINER)
    first = found or ["it needs unprivileged user namespaces: allow them"]
    return f"{'; '.join(first)}; {_ELSEWHERE}. Without a sandbox nothing of a worker runs"


def _value(path: Path) -> str:
    """What a file of the kernel says; empty where there is none."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
