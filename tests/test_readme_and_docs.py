"""Every code block of the README and of the documentation runs as pasted, and prints what the page says it prints.

`python` and `shell` blocks of a page run in order in one empty directory, Python blocks in one namespace. A `text`
block right after one of them is compared with its stdout, white space aside; `...` stands for anything. A shell block
holds `varproof` commands only, or it is a set-up block (`make ...`, pip): that one must name what really exists.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

from varproof.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<language>[a-z]*)[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SET_UP = ("make", "git", "cd", "python3", ".venv/bin/pip", ".venv/bin/python", ".venv/bin/varproof")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the `text` block that follows it directly."""

    language: str
    body: str
    output: str | None


def blocks(text: str) -> list[Block]:
    found = list(FENCE.finditer(text))
    made = []
    for block, following in zip_longest(found, found[1:]):
        output = None
        if following is not None and following["language"] == "text":
            between = text[block.end() : following.start()]
            output = following["body"] if not between.strip() else None
        made.append(Block(block["language"], block["body"], output))
    return made


def matches(expected: str, printed: str) -> bool:
    """Whether `printed` is `expected`, where white space is one blank and `...` stands for anything."""
    pieces = [re.escape(" ".join(piece.split())) for piece in expected.split("...")]
    return re.fullmatch(r"\s*" + r".*?".join(pieces) + r"\s*", " ".join(printed.split()), re.DOTALL) is not None


def commands(body: str) -> list[list[str]]:
    """The words of each command of a shell block; lines ending in a backslash are joined, `&&` separates."""
    lines = body.replace("\\\n", " ").splitlines()
    steps = [step for line in lines for step in line.split("&&")]
    return [words for step in steps if (words := shlex.split(step, comments=True))]


def run_shell(body: str) -> str:
    """Run the `varproof` commands of a block and return what they printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for words in commands(body):
            assert words[0] == "varproof", f"a shell block of the documentation runs varproof only, not {words[0]}"
            code = main(words[1:])
            assert code == 0, f"{shlex.join(words)} left with {code}"
    return printed.getvalue()


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    return set(phony[1].split())


def check_set_up(steps: Sequence[Sequence[str]]) -> None:
    """Set-up commands are not run again here, the CI runs them: each must exist as written."""
    targets, ci = make_targets(), (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for words in steps:
        assert words[0] in SET_UP, f"unknown set-up command {words[0]}"
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word]
            assert set(named) <= targets, f"the Makefile has no target {set(named) - targets}"
            if len(named) < len(words) - 1:
                assert shlex.join(words) in ci, f"the CI does not run {shlex.join(words)}"
        elif words[0] == "python3":
            assert list(words[1:]) == ["-m", "venv", ".venv"]
        elif words[0] == ".venv/bin/pip":
            assert words[1] == "install"
            assert words[-1] == "." or re.fullmatch(r"\.\[[a-z,]+\]", words[-1]), "the project is installed from here"
        elif words[0] == ".venv/bin/varproof":
            assert list(words[1:]) == ["verify"], "what `make verify` runs"
        elif words[0] == ".venv/bin/python":
            assert list(words[1:]) == ["-m", "pytest", "-q", "-n", "2"], "what `make test` runs"


def is_set_up(steps: Sequence[Sequence[str]]) -> bool:
    return any(words[0] != "varproof" for words in steps)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "python":
            captured = io.StringIO()
            with contextlib.redirect_stdout(captured):
                exec(compile(block.body, page.name, "exec"), namespace)
            printed = captured.getvalue()
        elif block.language == "shell":
            steps = commands(block.body)
            if is_set_up(steps):
                check_set_up(steps)
                continue
            printed = run_shell(block.body)
        else:
            continue
        if block.output is not None:
            assert matches(block.output, printed), f"the page says\n{block.output}\nbut this was printed\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_says_the_language_of_its_blocks(page: Path) -> None:
    allowed = {"python", "shell", "text", "json", "pycon", "mermaid"}
    text = page.read_text(encoding="utf-8")
    assert text.count("\n```") + text.startswith("```") == 2 * len(blocks(text)), "a fence is not closed"
    assert {block.language for block in blocks(text)} <= allowed


def test_a_page_that_lies_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    for text in (
        "```python\nprint(1)\n```\n\n```text\n2\n```\n",
        "```python\n1 / 0\n```\n",
        "```shell\nvarproof nonsense\n```\n",
        "```shell\nmake nonsense\n```\n",
        "```shell\nmake test EXTRAS=nonsense\n```\n",
        "```shell\ncurl x\n```\n",
        "```shell\nvarproof --version\n```\n```text\nvarproof 9...\n```\n",
    ):
        page.write_text(text)
        with pytest.raises((AssertionError, ZeroDivisionError)):
            test_page(page, tmp_path, monkeypatch)
    page.write_text("```python\nprint('a  b', 12)\n```\n\n```text\na b\n1...\n```\n")
    test_page(page, tmp_path, monkeypatch)


def test_matches() -> None:
    assert matches("a b\n", "a\n   b")
    assert matches("a ... z", "a b c z")
    assert matches("...", "")
    assert not matches("a", "a b")
    assert not matches("a.b", "axb")


def test_local_links_and_pictures_exist() -> None:
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_readme_says_what_the_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for line in ("make test EXTRAS=all,test TORCH=2.13.0", "make lint docs"):
        assert line in ci
        assert line in readme
