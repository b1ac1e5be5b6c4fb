"""The regime at a finite size: both criteria, the degree, the rank and the work of three methods at this N.

Everything is about one number of tokens. Which theorem applies as N grows is another question; a finite answer only
says whether the stated hypothesis B < ln N (in the 1/d convention R < sqrt(ln N)) is satisfied at this N and which
method does the least work. Meaning and proofs: docs/explanation/finite-size.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from varproof.approx.break_even import break_even_tokens
from varproof.approx.cell_cost import MAX_HEAD_DIM, Blocks, CellMethod, best_cell_method
from varproof.approx.cost import exact_flops, polynomial_flops
from varproof.approx.rank import MAX_ARGUMENT, MAX_DIGITS, digits, monomial_rank
from varproof.approx.rank_exponent import effective_exponent
from varproof.approx.softmax_lemma import relative_error_for
from varproof.approx.sufficient_degree import SufficientDegree, rounded_outwards, sufficient_degree
from varproof.base.balls import to_float
from varproof.base.display import shown
from varproof.base.errors import InputError, shorten
from varproof.base.rationals import Exact, positive_rational
from varproof.growth.parameters import Parameters
from varproof.growth.scales import ScoreScale, parse_scale
from varproof.growth.schedules import Schedule, parse_schedule
from varproof.regimes.finite_statements import METHOD, statements

CRITERION = (
    "the stated hypothesis: logit bound B < ln N, N = tokens of all scales; in the 1/d convention R < sqrt(ln N)"
)
SIZED = ("doubling", "ratio", "linear")  # families whose name leaves n open
MAX_ENTRY = Fraction(10) ** 100  # R and the cosine scale lie between its inverse and it
MAX_ERROR = Fraction(10) ** 1000  # delta and V likewise; eps then has at most 4300 digits, which Python writes out


@dataclass(frozen=True)
class FiniteRegime:
    """What holds at this N. `rank` and `break_even_tokens` are None beyond the caps, `cells` for d > 3.

    `eps` is the relative error of the weights that keeps the output within delta (1 stands for any below 1).
    """

    parameters: Parameters
    entry_bound: Fraction | None
    values: Fraction
    eps: Fraction
    degree: SufficientDegree
    rank: int | None
    break_even_tokens: int | None
    cells: CellMethod | None

    @property
    def scale(self) -> ScoreScale:
        """The score scale."""
        assert isinstance(self.parameters.scale, ScoreScale)
        return self.parameters.scale

    @property
    def schedule(self) -> Schedule:
        """The schedule, with its sides."""
        assert isinstance(self.parameters.schedule, Schedule)
        return self.parameters.schedule

    @property
    def schedule_words(self) -> str:
        """The schedule for people, with n where its name does not say it; a long list of sides is cut in the middle."""
        name = shorten(self.schedule.name, 50)
        return f"{name}, n = {shown(self.schedule.side)}" if self.schedule.family in SIZED else name

    @property
    def head_dim(self) -> int:
        """d."""
        assert isinstance(self.parameters.d, int)
        return self.parameters.d

    @property
    def is_cosine(self) -> bool:
        """Whether R is a range and not given."""
        return self.scale.name == "cosine"

    @property
    def delta_ratio(self) -> Fraction:
        """delta / V."""
        return Fraction(self.parameters.delta) / self.values

    @cached_property
    def work(self) -> dict[str, int]:
        """Flops of one head over all scales, by method; a method that is not counted is left out."""
        tokens, d = self.parameters.tokens, self.head_dim
        found = {"exact": exact_flops(tokens, d, pairs=self.parameters.counts.attention)}
        if self.rank is not None:
            found["polynomial"] = polynomial_flops(tokens, d, self.degree.degree, scales=self.schedule.number_of_scales)
        if self.cells is not None:
            found["tree"] = self.cells.flops
        return found

    @property
    def best(self) -> str:
        """The method with the least flops; the simpler one among equals."""
        return min(self.work, key=lambda name: self.work[name])

    @property
    def rank_log10(self) -> float | None:
        """log10 of the entropy bound on the rank, for display; None where the degree is beyond 10^9."""
        return digits(self.head_dim, self.degree.degree) if self.degree.degree <= MAX_ARGUMENT else None

    @property
    def features_per_token(self) -> int | float | None:
        """rank / tokens, rounded down to an integer above 10^15."""
        if self.rank is None:
            return None
        ratio = Fraction(self.rank, self.parameters.tokens)
        return math.floor(ratio) if ratio >= 10**15 else float(ratio)

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The answer in sentences."""
        return statements(self)

    def to_json(self) -> dict[str, Any]:
        """The fields of `varproof regime --json` at a finite size; exact rationals as text, counts as integers."""
        p = self.parameters
        temperature = "" if self.scale.temperature is None else f":{self.scale.temperature}"
        entries, ratios = ([to_float(end) for end in ends] for ends in (p.entry_range, p.entry_ratio_range))
        return {
            "n": p.n,
            "d": p.d,
            "R": None if self.entry_bound is None else str(self.entry_bound),
            "delta": str(p.delta),
            "values": str(self.values),
            "scale": self.scale.name + temperature,
            "schedule": self.schedule.name,
            "tokens": p.tokens,
            "log_tokens": to_float(p.log_tokens),
            "logit_bound": to_float(p.logit_bound),
            "entry_bound_range": entries,
            "entry_ratio": ratios[1],
            "entry_ratio_range": ratios,
            "logit_ratio": to_float(p.logit_ratio),
            "criterion": CRITERION,
            "hypothesis_satisfied": p.hypothesis_satisfied,
            "eps": str(self.eps),
            "degree": self.degree.degree,
            "degree_kind": self.degree.kind,
            "rank": self.rank,
            "features_per_token": self.features_per_token,
            "rank_exponent": None if self.rank is None else self._exponent(self.rank),
            "effective_exponent": self._exponent(self.work.get("polynomial")),
            "exact_exponent": self._exponent(self.work["exact"]),
            "break_even_tokens": self.break_even_tokens,
            "flops": {name: self.work.get(name) for name in METHOD},
            "best": self.best,
            "statements": list(self.statements),
        }

    def _exponent(self, count: int | None) -> float | None:
        return None if count is None else to_float(effective_exponent(count, self.parameters.tokens))


def answer_finite(
    *,
    n: int | None = None,
    d: int,
    R: Exact | None = None,
    delta: Exact,
    scale: str = "d",
    schedule: str,
    values: Exact = 1,
) -> FiniteRegime:
    """The regime of one head: side n, head dimension d, entries at most R, output error delta, values in [-V, V].

    The half-range of the scores is taken as B, the worst case of the entry bound; exact attention is counted with the
    block-causal mask of the schedule. Numbers are exact: integers or text. Raises one `InputError` for R beside cosine
    or missing elsewhere, a bad or contradictory schedule, d outside 1..10^9, delta, values or R that are not positive
    or too large or small. Cost: seconds where degrees above 100 are certified, milliseconds elsewhere.

    >>> answer = answer_finite(d=64, delta="0.01", scale="cosine:4", schedule="256")
    >>> answer.degree.degree, answer.rank, answer.best
    (7, 1329890705, 'exact')
    """
    if isinstance(d, bool) or not isinstance(d, int) or not 1 <= d <= MAX_ARGUMENT:
        raise InputError("the head dimension is out of range", got=d, allowed=f"an integer from 1 to {MAX_ARGUMENT}")
    read_scale = parse_scale(scale)
    if read_scale.name == "cosine" and R is not None:
        raise InputError(
            "cosine attention fixes the scores, so R is not given",
            got=f"R = {R} with scale {scale}",
            allowed="no R with cosine; R with d, sqrt or one",
        )
    if read_scale.name != "cosine" and R is None:
        raise InputError("the entry bound R is needed", got=f"scale {scale} without R", allowed="R > 0")
    if isinstance(read_scale.temperature, Fraction):
        _limited(read_scale.temperature, "the temperature of cosine", MAX_ENTRY)
    entry_bound = None if R is None else _limited(R, "R", MAX_ENTRY)
    error, bound_on_values = _limited(delta, "delta", MAX_ERROR), _limited(values, "values", MAX_ERROR)
    eps = relative_error_for(error, bound_on_values)
    parameters = Parameters(
        n=n,
        d=d,
        entry_bound=entry_bound,
        delta=error,
        scale=read_scale,
        schedule=parse_schedule(schedule, n),
    )
    degree = sufficient_degree(parameters.logit_bound, eps)
    counted = degree.degree <= MAX_ARGUMENT and digits(d, degree.degree) <= MAX_DIGITS
    return FiniteRegime(
        parameters=parameters,
        entry_bound=entry_bound,
        values=bound_on_values,
        eps=eps,
        degree=degree,
        rank=monomial_rank(d, degree.degree) if counted else None,
        break_even_tokens=break_even_tokens(d, degree.degree) if counted else None,
        cells=_cells(parameters, d, eps) if d <= MAX_HEAD_DIM else None,
    )


def _cells(parameters: Parameters, d: int, eps: Fraction) -> CellMethod | None:
    assert isinstance(parameters.schedule, Schedule)
    highest = rounded_outwards(parameters.logit_bound)[1]
    blocks = Blocks(parameters.schedule.tokens_per_scale)
    return best_cell_method(blocks, d, highest, eps, unit_vectors=parameters.entry_bound is None)


def _limited(value: Exact, name: str, most: Fraction) -> Fraction:
    number = positive_rational(value, name=name)
    if not 1 / most <= number <= most:
        limit = f"1e{len(str(most.numerator)) - 1}"
        raise InputError(f"{name} is out of range", got=value, allowed=f"from 1/{limit} to {limit}")
    return number
