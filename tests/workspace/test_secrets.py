"""Which key is used, and what of the environment must never be shown."""

from __future__ import annotations

import pytest

from makeitso.workspace.secrets import api_key, known_secrets


def test_the_named_variable_comes_first() -> None:
    env = {"CODEX_API_KEY": "one", "OPENAI_API_KEY": "two"}
    assert api_key("CODEX_API_KEY", environ=env) is not None
    found = api_key("CODEX_API_KEY", environ=env)
    assert found is not None
    assert (found.name, found.value) == ("CODEX_API_KEY", "one")


@pytest.mark.parametrize("env", [{}, {"CODEX_API_KEY": " "}])
def test_then_the_usual_one(env: dict[str, str]) -> None:
    found = api_key("CODEX_API_KEY", environ={**env, "OPENAI_API_KEY": " two\n"})
    assert found is not None
    assert (found.name, found.value) == ("OPENAI_API_KEY", "two")
    assert api_key("CODEX_API_KEY", environ=env) is None


def test_a_key_is_not_shown_by_accident() -> None:
    found = api_key("K", environ={"K": "sk-verysecret"})
    assert "verysecret" not in repr(found)


@pytest.mark.parametrize(
    "name",
    [
        "CODEX_API_KEY",
        "GITHUB_TOKEN",
        "aws_secret_access_key",
        "DB_PASSWORD",
        "PGPASSWD",
        "SENTRY_DSN",
        "NPM_AUTH",
        "GH_PAT",
        "SESSION_COOKIE",
    ],
)
def test_names_that_look_secret(name: str) -> None:
    assert known_secrets(environ={name: "0123456789"}) == {"0123456789"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME", "/home/somebody"),
        ("SSH_AUTH_SOCK", "/run/agent.sock"),
        ("XAUTHORITY", "/home/somebody/.Xauthority"),
        ("GOOGLE_CREDENTIALS_FILE", "/etc/key.json"),
        ("KEYBOARD_LAYOUT", "us-international"),
        ("OLDPATH", "/usr/bin:/bin"),
        ("API_KEY", "short"),
    ],
)
def test_what_is_not_a_secret(name: str, value: str) -> None:
    assert known_secrets(environ={name: value}) == frozenset()


def test_a_named_variable_counts_whatever_it_is_called() -> None:
    env = {"MY_LLM": "0123456789"}
    assert known_secrets(environ=env) == frozenset()
    assert known_secrets(["MY_LLM"], environ=env) == {"0123456789"}


def test_a_password_in_a_url() -> None:
    env = {"DATABASE_URL": "postgres://me:hunter2hunter2@host/db"}
    assert known_secrets(environ=env) == {"hunter2hunter2"}


def test_each_line_of_a_key_of_many() -> None:
    pem = "-----BEGIN-----\nMIIEvQIBADANBgkqhk\nshort\n-----END-----"
    found = known_secrets(environ={"PRIVATE_KEY": pem})
    assert pem in found
    assert "MIIEvQIBADANBgkqhk" in found
    assert "short" not in found


def test_headers_of_a_collector_are_secret_each() -> None:
    env = {"OTEL_EXPORTER_OTLP_HEADERS": "x-team=0123456789, authorization=Bearer abcdef==,a=b"}
    assert known_secrets(environ=env) == {"0123456789", "Bearer abcdef=="}
