"""Certificates: text form and saving."""

import json
from pathlib import Path

import pytest

from varproof.base.certificate import Certificate

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
