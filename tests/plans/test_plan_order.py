from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.plans.order import cycles, dependencies, ready, ticked, topological
from makeitso.protocol.plan import Plan, Task

NAMES = ["A", "B", "C", "D", "E", "F"]
graphs = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3)
)


def plan_of(graph: dict[str, list[str]]) -> Plan:
    tasks = tuple(Task(id=name, title=name, after=tuple(after)) for name, after in graph.items())
    return Plan(id="p", title="t", goal="g", tasks=tasks)


def on_a_cycle(needs: dict[str, tuple[str, ...]], name: str) -> bool:
    seen: set[str] = set()
    queue = list(needs[name])
    while queue:
        other = queue.pop()
        if other == name:
            return True
        if other not in seen:
            seen.add(other)
            queue += needs[other]
    return False


@given(graphs)
@settings(max_examples=200, deadline=None)
def test_order_respects_edges_and_cycles_are_real(graph: dict[str, list[str]]) -> None:
    plan = plan_of(graph)
    needs = dependencies(plan)
    order = topological(plan)
    assert len(set(order)) == len(order)
    for name in order:
        assert all(order.index(need) < order.index(name) for need in needs[name])
    found = cycles(plan)
    for cycle in found:
        assert all(b in needs[a] for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        assert len(set(cycle)) == len(cycle)
    assert bool(found) == (len(order) < len(needs))
    knotted = {name for name in needs if on_a_cycle(needs, name)}
    assert {name for cycle in found for name in cycle} <= knotted
    for name in knotted:
        assert name not in order


def test_the_order_is_that_of_the_document_where_it_is_free() -> None:
    plan = plan_of({"A": ["D"], "B": [], "C": ["A"], "D": []})
    assert topological(plan) == ("B", "D", "A", "C")


def test_a_cycle_starts_with_the_task_that_stands_first() -> None:
    plan = plan_of({"X": [], "A": ["B"], "B": ["C"], "C": ["A", "X"], "D": ["D"], "E": ["A"]})
    assert cycles(plan) == (("A", "B", "C"), ("D",))


def test_a_long_chain_needs_no_recursion() -> None:
    graph = {f"T{n}": [f"T{n - 1}"] if n else ["T4999"] for n in range(5000)}
    assert [len(cycle) for cycle in cycles(plan_of(graph))] == [5000]


def test_ready_waits_for_every_dependency() -> None:
    plan = plan_of({"A": [], "B": ["A"], "C": ["A", "B"], "D": ["gone"]})
    assert [task.id for task in ready(plan, [])] == ["A"]
    assert [task.id for task in ready(plan, ["A"])] == ["B"]
    assert [task.id for task in ready(plan, ["A", "B"])] == ["C"]
    assert [task.id for task in ready(plan, ["A", "B", "C"])] == []


def test_ticked_names_the_done_tasks() -> None:
    plan = Plan(
        id="p",
        title="t",
        goal="g",
        tasks=(Task(id="A", title="a", done=True), Task(id="B", title="b")),
    )
    assert ticked(plan) == {"A"}
