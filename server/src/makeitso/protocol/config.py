"""Every key of config.toml, with default and meaning: the one place `mis init`, docs and lint read.

A field marked `not_yet` is known to the contract and refused with a positioned diagnostic when a
file sets it away from its default. A field marked `rights` can raise rights, name a program or send
data elsewhere: it is ignored in an untrusted workspace.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from makeitso.protocol.plan import Delimiters
from makeitso.protocol.words import ApprovalPolicy, LandTarget, Permission


def _key(
    default: Any, description: str, *, rights: bool = False, not_yet: Any = None, **more: Any
) -> Any:
    extra: dict[str, Any] = {}
    if rights:
        extra["rights"] = True
    if not_yet is not None:
        extra["not_yet"] = not_yet
    if callable(default):
        return Field(
            default_factory=default,
            description=description,
            json_schema_extra=extra or None,
            **more,
        )
    return Field(default=default, description=description, json_schema_extra=extra or None, **more)


class Section(BaseModel):
    """A table of the file: snake_case keys as in Codex, nothing unknown."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,
    )


class Project(Section):
    """The project."""

    name: str = _key("", "Name shown in titles; empty: the directory's name.")
    root: str = _key("./", "Root of the project, relative to the workspace.")
    artifacts_dir: str = _key(
        ".makeitso/artifacts", "Where outputs, patches and summaries are kept."
    )


class ManagerConfig(Section):
    """Who plans and judges."""

    kind: str = _key(
        "codex",
        '"codex", "api:<model>" or "none" (you write the plan, checks decide).',
        rights=True,
        pattern=r"^(codex|none|api:\S+)$",
    )
    approval: ApprovalPolicy = _key(
        "confirm-phase", '"manual", "confirm-phase" or "delegate".', rights=True
    )
    budget_tokens: int = _key(
        500_000, "Token ceiling of a run, manager and workers; 0: none.", rights=True, ge=0
    )
    budget_minutes: float = _key(
        0.0, "Ceiling on the time a run works, in minutes; 0: none.", rights=True, ge=0, le=1e6
    )
    max_concurrency: int = _key(2, "Tasks at once.", ge=1, le=128)
    model: str = _key("", "Model of the codex manager; empty: the worker's.")
    base_url: str = _key("", "Responses endpoint; empty: the default one.", rights=True)
    api_key_env: str = _key(
        "CODEX_API_KEY", "Variable that holds the key; then OPENAI_API_KEY.", rights=True
    )
    max_rounds: int = _key(3, "Worker turns per task at most, FIX rounds included.", ge=1, le=50)
    max_no_progress: int = _key(
        2, "Rounds in a row without a new difference before it stops.", ge=1
    )
    seed: int = _key(0, "Seed told to the model where it takes one.")


class DelimitersConfig(Section):
    """Base control tokens; empty: the dictionary's in AGENTS.md, else the built-in ones."""

    start: str = _key("", "Opens a frame.")
    end: str = _key("", "Closes a frame.")
    err: str = _key("", "Marks an error line.")
    json_: str = _key("", "Marks a JSON payload.", alias="json")

    def over(self, base: Delimiters) -> Delimiters:
        """The base with what is set here laid over it."""
        return Delimiters(
            start=self.start or base.start,
            end=self.end or base.end,
            err=self.err or base.err,
            json=self.json_ or base.json_,
        )


class CodexWorkerConfig(Section):
    """The Codex worker."""

    run_via: Literal["cli", "api"] = _key(
        "cli", '"cli": the Codex CLI; "api": later.', not_yet=["api"]
    )
    transport: Literal["app-server", "exec"] = _key("app-server", "How the CLI is spoken to.")
    profile: str = _key("default", "Codex profile name; default: none.", not_yet="any")
    model: str = _key("", "Model; empty: Codex's own default.")
    base_url: str = _key("", "Responses endpoint; empty: Codex's built-in provider.", rights=True)
    api_key_env: str = _key(
        "CODEX_API_KEY", "Variable that holds the key; then OPENAI_API_KEY.", rights=True
    )
    auth: Literal["api-key", "account"] = _key(
        "api-key", '"account" uses a Codex login.', not_yet=["account"]
    )
    codex_home: str = _key(
        "", "CODEX_HOME to use; empty: a private one for each task.", rights=True, not_yet="any"
    )
    command: str = _key("", "Path of the codex program; empty: PATH, then the extra.", rights=True)
    extra_args: tuple[str, ...] = _key(
        (), "Arguments added to the codex command line.", rights=True
    )
    delimiters: DelimitersConfig = _key(DelimitersConfig, "Control tokens: start, end, err, json.")
    idle_timeout_s: float = _key(
        600.0, "A turn without any event for so long is ended; 0: never.", ge=0
    )
    wall_timeout_s: float = _key(3600.0, "Longest turn in seconds; 0: no limit.", ge=0)


class Workers(Section):
    """Workers by name."""

    codex: CodexWorkerConfig = _key(CodexWorkerConfig, "The Codex CLI.")


class PoliciesConfig(Section):
    """What is allowed without asking."""

    write_files: Permission = _key("ask", "Landing: never (read-only), ask, auto.", rights=True)
    run_shell: Permission = _key(
        "ask", "never: no shell tool; ask: leaving the sandbox asks; auto.", rights=True
    )
    network: Permission = _key("ask", "Network for workers: never, ask, auto.", rights=True)
    air_gap: bool = _key(False, "No external writes at all.", not_yet=[True])


class Bootstrap(Section):
    """What prepares a worktree."""

    commands: tuple[str, ...] = _key(
        (),
        "Commands run in a fresh worktree, in the sandbox, before a worker is in it; what they"
        " make is kept for worktrees with the same lock files.",
        rights=True,
    )
    copy_: tuple[str, ...] = _key(
        (),
        "Ignored files and directories to copy into a worktree, as globs; a worker can read them.",
        alias="copy",
        rights=True,
    )
    network: Literal["never", "auto"] = _key("never", "Network for those commands.", rights=True)


class Review(Section):
    """How accepted hunks land."""

    land: Literal["when-settled", "on-accept", "manual"] = _key(
        "when-settled", "When accepted hunks land."
    )
    target: LandTarget = _key(
        "files",
        "Where they land: files; index (and files); commit (and both); branch, a commit apart. "
        "The last two run your git hooks.",
        rights=True,
    )
    branch: str = _key("makeitso/<run>", "The branch for the last; <run> and <task> are filled in.")
    check: Literal["manual", "before-landing"] = _key(
        "manual",
        "The checks on exactly the accepted hunks: when asked for, or always before they land.",
    )
    max_rounds: int = _key(
        3, "How often a change may be sent back to its worker with comments.", ge=0, le=50
    )


class Telemetry(Section):
    """Opt-in measurements."""

    enabled: bool = _key(False, "Write telemetry.")
    redact: bool = _key(True, "Redact it; false is refused.", not_yet=[False])
    store: Literal["local", "none"] = _key("local", "Where it is kept.")
    otlp_endpoint: str = _key(
        "",
        "Send it to this OpenTelemetry collector too, OTLP over HTTP; extra `otel`.",
        rights=True,
    )


class Learning(Section):
    """Learning from output."""

    mode: Literal["off", "shadow", "canary", "auto"] = _key(
        "shadow", "Trial rules: off, shadow, canary, auto.", rights=True
    )
    engine: Literal["re2", "hyperscan"] = _key(
        "re2",
        "What finds the patterns that match a line; hyperscan, extra `fast`, says the same sooner.",
    )
    regex_repo: str = _key(".makeitso/protocol/regexes.toml", "The workspace's pattern library.")
    prompt_repo: str = _key(".makeitso/protocol/prompts/", "The workspace's prompts.")
    replay_dir: str = _key(".makeitso/replays", "Where replays are kept.")
    golden_dir: str = _key(".makeitso/golden", "Logs that no proposal may read differently.")
    canary_share: float = _key(
        0.1, "Part of the runs in which a pattern in the canary acts, from 0 to 1.", ge=0, le=1
    )
    min_precision: float = _key(0.98, "Gate: precision at least.", ge=0, le=1)
    min_recall: float = _key(0.5, "Gate: recall at least.", ge=0, le=1)
    min_runs: int = _key(2, "Gate: runs a rule must be seen in.", ge=1)


class Monitor(Section):
    """Watching the streams; a change holds for turns that run already."""

    enabled: bool = _key(
        True,
        "Watch for stalls, loops and floods; what must not run is stopped all the same.",
        rights=True,
    )
    stall_timeout_s: float = _key(
        120.0, "A turn without progress for so many seconds is interrupted.", gt=0
    )
    dangerous_regexes: tuple[str, ...] = _key(
        (),
        "Commands that may not run, as RE2 expressions; those of all files hold together.",
    )
    loop_limit: int = _key(
        3, "The same call with the same outcome so often in a row is interrupted.", ge=2
    )
    flood_bytes_per_s: int = _key(
        2_000_000, "More output than this for three seconds is interrupted; 0: no limit.", ge=0
    )
    flood_bytes_per_turn: int = _key(
        8_000_000, "More output than this in one turn is interrupted; 0: no limit.", ge=0
    )


class RemoteMonitor(Section):
    """Remote monitor; later."""

    enabled: bool = _key(False, "Allow remote monitoring.", rights=True, not_yet=[True])
    server_url: str = _key("", "WebSocket server.", rights=True, not_yet="any")
    key: str = _key("", "Name of the key in the keychain.", rights=True, not_yet="any")
    listen: str = _key("127.0.0.1:0", "Address to listen on.", rights=True)


class Wait(Section):
    """Waiting without tokens."""

    strategy: Literal["fixed", "expo"] = _key(
        "fixed", "Pauses between looks: all the same, or each twice as long as the last."
    )
    base_s: float = _key(30.0, "First pause between looks, in seconds.", gt=0)
    max_s: float = _key(900.0, "Longest pause between looks, in seconds.", gt=0)
    longest_s: float = _key(
        86_400.0, "Longest wait of a manager, and for a command that has no limit of its own.", gt=0
    )
    pre_task_wait_s: float = _key(
        0.0, "Pause before each task that has no `wait` of its own, in seconds.", ge=0
    )


class DebugTarget(Section):
    """A program to debug; later."""

    program: str = _key("", "Program.", rights=True)
    args: tuple[str, ...] = _key((), "Arguments.", rights=True)
    inspector_url: str = _key("", "Inspector URL.", rights=True)


class Debug(Section):
    """The debug bridge; later."""

    enabled: bool = _key(False, "Let the manager debug.", rights=True, not_yet=[True])
    driver: Literal["node-inspector", "gdb", "dgdb"] = _key(
        "node-inspector", "Driver; dgdb is gdb."
    )
    inspector_url: str = _key("", "Node Inspector URL.", rights=True)
    targets: dict[str, DebugTarget] = _key(dict, "Programs by name.")


class Ui(Section):
    """How things are shown."""

    open_url: Literal["auto", "print", "command"] = _key(
        "auto", "How `mis open` opens a URL.", rights=True
    )
    open_url_command: str = _key(
        "", "Command for open_url = command; `{url}` is replaced.", rights=True
    )
    profile: str = _key("", "Shown in titles.")
    notify: bool = _key(
        True,
        "Call you when you are needed: from a terminal by a desktop notification, in an editor by "
        "a message.",
    )


class Retention(Section):
    """What is kept how long."""

    days: int = _key(30, "Days outputs of ended runs are kept.", ge=0)
    bytes_: int = _key(2_000_000_000, "Bytes of outputs kept.", alias="bytes", ge=0)
    replay_days: int = _key(90, "Days replays of ended runs are kept.", ge=0)
    replay_bytes: int = _key(500_000_000, "Bytes of replays kept.", ge=0)


class Team(Section):
    """Team queue; later."""

    temporal: str = _key("", "Temporal server, host:port.", rights=True, not_yet="any")
    namespace: str = _key("default", "Temporal namespace.")
    task_queue: str = _key("makeitso", "Temporal task queue.")
    tls: bool = _key(False, "Use TLS.")


class Repo(Section):
    """Another repository a task may name; later."""

    path: str = _key("", "Local path.", rights=True)
    remote: str = _key("", "Remote URL.", rights=True)


class Config(Section):
    """The whole file."""

    project: Project = _key(Project, "The project.")
    manager: ManagerConfig = _key(ManagerConfig, "Who plans and judges.")
    workers: Workers = _key(Workers, "Workers.")
    policies: PoliciesConfig = _key(PoliciesConfig, "What is allowed without asking.")
    bootstrap: Bootstrap = _key(Bootstrap, "What prepares a worktree.")
    review: Review = _key(Review, "How accepted hunks land.")
    telemetry: Telemetry = _key(Telemetry, "Opt-in measurements.")
    learning: Learning = _key(Learning, "Learning from output.")
    monitor: Monitor = _key(Monitor, "Watching the streams.")
    remote_monitor: RemoteMonitor = _key(RemoteMonitor, "Remote monitor.")
    wait: Wait = _key(Wait, "Waiting without tokens.")
    debug: Debug = _key(Debug, "The debug bridge.")
    ui: Ui = _key(Ui, "How things are shown.")
    retention: Retention = _key(Retention, "What is kept how long.")
    team: Team = _key(Team, "Team queue.")
    repos: dict[str, Repo] = _key(dict, "Other repositories by name.", not_yet="any")
