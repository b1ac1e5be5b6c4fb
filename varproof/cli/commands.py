"""The commands of `varproof`, in the order in which `--help` shows them.

To add a command copy `varproof/cli/example.py` and change four things:

1. the function: typer options in the signature, the exit code as return value (None means 0), results to stdout;
2. its docstring: one summary line, what it does, and a last section `Example:` whose indented lines work when pasted
   (at most 74 characters each; several lines run one after the other in one directory);
3. one line in `COMMANDS` below, with the same summary; a path of two words (`bench approx`) makes a sub-command;
4. `varproof/cli/schemas/<path joined by ->.json` for its `--json` output and a sample in `tests/cli/test_schemas.py`.

Nothing is imported for a command that was not asked for: heavy modules may be imported at the top of its module.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One command: the words a user types, where its function lives (`module:function`), and its summary line.

    >>> Command("bench approx", "varproof.cli.bench:approx", "...").words
    ('bench', 'approx')
    """

    path: str
    target: str
    summary: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the path."""
        return tuple(self.path.split())

    @property
    def schema(self) -> str:
        """The file name of the JSON Schema of this command's `--json` output."""
        return "-".join(self.words) + ".json"

    def load(self) -> Callable[..., int | None]:
        """Import the module and return the function."""
        module, _, name = self.target.partition(":")
        function: Callable[..., int | None] = getattr(importlib.import_module(module), name)
        return function


COMMANDS: tuple[Command, ...] = (
    Command("verify", "varproof.cli.verify:verify", "Run the ledger of claims: verdicts, reasons, wrong variants."),
    Command("regime", "varproof.cli.regime:regime", "Say which regime parameters are in, and why."),
    Command("degree", "varproof.cli.degree:degree", "Find the least degree of a polynomial for exp, certified."),
    Command("check", "varproof.cli.check:check", "Check a degree certificate with a small independent program."),
    Command("rank", "varproof.cli.rank:rank", "Count the features of the polynomial method and say when they pay."),
    Command("bench approx", "varproof.cli.bench:approx", "Time certificates for minimal degrees, beside Sollya."),
    Command(
        "bench attention",
        "varproof.cli.bench_attention:attention",
        "Time the attention engines, bound beside error, against exact attention.",
    ),
    Command(
        "bench campaign",
        "varproof.cli.bench_campaign:campaign",
        "Measure what campaigns cost, and how well they search and shrink.",
    ),
    Command("var cost", "varproof.cli.var_cost:cost", "Count the flops of a VAR model by phase, exactly."),
    Command("var run", "varproof.cli.var_run:run", "Run a VAR model, exact or with fast attention."),
    Command(
        "var errors",
        "varproof.cli.var_errors:errors",
        "Bound the error of every step of a VAR model, beside what is measured.",
    ),
    Command(
        "var convert",
        "varproof.cli.var_convert:convert",
        "Convert a VAR checkpoint (.pth, .safetensors) for the commands here.",
    ),
    Command("reduce", "varproof.cli.reduce:reduce", "Reduce an instance, solve it there, bring the answer back."),
    Command("graph", "varproof.cli.graph:graph", "Show problems, the reductions between them, and the best paths."),
    Command(
        "rule check",
        "varproof.cli.rule_check:check",
        "Check rules of reductions by generated instances, and the checks by mistakes.",
    ),
    Command("campaign plan", "varproof.cli.campaign_plan:plan", "Say what a campaign would run, and about how long."),
    Command("campaign run", "varproof.cli.campaign_run:run", "Attack claims with generated cases; survive anything."),
    Command(
        "campaign resume",
        "varproof.cli.campaign_run:resume",
        "Go on with a campaign: what is missing, edited or new.",
    ),
    Command("campaign status", "varproof.cli.campaign_status:status", "Show how far a campaign is."),
    Command(
        "campaign report",
        "varproof.cli.campaign_report:report",
        "Report a campaign: verdicts, tightness, coverage, power.",
    ),
    Command(
        "campaign replay",
        "varproof.cli.campaign_replay:replay",
        "Judge saved failures again, exactly, by today's claims.",
    ),
    Command("campaign diff", "varproof.cli.campaign_report:diff", "Say what changed between two campaigns."),
    Command(
        "claim new",
        "varproof.cli.claim_new:new",
        "Write a claim of your own: statement, check, attack, wrong variants.",
    ),
    Command("example", "varproof.cli.example:example", "Write an example file to start from."),
)

GROUPS: dict[str, str] = {
    "claim": "Claims of your own.",
    "var": "Run, count and bound whole VAR models.",
    "rule": "Rules of reductions: check yours.",
    "campaign": "Attack claims with generated cases, and report what that shows.",
    "bench": "Measure speed against what a user would run instead.",
}


def split_docstring(doc: str) -> tuple[str, tuple[str, ...]]:
    """The help text and the example lines of a command's docstring.

    >>> split_docstring("Do it.\\n\\nMore.\\n\\nExample:\\n    varproof do it\\n")
    ('Do it.\\n\\nMore.', ('varproof do it',))
    """
    text, _, tail = inspect.cleandoc(doc).partition("\nExample:\n")
    return text.strip(), tuple(line.strip() for line in tail.splitlines() if line.strip())
