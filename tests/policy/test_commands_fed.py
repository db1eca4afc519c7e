"""What `xargs` is given by a pipe: literals are read, all else is asked about."""

from __future__ import annotations

import pytest

from makeitso.policy.commands import Rules, judge
from makeitso.policy.shell_chains import chain
from makeitso.policy.shell_paths import Place

PLACE = Place(cwd="/w/tree", root="/w/tree", pids=frozenset({4242}))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("echo / | xargs rm -rf", "remove-much"),
        ("echo -n a b / | xargs rm -rf", "remove-much"),
        ("echo 'a b /' | xargs rm -rf", "remove-much"),
        (r"printf '/\0' | xargs -0 rm -r", "remove-much"),
        (r"printf 'a\n/etc\n' | xargs rm -r", "remove-much"),
        (r"printf '%s\0' / | xargs -0r rm -r", "remove-much"),
        (r"echo -e '\x2f' | xargs rm -r", "remove-much"),
        (r"printf '\57' | xargs rm -r", "remove-much"),
        ("echo a,/ | xargs -d , rm -r", "remove-much"),
        ("echo a:/ | xargs --delimiter=: rm -r", "remove-much"),
        ("echo \"'/'\" | xargs rm -r", "remove-much"),
        ('echo "$HOME" | xargs rm -r', "remove-much"),
        ("echo ~ | xargs rm -r", "remove-much"),
        ("echo /* | xargs rm -rf", "remove-much"),
        ("x=/; echo $x | xargs rm -rf", "remove-much"),
        ("echo $(echo /) | xargs rm -rf", "remove-much"),
        ("echo / | cat | tr a b | sort -u | tee log | xargs rm -rf", "remove-much"),
        ("echo / | xargs | xargs rm -rf", "remove-much"),
        ("echo / | xargs echo | xargs rm -rf", "remove-much"),
        ("echo / | xargs -n 1 -P 2 sudo rm -rf", "remove-much"),
        ("echo / | sudo xargs rm -rf", "remove-much"),
        ("echo / | xargs -I % rm -rf %", "remove-much"),
        ("echo etc | xargs -I{} rm -rf /{}", "remove-much"),
        ("echo / | xargs -i rm -rf {}", "remove-much"),
        ("echo / | xargs --replace rm -rf {}", "remove-much"),
        ("echo 'rm -rf /' | xargs -d: -I{} sh -c 'rm -rf /'", "remove-much"),
        ("echo / | xargs -I{} sh -c 'rm -rf {}'", "remove-much"),
        ("(echo /) | xargs rm -rf", "remove-much"),
        ("{ echo a; echo /; echo b; } | xargs rm -rf", "remove-much"),
        ("if true; then echo /; fi | xargs rm -rf", "remove-much"),
        ("echo / | (xargs rm -rf)", "remove-much"),
        ("echo / | { true; xargs rm -rf; }", "remove-much"),
        ("echo / |\nxargs rm -rf", "remove-much"),
        ("echo / | sh -c 'xargs rm -rf'", "remove-much"),
        ("sh -c 'echo /' | xargs rm -rf", "remove-much"),
        ("bash -lc 'echo / | xargs rm -rf'", "remove-much"),
        ("xargs rm -rf <<< /", "remove-much"),
        ("xargs rm -rf <<EOF\nbuild\n/\nEOF", "remove-much"),
        ("cat <<EOF | xargs rm -rf\n/\nEOF", "remove-much"),
        ("find / -name '*.log' | xargs rm -f", "remove-much"),
        ("find ~ -type f -print0 | xargs -0 shred", "remove-much"),
        ("echo .git/config | xargs rm", "git-directory"),
        ("echo /dev/sda | xargs shred", "disk"),
        ("echo / | xargs chmod -R 777", "open-everything"),
        ("echo 4242 | xargs kill -9", "supervisor"),
        ("echo --force | xargs git push", "published-history"),
    ],
)
def test_what_a_line_says_on_a_pipe_is_judged_as_an_argument(line: str, rule: str) -> None:
    verdict = judge(line, place=PLACE, rules=Rules(allow=("*", "* *", "rm *")))
    assert (verdict.answer, verdict.rule) == ("refused", rule), verdict


@pytest.mark.parametrize(
    "line",
    [
        "ls | xargs rm -rf",
        "git ls-files -o | xargs rm",
        "cat list | xargs rm -rf",
        "xargs rm -rf < list",
        "xargs -a list rm -rf",
        "echo / | sed s,$,tmp/x, | xargs rm -rf",
        "echo / > log; ls | xargs rm -rf",
        "echo / | true; ls | xargs rm -rf",
        "(echo /; ls) > log; ls | xargs rm -rf",
        "{ echo /; } > log; ls | xargs rm -rf",
        "echo / | xargs rm -rf < list",
        "echo build dist | xargs rm -rf",
        "printf '%s\\0' build | xargs -0 rm -rf",
        "find . -name '*.pyc' | xargs rm -f",
        "find build -type f | xargs -I{} unlink {}",
        "echo '~' | xargs rmdir",
        "for f in *; do echo $f; done | xargs shred",
        "echo a; echo / | xargs ls; ls | xargs rm -rf",
    ],
)
def test_a_removal_that_a_pipe_names_is_asked_about(line: str) -> None:
    verdict = judge(line, place=PLACE, rules=Rules(allow=("*", "* *", "rm *", "xargs *")))
    assert verdict.answer == "unclear", verdict
    assert "is what `xargs` is given as it runs" in verdict.reason


def test_a_denied_form_holds_with_and_without_what_the_pipe_adds() -> None:
    line = "echo build | xargs rm -r"
    for pattern in ("rm -r", "rm -r build", "rm *", "xargs *"):
        denied = judge(line, rules=Rules(deny=(pattern,))).answer == "denied"
        assert denied is (pattern != "xargs *")


def test_what_a_pipe_adds_is_a_command_of_its_own() -> None:
    found = [[w.written for w in c.words] for c in chain("echo a b | xargs -n1 touch").commands]
    assert found == [["echo", "a", "b"], ["touch"], ["touch", "a", "b"]]
