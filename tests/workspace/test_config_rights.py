"""Who may loosen what: person against workspace, trusted against untrusted, paths inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from config_files import Place, found, place_in
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.workspace import config_keys
from makeitso.workspace.config import load

if TYPE_CHECKING:
    from pathlib import Path

PERMISSIONS = ("never", "ask", "auto")
APPROVALS = ("manual", "confirm-phase", "delegate")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


@pytest.mark.parametrize("user", range(3))
@pytest.mark.parametrize("workspace", range(3))
@pytest.mark.parametrize(
    ("key", "scale"), [("policies.run_shell", PERMISSIONS), ("manager.approval", APPROVALS)]
)
def test_the_stricter_holds(
    place: Place, key: str, scale: tuple[str, ...], user: int, workspace: int
) -> None:
    place.user(f"{key} = '{scale[user]}'")
    place.workspace(f"{key} = '{scale[workspace]}'")
    place.agree()
    loaded = place.load()
    assert loaded.value(key) == scale[min(user, workspace)]
    looser = workspace > user
    assert found(loaded) == ([("looser-than-user", key, 1)] if looser else [])


@pytest.mark.parametrize(
    ("user", "workspace", "holds"), [(10, 20, 10), (20, 10, 10), (0, 10, 10), (10, 0, 10)]
)
def test_the_lower_budget_holds_and_none_is_the_highest(
    place: Place, user: int, workspace: int, holds: int
) -> None:
    place.user(f"manager.budget_tokens = {user}\nmanager.budget_minutes = {user}.5")
    place.workspace(f"manager.budget_tokens = {workspace}\nmanager.budget_minutes = {workspace}.5")
    place.agree()
    assert place.load().config.manager.budget_tokens == holds
    lower = min(user, workspace)
    assert place.load().config.manager.budget_minutes == lower + 0.5


def test_no_ceiling_on_time_is_the_highest(place: Place) -> None:
    place.user("manager.budget_minutes = 0")
    place.workspace("manager.budget_minutes = 7.5")
    assert place.load().config.manager.budget_minutes == 7.5, "stricter, so it needs no trust"
    place.user("manager.budget_minutes = 7.5")
    place.workspace("manager.budget_minutes = 0")
    loaded = place.load()
    assert loaded.config.manager.budget_minutes == 7.5
    assert found(loaded) == [("untrusted-value", "manager.budget_minutes", 1)]


def test_a_trusted_workspace_may_loosen_what_the_person_left_open(place: Place) -> None:
    place.workspace("policies.network = 'auto'")
    place.agree()
    loaded = place.load()
    assert loaded.config.policies.network == "auto"
    assert loaded.problems == ()


def test_a_flag_is_the_persons_word_now(place: Place) -> None:
    place.user("policies.network = 'never'")
    place.workspace("policies.network = 'never'")
    place.agree()
    assert place.load("policies.network=auto").config.policies.network == "auto"


def test_a_profile_counts_for_the_file_it_stands_in(place: Place) -> None:
    place.user("policies.network = 'never'\nprofiles.p.policies.network = 'ask'")
    place.workspace("profiles.p.policies.network = 'auto'")
    place.agree()
    loaded = place.load(profile="p")
    assert loaded.config.policies.network == "ask"
    assert found(loaded) == [("looser-than-user", "policies.network", 1)]


VALUES = {
    "manager.kind": "'api:evil'",
    "manager.approval": "'delegate'",
    "manager.budget_tokens": "0",
    "manager.base_url": "'http://evil'",
    "manager.api_key_env": "'AWS_SECRET'",
    "workers.codex.base_url": "'http://evil'",
    "workers.codex.api_key_env": "'AWS_SECRET'",
    "workers.codex.command": "'./evil'",
    "workers.codex.extra_args": "['--evil']",
    "policies.write_files": "'auto'",
    "policies.run_shell": "'auto'",
    "policies.network": "'auto'",
    "bootstrap.commands": "['evil']",
    "bootstrap.copy": "['.env']",
    "bootstrap.network": "'auto'",
    "review.target": "'commit'",
    "telemetry.otlp_endpoint": "'http://evil'",
    "learning.mode": "'off'",
    "monitor.enabled": "false",
    "remote_monitor.listen": "'0.0.0.0:80'",
    "debug.inspector_url": "'ws://evil'",
    "debug.targets.x.program": "'evil'",
    "debug.targets.x.args": "['evil']",
    "debug.targets.x.inspector_url": "'ws://evil'",
    "ui.open_url": "'command'",
    "ui.open_url_command": "'evil {url}'",
}


def test_the_table_below_names_every_key_with_rights() -> None:
    rights = {
        ".".join("x" if name == "*" else name for name in path)
        for path, key in config_keys.keys().items()
        if key.rights and key.not_yet != "any" and key.not_yet != (True,)
    }
    loosest = {"manager.budget_minutes"}  # by default: no value raises a right
    assert rights - {"repos.x.path", "repos.x.remote"} - loosest == set(VALUES)


@pytest.mark.parametrize("key", VALUES)
@pytest.mark.parametrize("where", ["", "profiles.p."])
def test_an_untrusted_workspace_raises_no_right(place: Place, key: str, where: str) -> None:
    place.user("[profiles.p]")
    path = place.workspace(f"\n{where}{key} = {VALUES[key]}\n")
    loaded = place.load(profile="p")
    assert found(loaded) == [("untrusted-value", key, 2)]
    assert loaded.problems[0].path == path
    assert loaded.sources.get(key, None) in {None, loaded.sources["manager.seed"]}
    place.agree()
    trusted = place.load(profile="p")
    assert trusted.problems == ()
    assert trusted.sources[key].path == path


def test_an_untrusted_workspace_may_still_restrict(place: Place) -> None:
    place.workspace(
        "[policies]\nnetwork = 'never'\nrun_shell = 'ask'\n"
        "[manager]\napproval = 'manual'\nbudget_tokens = 100"
    )
    loaded = place.load()
    assert loaded.problems == ()
    assert loaded.config.policies.network == "never"
    assert loaded.config.manager.approval == "manual"
    assert loaded.config.manager.budget_tokens == 100


def test_an_untrusted_root_file_cannot_undo_a_restriction_of_the_other(place: Place) -> None:
    place.write("config.toml", "manager.approval = 'manual'")
    place.workspace("manager.approval = 'confirm-phase'")
    assert place.load().config.manager.approval == "manual"


def test_bytes_that_changed_after_the_agreement_are_not_covered(place: Place) -> None:
    path = place.workspace("policies.network = 'auto'")
    place.agree()
    path.write_text("policies.network = 'auto' ")
    loaded = place.load()
    assert loaded.config.policies.network == "ask"
    assert found(loaded) == [("untrusted-value", "policies.network", 1)]


def test_without_trust_handed_in_nothing_is_trusted(place: Place) -> None:
    place.workspace("policies.network = 'auto'")
    place.agree()
    assert load(place.root, dirs=place.dirs).config.policies.network == "ask"


@pytest.mark.parametrize(
    ("user", "workspace", "holds"),
    [
        ("policies.network = 'ask'\nprofiles.p.policies.network = 'auto'", "never", "never"),
        ("policies.network = 'auto'\nprofiles.p.policies.network = 'never'", "ask", "never"),
    ],
)
def test_the_persons_profile_does_not_pass_a_stricter_workspace(
    place: Place, user: str, workspace: str, holds: str
) -> None:
    place.user(user)
    place.workspace(f"policies.network = '{workspace}'")
    place.agree()
    assert place.load(profile="p").config.policies.network == holds


@pytest.mark.parametrize("where", ["user", "workspace"])
@pytest.mark.parametrize("key", ["learning.prompt_repo", "project.artifacts_dir"])
def test_the_workspace_as_a_whole_is_no_such_place(place: Place, key: str, where: str) -> None:
    getattr(place, where)(f"{key} = './'\nproject.root = './'")
    assert found(place.load()) == [("path-outside", key, 1)]


@pytest.mark.parametrize("text", ["../x", "/etc", "a/../../x", "~/x", "", "out/x"])
@pytest.mark.parametrize(
    "key", ["project.artifacts_dir", "learning.replay_dir", "learning.golden_dir"]
)
def test_a_path_of_the_workspace_stays_inside(
    place: Place, tmp_path: Path, key: str, text: str
) -> None:
    (place.root / "out").symlink_to(tmp_path)
    place.workspace(f"{key} = '{text}'")
    loaded = place.load()
    assert found(loaded) == [("path-outside", key, 1)]
    assert loaded.value(key) == config_keys.keys()[config_keys.parse_key(key) or ()].default


def test_the_person_may_keep_artifacts_anywhere(place: Place, tmp_path: Path) -> None:
    place.user(f"project.artifacts_dir = '{tmp_path}/elsewhere'")
    assert place.load().config.project.artifacts_dir == f"{tmp_path}/elsewhere"


_permission = st.sampled_from([None, *PERMISSIONS])


@settings(max_examples=40, deadline=None)
@given(user=_permission, workspace=_permission, agreed=st.booleans())
def test_no_workspace_file_is_ever_looser_than_the_person(
    tmp_path_factory: pytest.TempPathFactory,
    user: str | None,
    workspace: str | None,
    agreed: bool,
) -> None:
    place = place_in(tmp_path_factory.mktemp("w"))
    if user:
        place.user(f"policies.network = '{user}'")
    if workspace:
        place.workspace(f"policies.network = '{workspace}'")
        if agreed:
            place.agree()
    holds = PERMISSIONS.index(place.load().config.policies.network)
    ceiling = user or ("auto" if agreed else "ask")
    assert holds <= PERMISSIONS.index(ceiling)
