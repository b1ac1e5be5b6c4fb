"""Certificates: text form and saving."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from varproof.base.certificate import Certificate
from varproof.base.errors import InputError

PAYLOAD = {"format": "varproof/test/1", "bound": "1/3", "points": ["1", "-2", "3"]}


def test_text_is_plain_json_with_one_value_a_line() -> None:
    text = Certificate(PAYLOAD).to_text()
    assert json.loads(text) == PAYLOAD
    assert text.endswith("}\n")
    assert ' "bound": "1/3",' in text.splitlines()


def test_saving_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text("old and much longer than what follows" * 100, encoding="utf-8")
    Certificate(PAYLOAD).save(target)
    assert json.loads(target.read_text(encoding="utf-8")) == PAYLOAD
    assert [path.name for path in tmp_path.iterdir()] == ["c.json"]


def test_a_payload_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(TypeError):
        Certificate({"format": object()}).save(str(target))
    assert target.read_text(encoding="utf-8") == "old"


def test_a_symbolic_link_is_followed_and_a_file_named_part_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "c.json.part").write_text("mine", encoding="utf-8")
    (tmp_path / "real.json").write_text("old", encoding="utf-8")
    (tmp_path / "c.json").symlink_to("real.json")
    (tmp_path / "new.json").symlink_to("later.json")
    Certificate(PAYLOAD).save(tmp_path / "c.json")
    Certificate(PAYLOAD).save(tmp_path / "new.json")
    assert (tmp_path / "c.json").is_symlink()
    assert (tmp_path / "new.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text(encoding="utf-8")) == PAYLOAD
    assert json.loads((tmp_path / "later.json").read_text(encoding="utf-8")) == PAYLOAD
    assert (tmp_path / "c.json.part").read_text(encoding="utf-8") == "mine"
    assert len(list(tmp_path.iterdir())) == 5


def test_a_pipe_a_directory_and_links_to_them_are_refused_and_stay(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "link", "loop", "folder", "none/c.json", "folder/../pipe", "x" * 300, "nul\0"):
        with pytest.raises(InputError) as caught:
            Certificate(PAYLOAD).save(tmp_path / name)
        assert caught.value.got == tmp_path / name
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 4


def test_a_write_protected_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "c.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        Certificate(PAYLOAD).save(target)
    assert target.read_text(encoding="utf-8") == "old"


def test_a_new_file_has_the_mode_of_the_umask_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    new, plain, old = tmp_path / "new.json", tmp_path / "plain", tmp_path / "old.json"
    plain.write_text("", encoding="utf-8")
    old.write_text("", encoding="utf-8")
    old.chmod(0o640)
    for target in (new, old):
        Certificate(PAYLOAD).save(target)
    assert new.stat().st_mode == plain.stat().st_mode
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_failed_write_names_the_file_asked_for_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "temporary")

    target = tmp_path / "c.json"
    target.write_text("old", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space") as caught:
            Certificate(PAYLOAD).save(target)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(target))
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]
