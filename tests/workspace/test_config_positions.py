"""Places of keys in TOML: against the parser's own idea of the tree, and against the text."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, cast

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.workspace.config_positions import KeyPath, positions

if TYPE_CHECKING:
    from makeitso.protocol.text import Span

TRICKY = '''\
# comment with = and [brackets]
title = "a # no comment ] }" # but this one is
"quoted key".'lite ral'."d.ot" = 1
multi = """
x = 1
\\""" still ""\\" inside
""""
lit = \'\'\'
[not.a.table]
it's\'\'\'
empty = ""
when = 1979-05-27 07:32:00
array = [ 1, # one ]
  [ "a", { b = 2, c.d = [3] } ],
]

[a.b]
inline = { x = 1, "y z" = { w = "}" }, n = [] }
[ a . "c d" ]
k = 1.5e3
[[list]]
n = 1
[[list]]
n = 2
[list.sub]
m = 3
[[list.deep]]
o = 4
[ünïcode]
'''.replace("[ünïcode]", '["ünïcode"]\n"ö" = "ü"')


def cut(text: str, span: Span) -> str:
    lines = text.split("\n")
    if span.line == span.end_line:
        return lines[span.line][span.column : span.end_column]
    middle = lines[span.line + 1 : span.end_line]
    return "\n".join(
        [lines[span.line][span.column :], *middle, lines[span.end_line][: span.end_column]]
    )


def paths(tree: object, path: KeyPath = ()) -> set[KeyPath]:
    found: set[KeyPath] = {path} if path else set()
    if isinstance(tree, dict):
        for name, value in cast("dict[str, object]", tree).items():
            found |= paths(value, (*path, name))
    elif isinstance(tree, list):
        for number, value in enumerate(cast("list[object]", tree)):
            found |= paths(value, (*path, number))
    return found


def test_finds_every_key_of_a_tricky_text() -> None:
    tree = tomllib.loads(TRICKY)
    assert set(positions(TRICKY)) == paths(tree)


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("title",), "title", '"a # no comment ] }"'),
        (("quoted key", "lite ral", "d.ot"), '"d.ot"', "1"),
        (("quoted key",), '"quoted key"', "1"),
        (("when",), "when", "1979-05-27 07:32:00"),
        (("array", 1, 1, "c", "d"), "d", "[3]"),
        (("a", "b", "inline", "y z"), '"y z"', '{ w = "}" }'),
        (("a", "c d"), '[ a . "c d" ]', '[ a . "c d" ]'),
        (("list", 1, "n"), "n", "2"),
        (("list", 1, "deep", 0, "o"), "o", "4"),
        (("ünïcode", "ö"), '"ö"', '"ü"'),
    ],
)
def test_spans_cover_exactly_key_and_value(path: KeyPath, key: str, value: str) -> None:
    place = positions(TRICKY)[path]
    assert cut(TRICKY, place.key) == key
    assert cut(TRICKY, place.value) == value


def test_a_value_over_several_lines_ends_where_it_ends() -> None:
    place = positions(TRICKY)[("multi",)]
    assert cut(TRICKY, place.value).startswith('"""\nx = 1')
    assert cut(TRICKY, place.value).endswith('\n""""')


@pytest.mark.parametrize("text", ["", "a", "a =", "[", "[a", "x = {", "x = [1,", "= 1", 'a = "'])
def test_text_that_is_no_toml_ends(text: str) -> None:
    positions(text)


_names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
_scalars = st.one_of(
    st.booleans(), st.integers(-5, 10**9), st.text(st.characters(codec="utf-8"), max_size=12)
)
_trees = st.dictionaries(
    _names,
    st.recursive(
        _scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner)),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(_trees)
def test_agrees_with_the_parser_on_any_document(tree: dict[str, object]) -> None:
    text = tomlkit.dumps(tree)
    parsed = tomllib.loads(text)
    places = positions(text)
    assert set(places) == paths(parsed)
    for path, place in places.items():
        value = cut(text, place.value)
        if not value.startswith("["):
            expected: object = parsed
            for step in path:
                expected = expected[step]  # type: ignore[index]
            assert tomllib.loads(f"v = {value}")["v"] == expected
