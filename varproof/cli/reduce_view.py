"""How `varproof reduce` is shown: the verdict first, then the path as a table, or the whole story with --explain."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from varproof.base.display import shown
from varproof.base.errors import printable
from varproof.cli.output import table

if TYPE_CHECKING:
    from rich.console import Console

    from reductions.run.reduce import Reduced

WITNESS_ITEMS = 40
PROSE_WIDTH = 88


def show(console: Console, done: Reduced, *, explain: bool) -> None:
    """The verdict, its witness, the steps with their sizes, the sentence about exponents; the story when asked for."""
    if explain:
        _story(console, done)
    for line in verdict_lines(done):
        console.print(line, soft_wrap=True)
    if done.directory is not None:
        console.print(f"saved in {printable(done.directory)}", soft_wrap=True)
    console.print()
    if done.steps:
        steps = table("", *_steps(done), right=("calls", "seconds"))
        steps.columns[0].no_wrap = True  # names are to be pasted after --via
        console.print(steps)
    for step in done.steps:
        if not step.calls:  # decided on the way, nothing was left to ask
            console.print("; ".join((step.rule.name, *step.notes)), soft_wrap=True)
        elif step.precision is not None:
            console.print(_precision(step), soft_wrap=True)
    console.print(_oracle(done), soft_wrap=True)
    console.print(done.exponent, soft_wrap=True)


def verdict_lines(done: Reduced) -> list[str]:
    """The answer in words."""
    answer = done.answer
    if answer.decision is None:
        outputs = answer.outputs
        rows = 0 if outputs is None else outputs.rows
        kept = "--out DIR keeps them" if done.directory is None else f"in {printable(done.directory / 'answer.json')}"
        return [f"{done.source.NAME}: outputs of {rows} rows, {kept}"]
    lines = [f"{done.source.NAME}: {answer.decision.value}"]
    if answer.witness is not None:
        items = list(answer.witness)
        text = " ".join(map(str, items[:WITNESS_ITEMS])) + (" ..." if len(items) > WITNESS_ITEMS else "")
        lines.append(f"witness, checked on the source: {text}")
    if answer.count is not None:
        lines.append(f"number of witnesses: {shown(answer.count)}")
    if answer.note:
        lines.append(answer.note)
    return lines


def _steps(done: Reduced) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    columns: tuple[str, ...] = ("rule", "instance", "calls", "seconds")
    rows: list[tuple[str, ...]] = [("", _sizes(done.steps[0].rule.source.NAME, done.steps[0].source), "", "")]
    for step in done.steps:
        sizes = _sizes(step.rule.target.NAME, step.target) if step.calls else "none"
        rows.append((step.rule.name, sizes, shown(step.calls), f"{step.seconds:.3f}"))
    return columns, rows


def _sizes(name: str, sizes: dict[str, int]) -> str:
    return f"{name}: " + ", ".join(f"{key} {shown(value)}" for key, value in sizes.items())


def _precision(step: Any) -> str:
    from reductions.run.display import six_digits

    asked = step.precision
    bounds = ", ".join(f"{name} {value:.4g}" for name, value in asked["entry_bounds"].items())
    gap = f"gap g = {asked['gap']:.4g}, " if asked["gap"] else ""  # counting has no threshold, so no gap
    return (
        f"{step.rule.name}: outputs within delta = {six_digits(asked['delta'])}, {gap}"
        f"{asked['bits']} bits, logit bound B = {asked['logit_bound']:.4g}, entries R by convention: {bounds}"
    )


def _oracle(done: Reduced) -> str:
    from reductions.run.display import six_digits

    leaves = done.leaves
    known = f", {leaves.known} more from the folder" if leaves.known else ""
    if leaves.delta is None and leaves.error is None:
        return f"solved by the reference solver of {done.to}{known}: {leaves.seconds:.3f} s"
    error = "" if leaves.error is None else f", error at most {six_digits(leaves.error)}"
    allowed = "" if leaves.delta is None else f", allowed {six_digits(leaves.delta)}"
    answers = f"{leaves.answered} answer" + ("" if leaves.answered == 1 else "s")
    return f"oracle {done.oracle}: {answers}{known}, {leaves.seconds:.3f} s{error}{allowed}"


def folded(paragraph: str, width: int) -> str:
    """Prose folded to `width`; lines that begin with a space are rows of a matrix and stay whole.

    >>> print(folded("a b c\\n  1 0 1 0", 3))
    a b
    c
      1 0 1 0
    """
    lines = paragraph.splitlines()
    return "\n".join(line if line[:1].isspace() else textwrap.fill(line, width) for line in lines)


def _story(console: Console, done: Reduced) -> None:
    for number, step in enumerate(done.steps, start=1):
        rule = step.rule
        console.rule(f"Step {number}: {rule.source.NAME} to {rule.target.NAME} ({rule.name})", align="left")
        for paragraph in (rule.summary, *step.paragraphs):
            console.print(folded(paragraph, min(console.width, PROSE_WIDTH)), soft_wrap=True)
            console.print()
    console.rule("Coming back", align="left")
    for step in reversed(done.steps):
        said = "" if step.decision is None else f"{step.rule.source.NAME}: {step.decision.value}"
        if said or step.said:
            console.print("; ".join(part for part in (said, step.said) if part))
    console.print()
