"""What Codex asks during a turn, and how a decision goes back to it.

Writes inside the worktree never ask: landing is where they are decided. An accepted command runs
outside the sandbox, so every command question says so. A decision that also ends the turn goes back
as `cancel`: refused, and the turn ends as interrupted without another model request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from makeitso.codex.messages import CommandApproval, Item, PatchApproval, UserInput, unwrapped
from makeitso.codex.rpc import NoAnswer
from makeitso.workers.port import WorkerAsk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from makeitso.codex.messages import Question
    from makeitso.codex.rpc import Json
    from makeitso.workers.port import WorkerAnswer, WorkerHost, WorkerJob
    from makeitso.workers.timers import TurnTimers


class CodexAsks:
    """Answers requests of one app-server."""

    def __init__(
        self,
        job: WorkerJob,
        host: WorkerHost,
        *,
        timers: TurnTimers,
        tell: Callable[[str], Awaitable[None]],
        steer: Callable[[str], Awaitable[None]],
    ) -> None:
        self._job = job
        self._host = host
        self._timers = timers
        self._tell = tell
        self._steer = steer

    async def answer(self, method: str, params: Json, *, items: Mapping[str, Item]) -> Json:
        """The result for a request.

        Args:
            method: what is asked.
            params: its parameters.
            items: commands and patches under way, by id: a patch question does not say which files.

        Raises:
            NoAnswer: nobody here can answer it.
        """
        try:
            match method:
                case "item/commandExecution/requestApproval":
                    return await self._command(CommandApproval.model_validate(params))
                case "item/fileChange/requestApproval":
                    return await self._patch(PatchApproval.model_validate(params), items)
                case "item/tool/requestUserInput":
                    return await self._questions(UserInput.model_validate(params))
                case "item/permissions/requestApproval":
                    await self._tell("Codex asked for wider permissions for the turn: not granted")
                    return {"permissions": {}, "scope": "turn"}
                case "mcpServer/elicitation/request":
                    await self._tell("a tool server of Codex asked a question: declined")
                    return {"action": "decline"}
                case _:
                    await self._tell(f"Codex asked something unknown: {method}")
                    raise NoAnswer(f"{method} is not answered here")
        except ValidationError as error:
            await self._tell(f"unreadable {method} from Codex: {str(error)[:300]}")
            raise NoAnswer(f"{method} could not be read") from error

    async def _command(self, approval: CommandApproval) -> Json:
        network = approval.network_approval_context
        answer = await self._ask(
            WorkerAsk(
                kind="network" if network else "command",
                subject=network.host if network else unwrapped(approval.command or ""),
                reason=approval.reason or "",
                cwd=approval.cwd or "",
                unsandboxed=network is None,
            )
        )
        return {"decision": _decision(answer)}

    async def _patch(self, approval: PatchApproval, items: Mapping[str, Item]) -> Json:
        item = items.get(approval.item_id)
        paths = [path for change in item.changes for path in change.paths] if item else []
        if approval.grant_root:
            paths.append(approval.grant_root)
        if self._job.write_files == "never":
            return {"decision": "decline"}
        if not paths:
            await self._tell("Codex asked about a patch it did not show: declined")
            return {"decision": "decline"}
        outside = [path for path in paths if not inside(self._job.worktree, path)]
        if not outside:
            return {"decision": "accept"}
        answer = await self._ask(
            WorkerAsk(
                kind="patch_outside",
                subject="\n".join(sorted(set(outside))),
                reason=approval.reason or "",
                cwd=str(self._job.worktree),
                unsandboxed=True,
            )
        )
        return {"decision": _decision(answer)}

    async def _questions(self, request: UserInput) -> Json:
        answers: Json = {}
        for question in request.questions:
            answer = await self._ask(_as_ask(question))
            answers[question.id] = {"answers": [answer.text] if answer.granted else []}
        return {"answers": answers}

    async def _ask(self, request: WorkerAsk) -> WorkerAnswer:
        with self._timers.asking():
            answer = await self._host.ask(request)
        denied = not answer.granted and not answer.interrupt
        if denied and answer.text and request.kind != "question":
            # A refusal of Codex has no words: they go to the turn beside it.
            await self._steer(f"Not granted: {request.subject}\nThe reason: {answer.text}")
        return answer


def inside(worktree: Path, path: str) -> bool:
    """True if writing `path` stays in the worktree, symlinks followed, and off its `.git`."""
    root = worktree.resolve()
    try:
        real = (root / path).resolve()
    except (OSError, RuntimeError, ValueError):
        return False
    if not real.is_relative_to(root) or real == root:
        return False
    return all(part.casefold() != ".git" for part in real.relative_to(root).parts)


def _decision(answer: WorkerAnswer) -> str:
    if answer.granted:
        return "accept"
    return "cancel" if answer.interrupt else "decline"


def _as_ask(question: Question) -> WorkerAsk:
    return WorkerAsk(
        kind="question",
        subject=question.question or question.header,
        reason=question.header,
        choices=tuple(choice.label for choice in question.options or ()),
    )
