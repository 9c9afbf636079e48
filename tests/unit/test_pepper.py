"""The secret outside the database: made once, kept, and never quietly replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.pepper import pepper, provisioning_key


def config(state_dir: Path, configured: str | None = None) -> Config:
    return Config.model_validate(
        {
            "state_dir": str(state_dir),
            "asterisk": {"ari_password": "x", "ami_secret": "y"},
            "pins": {"pepper": configured},
        }
    )


def test_the_first_start_makes_one_that_only_we_can_read(tmp_path: Path) -> None:
    made = pepper(config(tmp_path / "new" / "state"))

    file = tmp_path / "new" / "state" / "pepper"
    assert len(made) == 64
    assert file.read_bytes() == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir()] == ["pepper"]


def test_every_later_start_finds_the_same(tmp_path: Path) -> None:
    assert pepper(config(tmp_path)) == pepper(config(tmp_path))


def test_no_two_installations_have_the_same(tmp_path: Path) -> None:
    assert pepper(config(tmp_path / "one")) != pepper(config(tmp_path / "two"))


def test_two_first_starts_at_once_end_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = "f" * 64

    def link(fresh: str, path: Path) -> None:
        # Another program was faster, by as little as can be.
        path.write_text(theirs)
        raise FileExistsError(path)

    monkeypatch.setattr(os, "link", link)

    assert pepper(config(tmp_path)) == theirs.encode()
    assert [p.name for p in tmp_path.iterdir()] == ["pepper"]


def test_what_a_killed_start_left_behind_is_no_pepper(tmp_path: Path) -> None:
    (tmp_path / f".pepper.{os.getpid()}").write_text("half")

    assert len(pepper(config(tmp_path))) == 64


def test_the_configured_one_wins_and_leaves_no_file(tmp_path: Path) -> None:
    assert pepper(config(tmp_path, "c0nfigured")) == b"c0nfigured"
    assert list(tmp_path.iterdir()) == []


def test_one_put_back_with_an_editor_is_the_same(tmp_path: Path) -> None:
    made = pepper(config(tmp_path))
    (tmp_path / "pepper").write_bytes(made + b"\n")

    assert pepper(config(tmp_path)) == made


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_one_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pepper").write_bytes(content)

    with pytest.raises(ConfigError, match="is empty; put it back from a backup"):
        pepper(config(tmp_path))


def test_a_damaged_one_is_not_used_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "pepper").write_bytes(b"s3cret\xff")

    with pytest.raises(ConfigError, match="it is not ASCII") as caught:
        pepper(config(tmp_path))
    assert "s3cret" not in str(caught.value)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=str(tmp_path / "file" / "state" / "pepper")):
        pepper(config(tmp_path / "file" / "state"))


def test_phones_know_nothing_of_the_pepper(tmp_path: Path) -> None:
    one, two = config(tmp_path, "one"), config(tmp_path, "two")

    assert len(provisioning_key(one)) == 32
    assert b"one" not in provisioning_key(one)
    assert provisioning_key(one) == provisioning_key(one)
    assert provisioning_key(one) != provisioning_key(two)
