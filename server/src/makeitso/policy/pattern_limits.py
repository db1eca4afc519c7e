"""How far a pattern may reach, and which one to propose for a command.

A rule that allows lets commands out of the sandbox unasked. So its pattern names one program that
does something of its own, never one that runs whatever it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.policy.commands import Rules, judge, normalise
from makeitso.policy.patterns import denied_form, wild
from makeitso.policy.shell_chains import chain
from makeitso.policy.shell_wrappers import INTERPRETERS, RUNNERS, SHELLS, WRAPPERS, versionless

if TYPE_CHECKING:
    from makeitso.protocol.rules import RuleDecision

LONGEST_PATTERN = 500
"""Characters of a pattern."""

_RUN_ANYTHING = frozenset(
    [
        "npx", "bunx", "pnpx", "uvx", "pipx", "corepack", "eval", "source", ".", "exec", "find",
        "sed", "ed", "ex", "vi", "vim", "nvim", "emacs", "less", "more", "man", "gdb", "lldb",
        "expect", "screen", "tmux", "at", "batch", "crontab", "strace", "ltrace", "perf",
        "valgrind", "systemd-run", "runuser", "pkexec", "fakeroot", "bwrap", "firejail",
        "socat", "nc", "ncat", "sqlite3", "psql", "mysql", "m4", "git-shell", "alias", "export",
        "declare", "typeset", "local", "readonly", "read", "set", "shopt", "trap", "enable",
        "hash", "unalias", "cd", "pushd", "popd", "[[", "[", "let", "printf", "mapfile",
        "readarray", "getopts", "wait", "ulimit", "umask", "codex", "claude", "mis", "makeitso",
    ]
)  # fmt: skip
"""Programs that run what they are given in some way of theirs, and words that change the shell."""

_VERBS: dict[str, frozenset[str]] = {
    "git": frozenset([
        "config", "bisect", "filter-branch", "submodule", "difftool", "mergetool", "daemon",
        "instaweb", "shell", "for-each-repo", "hook", "maintenance", "worktree", "upload-pack",
    ]),
    "npm": frozenset(["exec", "x", "explore", "config", "set", "init", "create"]),
    "pnpm": frozenset(["dlx", "exec", "config", "create"]),
    "yarn": frozenset(["dlx", "exec", "config", "create", "node"]),
    "bun": frozenset(["x", "run", "exec", "create"]),
    "bundle": frozenset(["exec", "config"]),
    "uv": frozenset(["run", "tool", "x"]),
    "poetry": frozenset(["run", "shell", "config"]),
    "hatch": frozenset(["run", "shell", "env"]),
    "cargo": frozenset(["run", "install", "script"]),
    "go": frozenset(["run", "generate", "env", "tool"]),
    "dotnet": frozenset(["run", "exec", "script"]),
    "gh": frozenset(["api", "alias", "extension", "config", "codespace"]),
    "kubectl": frozenset(["exec", "run", "debug", "cp", "config"]),
    "systemctl": frozenset(["edit", "set-environment", "link"]),
}  # fmt: skip
"""Programs with many verbs, and those verbs that run what they are given."""

_MANY_VERBS = frozenset(
    [
        *_VERBS, "pip", "pip3", "conda", "mamba", "gem", "composer", "brew", "apt", "apt-get",
        "dnf", "yum", "pacman", "apk", "snap", "helm", "terraform", "tofu", "aws", "gcloud",
        "az", "flyctl", "heroku", "vercel", "netlify", "firebase", "rustup", "nix", "make",
        "just", "gradle", "mvn", "rake", "ansible", "vagrant", "svn", "hg", "jj", "glab",
        "openssl", "security", "launchctl",
    ]
)  # fmt: skip

_CARRIERS = frozenset(["curl", "wget", "scp", "sftp", "ftp", "rsync", "http", "https", "rclone"])
"""They carry files to and from other machines."""
_DEEPER = frozenset(["run", "run-script", "compose", "workspace", "stack"])
"""Verbs that say nothing without the word after them."""


def refusal_of(pattern: str, decision: RuleDecision) -> str:
    """Why a pattern may not be stored; empty: it may."""
    words = pattern.split()
    if not words:
        return "it is empty"
    if len(pattern) > LONGEST_PATTERN or not pattern.isprintable():
        return f"a pattern is printable text of at most {LONGEST_PATTERN} characters"
    if decision == "deny":
        return ""
    program, rest = words[0], words[1:]
    if wild(program):
        return "it does not say which program"
    if "/" in program and not program.startswith("/"):
        return f"`{program}` is a file a worker may change"
    name = versionless(program.rpartition("/")[2])
    if name in SHELLS | INTERPRETERS:
        return f"`{name}` runs any code it is given"
    if name in WRAPPERS | RUNNERS | _RUN_ANYTHING:
        return f"`{name}` runs, or makes of what follows, whatever it is told"
    if name in _CARRIERS and "*" in rest:
        return f"`{name}` with any words carries any file anywhere; say what and where"
    if name in _MANY_VERBS:
        verb = rest[0] if rest else ""
        if not verb or wild(verb) or verb.startswith(("-", "+")):
            return f"it does not say what `{name}` is to do; name the verb: `{name} VERB *`"
        if verb in _VERBS.get(name, ()):
            return f"`{name} {verb}` runs whatever it is told"
    return ""


def mismatch(pattern: str, decision: RuleDecision, line: str) -> str:
    """Why a pattern does not answer a command line; empty: it does.

    Args:
        pattern: one that may be stored.
        decision: what it is to decide.
        line: the command line that was asked for.
    """
    if decision == "deny":
        if any(denied_form(pattern, command) for command in chain(line).commands):
            return ""
        return "it matches no command of what was asked"
    verdict = judge(line, rules=Rules(allow=(pattern,)))
    if verdict.answer == "allowed":
        return ""
    return verdict.reason or "it does not match every command of what was asked"


def proposed_pattern(line: str) -> str:
    """A narrow pattern that a rule could allow a command line by; empty: there is none.

    It is the line itself; for programs with many verbs, the program and its verb.
    """
    found = chain(normalise(line))
    if len(found.commands) != 1:
        return ""
    words = [word.literal or "" for word in found.commands[0].words]
    name = (found.commands[0].program or "") if words else ""
    exact = " ".join([name if "/" in words[0] else words[0], *words[1:]])
    verbs = 3 if words[1:2] and words[1] in _DEEPER else 2
    many = name in _MANY_VERBS and len(words) > verbs
    wide = " ".join((name, *words[1:verbs], "*")) if many else ""
    for pattern in filter(None, (wide, exact)):
        whole = all(word and word.split() == [word] and not wild(word) for word in words)
        if pattern == exact and not whole:
            continue  # a pattern has no way to write it
        if not refusal_of(pattern, "allow") and not mismatch(pattern, "allow", line):
            return pattern
    return ""
