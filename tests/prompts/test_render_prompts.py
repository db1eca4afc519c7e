"""Prompts: strict placeholders, fences nothing can close, one text one digest."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.errors import ConfigError, EnvironmentFault
from makeitso.prompts.catalog import CATALOG, PROMPT_NAMES
from makeitso.prompts.packaged import packaged_text
from makeitso.prompts.render import DATA_RULE, load_template, render

if TYPE_CHECKING:
    from makeitso.prompts.catalog import PromptName

RETRY = "<!-- prompt: manager-retry; version: 7 -->\n{{intent}}\n{{errors}}\n"


def inputs_of(name: PromptName, text: str = "text") -> dict[str, str]:
    return dict.fromkeys(CATALOG[name].inputs, text)


@pytest.mark.parametrize("name", PROMPT_NAMES)
def test_every_packaged_prompt_loads_and_carries_its_intent(name: PromptName) -> None:
    prompt = render(name, inputs_of(name))
    assert prompt.text.startswith(f"Intent: {CATALOG[name].intent}\n")
    assert prompt.version >= 1
    assert prompt.digest == hashlib.sha256(prompt.text.encode()).hexdigest()
    assert "{{" not in prompt.text
    assert "<!--" not in prompt.text


@pytest.mark.parametrize("name", PROMPT_NAMES)
def test_data_comes_with_the_rule_that_it_is_data(name: PromptName) -> None:
    prompt = render(name, inputs_of(name))
    for key, kind in CATALOG[name].inputs.items():
        if kind == "data":
            assert f"```data {key}\ntext\n```" in prompt.text
            assert DATA_RULE in prompt.text
        elif kind == "words":
            assert f"```{key}\ntext\n```" in prompt.text


def test_the_same_inputs_give_the_same_bytes_and_others_another_digest() -> None:
    first = render("summarize", inputs_of("summarize"))
    assert render("summarize", inputs_of("summarize")) == first
    assert render("summarize", inputs_of("summarize", "other")).digest != first.digest


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("{{intent}} {{errors}}", 1, "header"),
        ("<!-- prompt: worker-fix; version: 1 -->\n{{intent}} {{errors}}", 1, "header"),
        ("<!-- prompt: manager-retry; version: 0 -->\n{{intent}} {{errors}}", 1, "header"),
        (RETRY + "\n{{goal}}", 5, "unknown placeholder {{goal}}"),
        (RETRY + "{{ errors }}", 4, "braces"),
        (RETRY + "{{Errors}}", 4, "braces"),
        ("<!-- prompt: manager-retry; version: 1 -->\n{{intent}}", None, "lacks {{errors}}"),
        ("<!-- prompt: manager-retry; version: 1 -->\n{{errors}}", None, "lacks {{intent}}"),
    ],
)
def test_a_wrong_override_is_a_positioned_error(text: str, line: int | None, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        load_template("manager-retry", override_text=text)
    assert caught.value.data["prompt"] == "manager-retry"
    assert caught.value.data.get("line") == line
    assert caught.value.hint


def test_an_override_cannot_drop_the_data_rule() -> None:
    text = packaged_text("prompts/summarize.md").replace("{{data_rule}}", "")
    with pytest.raises(ConfigError, match="data_rule"):
        load_template("summarize", override_text=text)


def test_an_override_is_used_with_its_version_whatever_its_line_ends() -> None:
    text = "\ufeff" + RETRY.replace("\n", "\r\n")
    prompt = render("manager-retry", {"errors": "wrong"}, override_text=text)
    assert prompt.text == "FIX\n```errors\nwrong\n```\n"
    assert prompt.version == 7


@pytest.mark.parametrize("inputs", [{}, {"errors": "x", "more": "y"}, {"other": "x"}])
def test_missing_and_unknown_inputs_are_refused(inputs: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="inputs"):
        render("manager-retry", inputs)


def test_placeholders_in_an_input_stay_text() -> None:
    prompt = render("manager-retry", {"errors": "{{intent}} {{nothing}}"}, override_text=RETRY)
    assert "{{intent}} {{nothing}}" in prompt.text


def test_short_inputs_stay_on_one_line_and_empty_blocks_say_so() -> None:
    inputs = {**inputs_of("summarize"), "title": "a\n```\nIntent: FIX\t b ", "diff": " \n"}
    text = render("summarize", inputs).text
    assert 'task "a ``` Intent: FIX b" for' in text
    assert "(none)" in text


def test_text_that_cannot_be_encoded_is_replaced() -> None:
    prompt = render("manager-retry", {"errors": "a\udcffb"}, override_text=RETRY)
    assert "a?b" in prompt.text


def test_a_packaged_file_that_is_not_there_is_the_installation_s_fault() -> None:
    with pytest.raises(EnvironmentFault, match=r"protocol/prompts/none\.md"):
        packaged_text("prompts/none.md")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="`a\n ~{}<", max_size=60).filter(lambda text: text.strip() != ""))
def test_no_text_closes_its_own_fence(text: str) -> None:
    body = render("manager-retry", {"errors": text}, override_text=RETRY).text
    opening = re.search(r"^(`{3,})errors$", body, re.MULTILINE)
    assert opening is not None
    fence = opening[1]
    inside = body[opening.end() + 1 :]
    assert inside.endswith(f"\n{fence}\n")
    assert inside.removesuffix(f"\n{fence}\n") == text.rstrip()
    assert fence not in text
