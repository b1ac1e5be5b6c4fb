"""`varproof check`: accepted, rejected, and files that are no certificates, with exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from varproof.approx import certify
from varproof.cli.main import main

ENGINES = ("integers", "flint")


def good() -> dict[str, Any]:
    return dict(certify("4", "1e-2").certificate.payload)


def run(path: Path, capsys, engine: str = "integers") -> tuple[int, dict[str, Any]]:
    code = main(["check", str(path), "--engine", engine, "--json"])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return code, json.loads(shown.out)


@pytest.mark.parametrize("engine", ENGINES)
def test_accepted(engine, tmp_path, capsys):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(good()))
    code, answer = run(path, capsys, engine)
    assert (code, answer["accepted"], answer["engine"]) == (0, True, engine)
    assert answer["message"] == "rel on sym, bound 4, eps 1/100: the least degree is 7"
    assert main(["check", str(path), "--engine", engine]) == 0
    assert capsys.readouterr().out == f"accepted ({engine}): {answer['message']}\n"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"eps": "1/1000"}, "upper side"),
        ({"eps": "1/2"}, "lower side"),
        ({"degree": "8"}, "number of points"),
        ({"lower": {"points": []}}, "number of points"),
        ({"lower": {"points": list(reversed(good()["lower"]["points"]))}}, "increasing"),
        ({"upper": {"points": list(reversed(good()["upper"]["points"]))}}, "increasing"),
        ({"bound": "0"}, "bound"),
        ({"bound": "1/0"}, "denominator"),
        ({"bound": "-1/-4"}, "denominator"),
    ],
)
def test_rejected(engine, changes, reason, tmp_path, capsys):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(good() | changes))
    code, answer = run(path, capsys, engine)
    assert (code, answer["accepted"]) == (1, False)
    assert reason in answer["message"]
    assert main(["check", str(path), "--engine", engine]) == 1
    assert capsys.readouterr().out.startswith(f"rejected ({engine}): ")


TEXT = json.dumps(good())
NOT_CERTIFICATES: dict[str, bytes] = {
    "empty": b"",
    "truncated": TEXT[: len(TEXT) // 2].encode(),
    "cut before the last brace": TEXT[:-1].encode(),
    "not JSON": b"degree = 7",
    "binary": bytes(range(256)) * 20,
    "not UTF-8": TEXT.replace("rel", "r\xe9l").encode("latin-1"),
    "UTF-16": TEXT.encode("utf-16"),
    "two objects": (TEXT + TEXT).encode(),
    "a list": b"[1, 2]",
    "a number": b"7",
    "a text": b'"points"',
    "null": b"null",
    "empty object": b"{}",
    "duplicate key": TEXT.replace('"degree": "7"', '"degree": "7", "degree": "6"').encode(),
    "duplicate key inside": TEXT.replace('"lower": {', '"lower": {"points": ["0"], ').encode(),
    "an extra key": json.dumps(good() | {"note": "x"}).encode(),
    "an extra key inside": json.dumps(good() | {"lower": good()["lower"] | {"note": "x"}}).encode(),
    "huge integer": TEXT.replace('"degree": "7"', '"degree": ' + "7" * 5000).encode(),
    "huge integer as text": json.dumps(good() | {"degree": "7" * 5000}).encode(),
    "integer as number": json.dumps(good() | {"degree": 7}).encode(),
    "NaN": TEXT.replace('"1/100"', "NaN").encode(),
    "infinity": TEXT.replace('"1/100"', "Infinity").encode(),
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "plus sign": json.dumps(good() | {"degree": "+7"}).encode(),
    "space": json.dumps(good() | {"degree": " 7"}).encode(),
    "digits of another script": json.dumps(good() | {"degree": "٧"}).encode(),
    "decimal eps": json.dumps(good() | {"eps": "0.01"}).encode(),
    "unknown format": json.dumps(good() | {"format": "varproof/degree-certificate/2"}).encode(),
    "unknown kind": json.dumps(good() | {"kind": "relative"}).encode(),
    "control characters": json.dumps(good() | {"kind": "\x1b[2J"}).encode(),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NOT_CERTIFICATES)
def test_not_a_certificate(engine, name, tmp_path, capsys):
    path = tmp_path / "c.json"
    path.write_bytes(NOT_CERTIFICATES[name])
    code, answer = run(path, capsys, engine)
    assert code == 2
    error = answer["error"]
    assert error["message"].startswith("not a degree certificate: ")
    assert len(error["message"]) < 200
    assert "\x1b" not in error["message"]
    assert error["got"].endswith("c.json")
    assert "varproof degree" in error["hint"]


def test_missing_directory_and_special_files(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reasons = {tmp_path / "missing.json": "no such file", tmp_path: "not a regular file", pipe: "not a regular file"}
    for path, reason in reasons.items():
        code, answer = run(path, capsys)
        assert (code, answer["error"]["message"]) == (2, f"not a degree certificate: {reason}")


def test_a_hundred_megabytes_are_not_read(tmp_path, capsys):
    path = tmp_path / "c.json"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    code, answer = run(path, capsys)
    assert code == 2
    assert "larger than" in answer["error"]["message"]


def test_unknown_engine_and_missing_argument(tmp_path, capsys):
    path = tmp_path / "c.json"
    path.write_text(TEXT)
    code, answer = run(path, capsys, "floats")
    assert (code, answer["error"]["allowed"]) == (2, "integers, flint")
    assert main(["check", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["message"]
