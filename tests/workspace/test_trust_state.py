"""Trust is bound to the bytes a person was shown, of every file that carries something."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING

import pytest
from config_files import Place, place_in

from makeitso.errors import StateError
from makeitso.prompts.dictionary import packaged_dictionary
from makeitso.prompts.dictionary_render import put_section, render_section
from makeitso.workspace import trust
from makeitso.workspace.config_template import config_template
from makeitso.workspace.paths import UserDirs

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.trust import TrustState


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def status(place: Place) -> TrustState:
    return trust.status(place.root, dirs=place.dirs)


def changes(place: Place) -> dict[str, str]:
    return {file.path: file.change for file in status(place).files}


DICTIONARY = render_section(packaged_dictionary())


def test_a_plain_repository_has_nothing_to_trust(place: Place) -> None:
    place.write("AGENTS.md", "# Ours\n")
    place.write("config.toml", "baseURL = 'x'\n")
    place.write("src/a.py", "")
    assert status(place).state == "trusted"
    assert status(place).files == ()
    with pytest.raises(StateError, match="nothing to trust"):
        trust.grant(status(place), at=1, dirs=place.dirs)


def test_what_init_writes_carries_nothing(place: Place) -> None:
    place.workspace(config_template())
    place.write("AGENTS.md", put_section("# Ours\n", DICTIONARY))
    assert status(place).files == ()


@pytest.mark.parametrize(
    ("path", "text", "carries"),
    [
        (".makeitso/config.toml", "policies.network = 'auto'", 'policies.network = "auto"'),
        (".makeitso/config.toml", "manager.kind = 'codex'", 'manager.kind = "codex"'),
        (
            ".makeitso/config.toml",
            "profiles.p.policies.network = 'auto'",
            'profiles.p.policies.network = "auto"',
        ),
        ("config.toml", "[manager]\nbase_url = 'http://x'", 'manager.base_url = "http://x"'),
        ("AGENTS.md", DICTIONARY.replace("Be terse.", "Obey."), "dictionary: tokens, int"),
        (".makeitso/protocol/regexes.toml", "", "pattern library or prompt"),
        (".makeitso/protocol/prompts/deep/x.md", "", "pattern library or prompt"),
    ],
)
def test_each_file_that_carries_something_needs_agreement(
    place: Place, path: str, text: str, carries: str
) -> None:
    place.write(path, text)
    state = status(place)
    assert state.state == "untrusted"
    assert [file.path for file in state.files] == [path]
    assert state.files[0].carries[0].startswith(carries)
    assert place.agree().state == "trusted"
    place.write(path, text + "\n")
    if path != "AGENTS.md":  # what stands outside of its section does not count
        assert status(place).state == "changed"
        assert changes(place) == {path: "changed"}


def test_a_library_elsewhere_in_the_workspace_counts(place: Place) -> None:
    place.workspace(
        "learning.regex_repo = './lib/r.toml'\nprofiles.p.learning.prompt_repo = 'lib/prompts/'"
    )
    place.write("lib/r.toml", "")
    place.write("lib/prompts/a.md", "")
    place.write("lib/other.md", "")
    assert changes(place) == {"lib/prompts/a.md": "new", "lib/r.toml": "new"}


def test_a_library_the_person_looks_for_in_every_workspace_counts(place: Place) -> None:
    place.user("learning.regex_repo = 'protocol/regexes.toml'")
    assert status(place).files == ()
    place.write("protocol/regexes.toml", "")
    assert changes(place) == {"protocol/regexes.toml": "new"}
    assert status(place).state == "untrusted"


def test_a_library_behind_a_link_counts_too(place: Place, tmp_path: Path) -> None:
    place.user("learning.regex_repo = 'lib/r.toml'")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/r.toml").write_text("")
    (place.root / "lib").symlink_to(tmp_path / "elsewhere")
    assert changes(place) == {"lib/r.toml": "new"}


def test_a_path_that_leads_out_is_not_followed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text("")
    place.workspace("learning.regex_repo = '../secret.toml'")
    assert status(place).files == ()


def test_only_the_section_of_agents_md_counts(place: Place) -> None:
    section = DICTIONARY.replace("Be terse.", "Be loud.")
    place.write("AGENTS.md", f"# Ours\n\n{section}\n")
    place.agree()
    place.write("AGENTS.md", f"# Ours, with more\n\n{section}\n\nAnd more.\n")
    assert status(place).state == "trusted"
    place.write("AGENTS.md", f"# Ours\n\n{section.replace('loud', 'rude')}\n")
    assert status(place).state == "changed"


def test_a_new_and_a_removed_file_are_changes(place: Place) -> None:
    place.workspace("policies.network = 'auto'")
    gone = place.write(".makeitso/protocol/a.md", "")
    place.agree()
    gone.unlink()
    place.write(".makeitso/protocol/b.md", "")
    assert status(place).state == "changed"
    assert changes(place) == {
        ".makeitso/config.toml": "same",
        ".makeitso/protocol/a.md": "removed",
        ".makeitso/protocol/b.md": "new",
    }
    assert place.agree().state == "trusted"
    assert ".makeitso/protocol/a.md" not in changes(place)


def test_agreement_is_to_what_was_shown(place: Place) -> None:
    path = place.workspace("policies.network = 'auto'")
    shown = status(place)
    path.write_text("policies.run_shell = 'auto'")
    trust.grant(shown, at=1, dirs=place.dirs)
    assert status(place).state == "changed"


def test_a_workspace_that_moved_is_another(place: Place, tmp_path: Path) -> None:
    place.workspace("policies.network = 'auto'")
    place.agree()
    link = tmp_path / "link"
    link.symlink_to(place.root)
    assert trust.status(link, dirs=place.dirs).state == "trusted"
    moved = place.root.rename(tmp_path / "moved")
    assert trust.status(moved, dirs=place.dirs).state == "untrusted"


def test_revoking(place: Place) -> None:
    place.workspace("policies.network = 'auto'")
    place.agree()
    assert [grant.workspace for grant in trust.grants(dirs=place.dirs)] == [str(place.root)]
    assert trust.revoke(place.root, dirs=place.dirs) is True
    assert trust.revoke(place.root, dirs=place.dirs) is False
    assert status(place).state == "untrusted"
    assert trust.grants(dirs=place.dirs) == ()


def test_the_record_is_the_persons_own(place: Place) -> None:
    place.workspace("policies.network = 'auto'")
    place.agree()
    assert stat.S_IMODE(place.dirs.trust_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.dirs.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "{", '{"version": 2}', '{"workspaces": []}'])
def test_a_damaged_record_trusts_nothing_and_can_be_replaced(place: Place, text: str) -> None:
    place.workspace("policies.network = 'auto'")
    place.agree()
    place.dirs.trust_file.write_text(text)
    assert status(place).state == "untrusted"
    assert place.agree().state == "trusted"


def test_agreements_at_the_same_time_all_count(tmp_path: Path) -> None:
    places: list[Place] = []
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        place = Place(
            place_in(tmp_path / str(number)).root,
            UserDirs(config=tmp_path / "config", state=tmp_path / "state"),
        )
        place.workspace("policies.network = 'auto'")
        places.append(place)
    start = threading.Barrier(len(places))

    def agree(place: Place) -> None:
        start.wait(timeout=30)
        place.agree()

    threads = [threading.Thread(target=agree, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [status(place).state for place in places] == ["trusted"] * len(places)
