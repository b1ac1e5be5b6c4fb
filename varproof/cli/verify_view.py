"""How `varproof verify` looks on a screen: one table, then the reason behind every verdict, then one summary line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from varproof.base.verdict import Finding, Part, Verdict
from varproof.claims.ledger import ClaimRecord, counterexample
from varproof.claims.model import Claim
from varproof.claims.registry import is_subject_statement

WIDE = 116  # columns from which the table also shows expected verdict, measured, bound and ratio
STYLES = {
    Verdict.PROVED: "green",
    Verdict.TESTED: "cyan",
    Verdict.REFUTED: "magenta",
    Verdict.UNKNOWN: "yellow",
    Verdict.VACUOUS: "yellow",
    Verdict.ERROR: "bold red",
}


def show_records(console: Console, records: Sequence[ClaimRecord]) -> None:
    """Print the table of verdicts, the reasons in two groups, and the summary."""
    console.print(_verdicts(records, wide=console.width >= WIDE))
    lemmas = [record for record in records if not is_subject_statement(record.claim.id)]
    subject = [record for record in records if is_subject_statement(record.claim.id)]
    for title, group in (("Lemmas and constants", lemmas), ("The subject's own statements", subject)):
        if group:
            console.print()
            console.print(Text(title, "bold underline"))
        for record in group:
            _reason(console, record)
    console.print()
    console.print(summary(records))


def _verdicts(records: Sequence[ClaimRecord], *, wide: bool) -> Table:
    table = Table(title="Ledger", title_justify="left", title_style="bold")
    table.add_column("claim", overflow="fold", ratio=None)
    table.add_column("verdict", no_wrap=True)
    if wide:
        table.add_column("expected", no_wrap=True)
        for name in ("measured", "bound", "ratio"):
            table.add_column(name, justify="right", no_wrap=True)
    table.add_column("variants\nkilled" if wide else "killed", justify="right", no_wrap=True)
    table.add_column("seconds" if wide else "s", justify="right", no_wrap=True)
    previous = None
    for record in records:
        subject = is_subject_statement(record.claim.id)
        if previous is False and subject:
            table.add_section()
        previous = subject
        finding = record.finding
        cells = [Text(record.claim.id), _verdict(finding, record.claim.expected, mark=not wide)]
        if wide:
            cells.append(_label(record.claim.expected))
            cells += [Text(_number(value)) for value in (finding.measured, finding.bound, finding.ratio)]
        killed = Text(f"{record.killed}/{len(record.variants)}")
        if record.killed < len(record.variants):
            killed.stylize("bold red")
        table.add_row(*cells, killed, Text(f"{record.seconds:.2f}"))
    return table


def _reason(console: Console, record: ClaimRecord) -> None:
    claim, finding = record.claim, record.finding
    console.print()
    console.print(Text.assemble((claim.id, "bold"), "  ", _verdict(finding, claim.expected, mark=True)))
    _line(console, claim.statement)
    if finding.measured is not None and finding.bound is not None and console.width < WIDE:
        _line(console, f"measured {_number(finding.measured)} against {_number(finding.bound)}", style="dim")
    if finding.parts:
        _parts(console, finding)
    elif finding.verdict is Verdict.REFUTED:
        _line(console, _told(counterexample(finding)), label="counterexample")
    else:
        _line(console, finding.because or "no reason given", label="why")
    if claim.because and finding.verdict is claim.expected and not finding.parts:
        _line(console, claim.because, label="expected because")
    if claim.corrected is not None and record.corrected is not None:
        verdict = _verdict(record.corrected, claim.corrected.expected, mark=True)
        _line(console, claim.corrected.statement, label="instead", head=verdict)
        if record.corrected.parts:
            _parts(console, record.corrected, already=finding.parts)
        else:
            _line(console, record.corrected.because, label="why")
    for variant in record.variants:
        if not variant.killed:
            _line(
                console, f"{variant.name}: {variant.verdict.value}", label="wrong variant not killed", style="bold red"
            )


def _parts(console: Console, finding: Finding, already: Sequence[Part] = ()) -> None:
    """One line a part, hanging; parts that the literal statement has shown already are not repeated."""
    grid = Table.grid(padding=(0, 1))
    for part in finding.parts:
        if part not in already:
            grid.add_row("-", Text.assemble(_label(part.verdict), f" {part.name}: {part.because}"))
    if any(part in already for part in finding.parts):
        grid.add_row("-", Text("parts as above", "dim"))
    console.print(Padding(grid, (0, 0, 0, 4), expand=False))


def _told(found: object) -> str:
    """A counterexample in words: `n = 5, C = 1: measured 2002, bound 625`.

    >>> _told({"n": "5", "measured": "[0.333333 +/- 3.4e-7]", "bound": "1/4"})
    'n = 5: measured 0.333333, bound 1/4'
    """
    if not isinstance(found, Mapping):
        return str(found) if found is not None else "none kept"
    cell = ", ".join(f"{name} = {value}" for name, value in found.items() if name not in ("measured", "bound"))
    sides = ", ".join(f"{name} {_short(str(found[name]))}" for name in ("measured", "bound") if name in found)
    return f"{cell}: {sides}" if sides else cell


def _short(number: str) -> str:
    """A decimal or ball, as a tally writes it, cut to six digits for reading; anything else as it is."""
    middle = number.strip("[]").split(" +/- ")[0]
    try:
        return f"{float(middle):.6g}"
    except ValueError:
        return number


def _line(console: Console, text: str, *, label: str = "", head: Text | None = None, style: str = "") -> None:
    shown = Text()
    if label:
        shown.append(f"{label}: ", "bold")
    if head is not None:
        shown.append_text(head).append(". ")
    console.print(Padding(shown.append(text, style), (0, 0, 0, 2), expand=False))


def summary(records: Sequence[ClaimRecord]) -> Text:
    """One line: how many claims, verdicts as expected, expected UNKNOWN counted apart, variants, and the outcome."""
    expected = Counter(record.finding.verdict for record in records if record.finding.verdict is record.claim.expected)
    pieces = [f"{count} {verdict.value}" for verdict, count in expected.items() if verdict is not Verdict.UNKNOWN]
    text = Text(
        f"{len(records)} claim{'s' if len(records) != 1 else ''}; as expected: {', '.join(pieces) or 'none decided'}"
    )
    if expected[Verdict.UNKNOWN]:
        text.append(f"; {expected[Verdict.UNKNOWN]} expected UNKNOWN, counted apart", "yellow")
    wrong = [record.claim.id for record in records if not record.ok]
    killed, total = sum(record.killed for record in records), sum(len(record.variants) for record in records)
    text.append(f"; {killed} of {total} wrong variants killed")
    if wrong:
        text.append(f"; NOT OK: {', '.join(wrong)}", "bold red")
    else:
        text.append("; ok", "bold green")
    return text


def show_claims(console: Console, claims: Sequence[Claim]) -> None:
    """The `--list` screen: every claim with its expected verdict, statement and the axes that `--set` may replace."""
    for claim in claims:
        console.print(Text.assemble((claim.id, "bold"), f"  {claim.kind}, expected ", _label(claim.expected)))
        _line(console, claim.statement)
        for axis, values in claim.cells.items():
            _line(console, f"--set {axis}={','.join(map(str, values))}", style="dim")
        console.print()


def _verdict(finding: Finding, expected: Verdict, *, mark: bool) -> Text:
    """The verdict, in red with the expected one beside it where they differ."""
    if finding.verdict is expected:
        label = _label(finding.verdict)
        if mark and expected is not Verdict.PROVED:
            label.append(" (expected)", "dim")
        return label
    return Text(f"{finding.verdict.value}, not {expected.value}" if mark else finding.verdict.value, "bold red")


def _label(verdict: Verdict) -> Text:
    return Text(verdict.value, STYLES.get(verdict, ""))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
