from __future__ import annotations

import pytest

from makeitso.review.flags import flags_of, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if access == 'user\u202e \u2066// admin\u2069':", ("bidi",)),
        ("na\u200bme = 1", ("invisible",)),
        ("\ufeffx", ("invisible",)),
        ("p\u0430ssword = 1", ("mixed-script",)),
        ("\u03bfpen()", ("mixed-script",)),
        ("bell\x07 \x1b[2K", ("control",)),
        ("lone\rreturn", ("control",)),
        ("\u202e\u200b", ("bidi", "invisible")),
    ],
)
def test_suspicious(text: str, expected: tuple[str, ...]) -> None:
    assert flags_of(text, changed_lines=1) == expected


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n\ty",
        "größe = 'naïve'",
        "\u041f\u0440\u0438\u0432\u0435\u0442 world",
        "10 \u00b5s, \u0394x, \u03a9m, \u03bcs",
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
        "\u3053\u3093\u306b\u3061\u306f",
        "crlf\r\nlines\r\n",
    ],
)
def test_honest_text(text: str) -> None:
    assert flags_of(text, changed_lines=1) == ()


def test_large() -> None:
    assert flags_of("", changed_lines=400) == ()
    assert flags_of("", changed_lines=401) == ("large",)


def test_visible_spells_what_hides_and_nothing_else() -> None:
    assert visible("a\u202eb\u200bc\x1bd\re\tf\n") == "a\\u{202e}b\\u{200b}c\\u{1b}d\\u{d}e\tf\n"
    assert visible("crlf\r\nend\r") == "crlf\r\nend\r"
    assert visible("größe \U0001f468\u200d\U0001f469") == "größe \U0001f468\u200d\U0001f469"
