from __future__ import annotations

import itertools

import pytest
from redaction_samples import KEY

from makeitso.policy.redact_lines import LINE_BYTES
from makeitso.policy.redaction import Redactor

# Assembled here, so that no scanner takes this file for a leak.
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
BEGIN, END = "-----BEGIN RSA PRIVATE " + "KEY-----", "-----END RSA PRIVATE " + "KEY-----"
BODY = "MIIEowIBAAKCAQEAxyz0123456789abcdefghijklmnopqrstuvwxyzABCDEF==\n"
PEM = f"{BEGIN}\n{BODY * 3}{END}"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(KEY)


@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        ("postgres://app:s3cr3tpw@db:5432/x", "s3cr3tpw", "url-password"),
        ("https://:t0ken99@host/", "t0ken99", "url-password"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA==", "authorization"),
        ("'authorization': 'Bearer abc.def-123456'", "abc.def-123456", "authorization"),
        ("curl -H 'bearer 0123456789abcdefXYZ'", "0123456789abcdefXYZ", "bearer"),
        (f"token is {JWT} ok", JWT, "jwt"),
        ("key sk-" + "a1B2" * 6, "a1B2a1B2", "api-token"),
        ("API_KEY=zX9-77ab.cd", "zX9-77ab.cd", "assigned"),
        ('{"client_secret": "Q2w3e4R5t6"}', "Q2w3e4R5t6", "assigned"),
        ("  password: Tr0ub4dor&3", "Tr0ub4dor&3", "assigned"),
        ("myApiKey => 'abcd1234efgh'", "abcd1234efgh", "assigned"),
    ],
)
def test_shapes_of_secrets_are_masked(
    redactor: Redactor, text: str, secret: str, kind: str
) -> None:
    out = redactor.text(text)
    assert secret not in out
    assert f"[REDACTED:{kind}:" in out


@pytest.mark.parametrize(
    "text",
    [
        "password = ${DB_PASSWORD}",
        "token: <your-token-here>",
        'api_key = os.environ["API_KEY"]',
        "api_key = settings.api_key",
        "token = get_token(request)",
        "password: str = Field(default=None)",
        "password=changeme",
        "max_tokens=50000000",
        "input_tokens: 123456789",
        "secret: null",
        "token_path: /var/run/secrets/x",
        "token: /var/run/secrets/x",
        "https://example.com:8080/a@b",
        "https://user:$PASSWORD@host/",
        "commit 1234567890abcdef1234567890abcdef12345678",
        "keyboard: qwertyuiop1",
        "def monkey_patch(): ...",
        "bearer of bad news, as they say",
        "[REDACTED:assigned:ab12]",
        "Operations::Password::ResetToken",
    ],
)
def test_ordinary_text_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


def test_a_private_key_is_one_mark_at_any_split(redactor: Redactor) -> None:
    text = f"before\n{PEM}\nafter\n".encode()
    whole = redactor.data(text)
    assert whole.startswith(b"before\n[REDACTED:private-key:")
    assert whole.endswith(b"]\nafter\n")
    assert whole.count(b"\n") == 3
    for cut in range(len(text) + 1):
        stream = redactor.stream()
        out = stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close()
        assert out == whole


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"+{BEGIN}\n+{BODY}+{BODY}done here.\n", "done here."),
        (f"{BEGIN}\nthis is only prose, with words.\n", "this is only prose, with words."),
        (f'key = "{PEM}"'.replace("\n", "\\n") + " tail", " tail"),
        (f"{BEGIN}\n{BODY}", ""),
        (f"{BEGIN}\nProc-Type: 4,ENCRYPTED\n\n{BODY}{END} tail\n", " tail"),
    ],
)
def test_odd_private_keys(redactor: Redactor, text: str, rest: str) -> None:
    out = redactor.text(text)
    assert "MIIEow" not in out
    assert "PRIVATE KEY" not in out
    assert rest in out


def test_a_very_long_key_stays_masked(redactor: Redactor) -> None:
    out = redactor.text(f"{BEGIN}\n{BODY * 3000}{END}\nend\n")
    assert "MIIE" not in out
    assert out.endswith("end\n")


def test_long_lines_come_out_whole_and_in_time(redactor: Redactor) -> None:
    text = (b"x" * LINE_BYTES + b"password=Tr0ub4dor99 " + b"y" * 200_000 + b"\n") * 2
    whole = redactor.data(text)
    assert b"Tr0ub4dor99" not in whole
    for size in (1000, LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1):
        stream = redactor.stream()
        parts = [stream.feed(text[i : i + size]) for i in range(0, len(text), size)]
        assert b"".join([*parts, stream.close()]) == whole
        early = parts[: 3 * LINE_BYTES // size]
        assert any(early), "a long line is not held back for ever"


def test_a_value_across_the_cut_of_a_long_line_comes_out_the_same(redactor: Redactor) -> None:
    text = b"x" * (LINE_BYTES - 12) + b" password=Tr0ub4dor99 y\n"
    stream = redactor.stream()
    parts = [stream.feed(text[:LINE_BYTES]), stream.feed(text[LINE_BYTES:])]
    assert b"".join([*parts, stream.close()]) == redactor.data(text)


def test_a_value_never_spans_lines(redactor: Redactor) -> None:
    text = b"password:\nTr0ub4dor99x\n"
    for cut in range(len(text) + 1):
        stream = redactor.stream()
        assert stream.feed(text[:cut]) + stream.feed(text[cut:]) + stream.close() == text


def test_rules_and_known_values_together_at_any_chunks() -> None:
    redactor = Redactor(KEY)
    redactor.register("pw", "Tr0ub4dor&3")
    text = f"password=Tr0ub4dor&3\n{PEM}\nhttp://a:Tr0ub4dor&3@h\n".encode()
    whole = redactor.data(text)
    assert whole.count(b"[REDACTED:pw:") == 2
    for size in itertools.chain(range(1, 20), (64, 100)):
        stream = redactor.stream()
        parts = [stream.feed(text[i : i + size]) for i in range(0, len(text), size)]
        assert b"".join([*parts, stream.close()]) == whole
