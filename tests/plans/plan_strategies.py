"""Plans and plan-like texts for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from makeitso.protocol.plan import Check, Phase, Plan, Policies, Task
from makeitso.protocol.wait import WaitFor
from makeitso.protocol.words import PHASES

PIECES = [
    "- [ ] **T1** Fix it",
    "- [x] **T2** Done ",
    "* [X] **a.b** Other",
    "1. [ ] **T3**",
    "- [] **T4** x",
    "- [ ] no id",
    " - [ ] **T1** again",
    "    - [ ] nested",
    "  - files: `a/**`, b.py {x,y}/z",
    "  - done when: `pytest -q` in d, timeout 5m (was: failing)",
    "  - done when: ``a ` b`` and `c`",
    "  - done wen: `x`",
    "  - done when: x",
    "  - done when:",
    "    - `one`",
    "    ```sh",
    "    ```",
    "\t- after: T1, T2",
    "  - after: T9",
    "  - policies: network never, run_shell: ask, x y",
    "  - polices: network never",
    "  - budget: 120k tokens",
    "  - budget: many",
    "  - budget: 30 min, 5k tokens",
    "  - budget: 5m",
    "  - task: manual, 1.5M",
    "  - verify:",
    "  - wait: until `make ready` in d, every 1m for 2h",
    "  - wait: until 18:00",
    "  - wait: soon",
    "  - note: hello",
    "  <!-- -->",
    "  body text",
    "lazy",
    "",
    "  ",
    "# Title",
    "## Sub #",
    "> quoted",
    ">",
    "---",
    "```toml",
    "```",
    "~~~",
    'approval = "manual"',
    "budget_tokens = 250_000",
    'budget_minutes = "1h30m"',
    'policies = { network = "never" }',
    "polices = 1",
    "[policies]",
    "<!--",
    "-->",
    "\ufeff# bom",
    "a\u2028b\x0cc\x85d\re",
    "\x00",
]

texts = st.text(
    alphabet=st.one_of(
        st.sampled_from("-[]*#>` \t\r\n:x~<!T1\ufeff\u2028\x00"), st.characters(codec=None)
    ),
    max_size=120,
)
plan_like = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", "\n", "\r\n", "\n\n", "\r"])),
    max_size=25,
).map(lambda pairs: "".join(piece + end for piece, end in pairs))
any_text = st.one_of(texts, plan_like)

line = st.text(
    alphabet=st.one_of(st.sampled_from("ab -*`#>[]():,x{}\t"), st.characters(codec="utf-8")),
    max_size=20,
)
prose = st.lists(st.one_of(line, st.sampled_from(PIECES)), max_size=5).map("\n".join)
ids = st.one_of(
    st.sampled_from(["T1", "T2", "T3", "docs", "a.b-c_d", "and"]),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True),
)
approvals = st.sampled_from(["manual", "confirm-phase", "delegate"])
permissions = st.none() | st.sampled_from(["never", "ask", "auto"])
counts = st.none() | st.integers(0, 10**13) | st.sampled_from([1000, 120_000, 1_500_000, 250_000])
policies = st.builds(Policies, write_files=permissions, run_shell=permissions, network=permissions)
checks = st.builds(
    Check,
    command=st.one_of(line, prose, st.just("pytest -q `x`")).filter(bool),
    cwd=st.one_of(st.just("."), line),
    timeout_s=st.one_of(
        st.sampled_from([600.0, 90.0, 300.0, 3600.0, 0.5, 5400.0]),
        st.floats(min_value=0, exclude_min=True, allow_nan=False),
    ),
    was_failing=st.booleans(),
)
spans = st.none() | st.sampled_from([0, 1, 90, 1800, 7200]) | st.integers(0, 10**7)
phases = st.builds(
    Phase,
    name=st.sampled_from(PHASES),
    approval=st.none() | approvals,
    budget_tokens=counts,
    budget_s=spans,
)


seconds = st.none() | st.sampled_from([60.0, 0.5]) | st.floats(min_value=0, exclude_min=True)
moments = st.sampled_from(["18:00", "17:30:05Z", "2026-11-22T18:00", "2026-11-22 18:00+01:00", "x"])
waits = st.one_of(
    st.builds(WaitFor, seconds=st.just(0.0) | st.floats(min_value=0)),
    st.builds(WaitFor, until=moments),
    st.builds(
        WaitFor,
        command=line.filter(bool),
        cwd=st.just(".") | line,
        every_s=seconds,
        limit_s=seconds,
    ),
)


globs = st.one_of(st.sampled_from(["src/**", "a b.py", "{x,y}/*"]), line)


def tasks(names: st.SearchStrategy[str] = ids) -> st.SearchStrategy[Task]:
    """Tasks with anything in them."""
    return st.builds(
        Task,
        id=names,
        title=line.filter(bool),
        goal=prose,
        files=st.lists(globs).map(tuple),
        checks=st.lists(checks, max_size=3).map(tuple),
        after=st.lists(names, max_size=3).map(tuple),
        priority=st.sampled_from([0, 0, 10, -10, 7, 100, -100]),
        repo=st.none() | line,
        worker=st.none() | line,
        skills=st.lists(line, max_size=2).map(tuple),
        approval=st.none() | approvals,
        policies=policies,
        budget_tokens=counts,
        budget_s=spans,
        wait=st.none() | waits,
        phases=st.lists(phases, max_size=4).map(tuple),
        done=st.booleans(),
    )


plans = st.builds(
    Plan,
    id=st.just("2026-01-01-x"),
    title=line,
    goal=prose,
    tasks=st.lists(tasks(), max_size=4).map(tuple),
    approval=st.none() | approvals,
    policies=policies,
    budget_tokens=counts,
    budget_s=spans,
    max_concurrency=st.none() | st.integers(1, 64),
)
