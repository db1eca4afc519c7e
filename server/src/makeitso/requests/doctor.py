"""`mis/doctor/run`: whether everything that is needed is there. Nothing is changed or spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from anyio import to_thread

from makeitso.errors import MisError
from makeitso.parsing import fast
from makeitso.protocol.counts import counted
from makeitso.protocol.methods_workspace import DoctorCheck, DoctorResult
from makeitso.requests import rules
from makeitso.requests.policies import report
from makeitso.runs.outlook import outlook, refusal
from makeitso.workspace import trust as trusting
from makeitso.workspace.secrets import api_key

if TYPE_CHECKING:
    from makeitso.protocol.methods_workspace import DoctorParams
    from makeitso.requests.place import Workplace


async def run(at: Workplace, params: DoctorParams) -> DoctorResult:
    """Look at git, codex, the settings, trust and the journal; or say what a worker may do."""
    if params.policy:
        policy = report(at.bridge.loaded, at.bridge.trust, rules.listed(at))
        return DoctorResult(checks=(), ok=True, policy=policy)
    checks = (
        _git(at),
        await _codex(at),
        await _sandbox(at),
        _key(at),
        _settings(at),
        _rules(at),
        _patterns(at),
        _trust(at),
        await _worktrees(at),
        _journal(at),
        *_telemetry(at),
    )
    return DoctorResult(checks=checks, ok=all(check.state != "failed" for check in checks))


def _failed(name: str, error: MisError) -> DoctorCheck:
    return DoctorCheck(name=name, state="failed", detail=error.message, hint=error.hint)


def _git(at: Workplace) -> DoctorCheck:
    try:
        repo = at.bridge.repo
    except MisError as error:
        return _failed("git", error)
    return DoctorCheck(name="git", state="ok", detail=f"repository at {repo.root}")


async def _codex(at: Workplace) -> DoctorCheck:
    from makeitso.codex.find import probe_codex

    try:
        found = await probe_codex(at.bridge.config.workers.codex.command or None)
    except MisError as error:
        return _failed("codex", error)
    return DoctorCheck(name="codex", state="ok", detail=f"{found.path} {found.version}")


async def _sandbox(at: Workplace) -> DoctorCheck:
    from makeitso import wiring

    try:
        state = await wiring.sandbox(at.bridge)
    except MisError as error:
        return _failed("sandbox", error)
    if state.ok:
        return DoctorCheck(name="sandbox", state="ok", detail="commands are held in")
    return DoctorCheck(
        name="sandbox",
        state="failed",
        detail=f"it does not work here: {state.reason}",
        hint=state.hint,
    )


def _key(at: Workplace) -> DoctorCheck:
    settings = at.bridge.config.workers.codex
    found = api_key(settings.api_key_env)
    if found is not None:
        return DoctorCheck(name="key", state="ok", detail=f"from {found.name}")
    return DoctorCheck(
        name="key",
        state="warning",
        detail=f"neither {settings.api_key_env} nor OPENAI_API_KEY is set",
        hint="set one of them; endpoints that want no key work without",
    )


def _settings(at: Workplace) -> DoctorCheck:
    problems = at.bridge.loaded.problems
    if not problems:
        return DoctorCheck(name="settings", state="ok", detail="no problem in any config file")
    first = problems[0]
    worst = any(found.problem.severity == "error" for found in problems)
    return DoctorCheck(
        name="settings",
        state="failed" if worst else "warning",
        detail=f"{counted(len(problems), 'problem')}; the first: {first}",
        hint="open that file in the editor, or see `mis profile show`",
    )


async def _worktrees(at: Workplace) -> DoctorCheck:
    """What a worktree gets besides what git knows, and what it will lack."""
    settings = at.bridge.config.bootstrap
    try:
        seen = await to_thread.run_sync(
            lambda: outlook(
                at.bridge.repo,
                at.bridge.root,
                settings,
                refuse=refusal(at.bridge.redactor),
            )
        )
    except MisError as error:
        return _failed("worktrees", error)
    said = "; ".join(seen.lines) or "they have all that stands here"
    return DoctorCheck(
        name="worktrees",
        state="warning" if seen.lacks or seen.doubts else "ok",
        detail=at.bridge.redactor.text(said),
    )


def _rules(at: Workplace) -> DoctorCheck:
    found = rules.listed(at)
    if not found.problems:
        holding = sum(rule.holds for rule in found.rules)
        detail = f"{holding} of {len(found.rules)} stored rules hold here"
        return DoctorCheck(name="rules", state="ok", detail=detail)
    return DoctorCheck(
        name="rules",
        state="warning",
        detail=f"nothing is allowed by rules: {found.problems[0]}",
        hint=f"put {found.path} right",
    )


def _patterns(at: Workplace) -> DoctorCheck:
    """What matches lines of output here."""
    if at.bridge.config.learning.engine == "re2":
        return DoctorCheck(name="patterns", state="ok", detail="matched by RE2")
    found = fast.version()
    if found is None:
        return DoctorCheck(
            name="patterns",
            state="warning",
            detail="matched by RE2: hyperscan is not installed, or does not load",
            hint=f'{fast.EXTRA}, or `[learning] engine = "re2"`',
        )
    return DoctorCheck(name="patterns", state="ok", detail=f"matched by Hyperscan ({found})")


def _trust(at: Workplace) -> DoctorCheck:
    state = trusting.status(at.bridge.root)
    good: Literal["ok", "warning"] = "ok" if state.state == "trusted" else "warning"
    hint = "" if good == "ok" else "`mis trust` shows the files and asks"
    return DoctorCheck(name="trust", state=good, detail=state.state, hint=hint)


def _telemetry(at: Workplace) -> tuple[DoctorCheck, ...]:
    """Whether telemetry can be sent where the settings want it; nothing is sent to find out."""
    from makeitso.wiring.sending import require_sender

    settings = at.bridge.config.telemetry
    if not settings.enabled or not settings.otlp_endpoint:
        return ()
    try:
        require_sender(settings.otlp_endpoint)
    except MisError as error:
        return (_failed("telemetry", error),)
    detail = f"sent to {settings.otlp_endpoint}"
    return (DoctorCheck(name="telemetry", state="ok", detail=detail),)


def _journal(at: Workplace) -> DoctorCheck:
    if not at.bridge.has_journal:
        return DoctorCheck(name="journal", state="ok", detail="nothing was ever run here")
    try:
        broken = at.book.journal.verify()
    except MisError as error:
        return _failed("journal", error)
    if broken is not None:
        return DoctorCheck(
            name="journal",
            state="failed",
            detail=f"the chain breaks at row {broken}",
            hint="somebody changed the file; what comes after that row is not to be relied on",
        )
    return DoctorCheck(name="journal", state="ok", detail=f"{counted(at.book.seq, 'event')}, whole")
