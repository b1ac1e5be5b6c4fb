"""The disk cache: damage of every kind is no table, several writers do no harm, nowhere to write is no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from varproof.attention.tables import cache as table_cache
from varproof.attention.tables.cache import directory, load, recall, store, table_path

KEY = {"bound": "0x1.0p+0", "degree": "3"}
CONTENT = {"coefficients": ["0x1.0p+0", "0x1.8p-1"], "error": "0x1p-8"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VARPROOF_CACHE_DIR", str(tmp_path))


def path() -> Path:
    found = table_path("relative", KEY)
    assert found is not None
    return found


def test_what_is_stored_is_loaded():
    assert load("relative", KEY) is None
    store("relative", KEY, CONTENT)
    assert load("relative", KEY) == CONTENT
    assert load("weighted", KEY) is None
    assert load("relative", {**KEY, "degree": "4"}) is None
    assert os.listdir(path().parent) == [path().name]  # no temporary file is left


def changed(**fields) -> str:
    return json.dumps({**json.loads(path().read_text()), **fields})


def resigned(**fields) -> str:
    """Other content with the checksum that belongs to it: a file of another version or place."""
    data = {**json.loads(path().read_text()), **fields}
    del data["sha256"]
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return json.dumps({**data, "sha256": table_cache.hashlib.sha256(text.encode()).hexdigest()})


def without(name: str) -> str:
    data = json.loads(path().read_text())
    del data[name]
    return json.dumps(data)


DAMAGE = {
    "empty": lambda: "",
    "cut short": lambda: path().read_text()[:-20],
    "no JSON": lambda: "coefficients = 1",
    "a list": lambda: "[1, 2]",
    "text": lambda: '"content"',
    "null": lambda: "null",
    "deeply nested": lambda: "[" * 100_000,
    "a long integer": lambda: '{"content": ' + "9" * 10_000 + "}",
    "not a number": lambda: changed(content={"error": float("nan")}),
    "other content": lambda: changed(content={**CONTENT, "error": "0x1p-9"}),
    "content that is no object": lambda: resigned(content=[1]),
    "other checksum": lambda: changed(sha256="0" * 64),
    "no checksum": lambda: without("sha256"),
    "no content": lambda: without("content"),
    "older version": lambda: resigned(version=table_cache.VERSION - 1),
    "newer version": lambda: resigned(version=table_cache.VERSION + 1),
    "other key": lambda: resigned(key={**KEY, "degree": "4"}),
    "other kind": lambda: resigned(kind="weighted"),
    "foreign format": lambda: resigned(format="another-program"),
    "one field more": lambda: changed(extra=1),
    "larger than a table can be": lambda: " " * table_cache.MAX_BYTES + path().read_text(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_no_table_and_is_repaired(damage):
    store("relative", KEY, CONTENT)
    path().write_text(DAMAGE[damage]())
    assert load("relative", KEY) is None
    made = recall("relative", KEY, build=lambda: "new", read=str, write=lambda table: {"made": table})
    assert made == "new"
    assert load("relative", KEY) == {"made": "new"}


def test_the_control_of_the_damage_tests():
    # a file that is written again, or signed again, unchanged is accepted
    store("relative", KEY, CONTENT)
    for text in (changed(), resigned(), resigned(content={"error": "0x1p-9"})):
        path().write_text(text)
        assert load("relative", KEY) == json.loads(text)["content"]


def test_bytes_that_are_no_text_and_a_directory_in_place_of_the_file():
    store("relative", KEY, CONTENT)
    path().write_bytes(b"\xff\xfe\x00")
    assert load("relative", KEY) is None
    path().unlink()
    path().mkdir()
    assert load("relative", KEY) is None
    store("relative", KEY, CONTENT)  # cannot replace a directory
    assert load("relative", KEY) is None
    assert os.listdir(path().parent) == [path().name]


def test_a_change_of_version_in_the_program(monkeypatch):
    store("relative", KEY, CONTENT)
    monkeypatch.setattr(table_cache, "VERSION", table_cache.VERSION + 1)
    assert load("relative", KEY) is None


def test_what_the_reader_does_not_believe_is_built_again():
    store("relative", KEY, CONTENT)

    def read(content):
        raise ValueError

    assert recall("relative", KEY, build=lambda: 7, read=read, write=lambda table: {"n": table}) == 7
    assert load("relative", KEY) == {"n": 7}

    def broken(content):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):  # an error of the program itself is not hidden
        recall("relative", KEY, build=lambda: 7, read=broken, write=lambda table: {"n": table})


def test_nowhere_to_write_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("VARPROOF_CACHE_DIR", str(blocked))
    store("relative", KEY, CONTENT)
    assert load("relative", KEY) is None
    assert blocked.read_text() == ""


def test_a_full_disk_leaves_no_file(monkeypatch):
    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(table_cache.os, "replace", fail)
    store("relative", KEY, CONTENT)
    assert os.listdir(path().parent) == []


def test_a_directory_without_permission_is_no_error(monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError

    monkeypatch.setattr(table_cache.tempfile, "mkstemp", refuse)
    assert recall("relative", KEY, build=lambda: 7, read=str, write=lambda table: {"n": table}) == 7
    assert load("relative", KEY) is None


def test_where_tables_are_kept(tmp_path, monkeypatch):
    assert directory() == tmp_path
    monkeypatch.setenv("VARPROOF_CACHE_DIR", "")
    assert directory() is None
    store("relative", KEY, CONTENT)
    assert load("relative", KEY) is None
    monkeypatch.delenv("VARPROOF_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert directory() == tmp_path / "xdg" / "varproof"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/path")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert directory() == tmp_path / "home" / ".cache" / "varproof"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert directory() == tmp_path / "home" / ".cache" / "varproof"


WRITER = """
import sys
from varproof.attention.tables.cache import load, store
key, mine = {"bound": "0x1.0p+0", "degree": "3"}, {"writer": sys.argv[1] * 5000}
seen = set()
for _ in range(300):
    store("relative", key, mine)
    content = load("relative", key)
    seen.add("damaged" if content is None else content["writer"][:1])
print("".join(sorted(seen)))
"""


def test_two_processes_writing_at_once():
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    outputs = [writer.communicate(timeout=60)[0].strip() for writer in writers]
    assert all(writer.returncode == 0 for writer in writers)
    assert all(set(output) <= {"a", "b"} and name in output for name, output in zip("ab", outputs, strict=True))
    assert load("relative", KEY)["writer"][:1] in ("a", "b")
    assert os.listdir(path().parent) == [path().name]
