"""Orthogonal vectors as block-causal attention over a schedule whose token maps are free: exponents 4 and 6 in n.

Geometric schedules put keys and queries on the last scale; the schedule 1, 2, ..., n puts keys on the scales up to n/2
and queries on those above. Everything else a query sees is neutral (key zero) or suppressed (score -M).
"""

from __future__ import annotations

import operator
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from flint import arb, ctx, fmpq_poly

from varproof.base.balls import ball, rational
from varproof.base.verdict import Finding
from varproof.claims.cells import chosen, integers
from varproof.claims.model import Case, Claim, Variant
from varproof.claims.parts import assemble
from varproof.claims.tally import Tally
from varproof.growth.counts import linear_polynomial
from varproof.growth.scales import parse_scale
from varproof.growth.schedules import Schedule, doubling, linear

PAGE = "docs/explanation/lower-bounds.md"
BITS = 128
Vector = tuple[arb, ...]


@dataclass(frozen=True)
class Layout:
    """Which levels (scales counted from 0) hold the data keys and which the data queries."""

    schedule: Schedule
    keys: range
    queries: range

    @property
    def levels(self) -> list[int]:
        """The level of every token, one entry a token."""
        return [level for level, count in enumerate(self.schedule.tokens_per_scale) for _ in range(count)]

    def neutral_tokens(self, level: int) -> int:
        """P: the tokens a query of this level sees besides the data keys, by the formula of the page."""
        totals = (0, *self.schedule.cumulative_tokens)
        return totals[self.keys.start] + totals[level + 1] - totals[self.keys.stop]


def layouts(case: Case) -> list[Layout]:
    """The layouts of the grid: last scale against itself (doubling), lower scales against upper ones (linear)."""
    found = []
    for n in chosen(case, "doubling", (2, 4, 8)):
        last = range((scales := doubling(n)).number_of_scales - 1, scales.number_of_scales)
        found.append(Layout(scales, last, last))
    for n in integers(case, "linear", low=2, high=8):
        found.append(Layout(linear(n), range(n // 2), range(n // 2, n)))
    return found


def check(case: Case) -> Finding:
    """Four parts: neutral outputs, exact counts from noisy outputs, numbers of data pairs, suppression by -M."""
    outputs, counts = Tally(), Tally()
    for layout, head_dim in product(layouts(case), integers(case, "head_dim", low=1, high=5)):
        _counting(outputs, counts, case, layout, head_dim)
    return assemble(
        [
            ("outputs P/(P + S(x))", outputs.finding(f"{PAGE} (E1); here exactly, every data query, token by token")),
            ("counts from noisy outputs", counts.finding(f"{PAGE} (E1); here exactly, at the largest noise allowed")),
            ("number of data pairs", _pairs(case)),
            ("suppressed tokens", _suppression(case)),
        ]
    )


def _counting(outputs: Tally, counts: Tally, case: Case, layout: Layout, head_dim: int) -> None:
    """Random Boolean rows and keys; every data query of the layout, at head_dim + 1 points x."""
    chance, levels, name, n = random.Random(case.seed), layout.levels, layout.schedule.name, layout.schedule.side
    spare = (0,) * (head_dim - 1) + (0 if case.assumes("zero_keys") else 1,)
    keys = [tuple(chance.choices((0, 1), k=head_dim)) if level in layout.keys else spare for level in levels]
    points = [Fraction(1, t + 1) for t in range(head_dim + case.assumes("points"))]
    weights = [prod((x / (x - point) for x in points if x != point), start=Fraction(1)) for point in points]
    queries = ((level, tuple(chance.choices((0, 1), k=head_dim))) for level in levels if level in layout.queries)
    for level, query in ((layout.queries.stop - 1, (0,) * head_dim), *queries):  # 0 is orthogonal to every key
        products = [(_dot(query, key), other) for key, other in zip(keys, levels, strict=True)]
        seen = Counter((power, int(other not in layout.keys)) for power, other in products if _sees(case, level, other))
        partners = Counter(power for power, other in products if other in layout.keys)
        neutral = case.constants["neutral"] * layout.neutral_tokens(level)
        # the largest noise for which sum |w| delta L^2/(P - delta L) <= 0.49
        visible, share = neutral + partners.total(), Fraction(49, 100) / sum(map(abs, weights))
        delta = share * neutral / (visible**2 + share * visible)
        bound = case.constants["noise"] * delta * visible**2 / (neutral - delta * visible)
        cell, count = {"schedule": name, "n": n, "scale": level + 1, "query": query}, Fraction(0)
        for x, weight in zip(points, weights, strict=True):
            total = sum((keys_there * x**power for power, keys_there in partners.items()), Fraction(0))
            y = _output(seen, x)
            outputs.equal(y, neutral / (neutral + total), **cell, x=x)
            noisy = max(
                y - delta if weight > 0 else y + delta, delta
            )  # y >= P/L > 2 delta wherever the layout is right
            back = neutral * (1 / noisy - 1)
            counts.at_most(abs(back - total), bound, **cell, x=x, delta=delta)
            if weight > 0 and not any(query):
                counts.equal(back - total, bound, **cell, x=x, delta=delta, identity="noise bound attained")
            count += weight * back
        counts.equal(round(count), partners[0], **cell, identity="number of orthogonal partners")


def _sees(case: Case, level: int, other: int) -> bool:
    return other <= level if case.assumes("own_scale") else other < level


def _dot(left: Sequence[int], right: Sequence[int]) -> int:
    return sum(map(operator.mul, left, right))


def _output(seen: Mapping[tuple[int, int], int], x: Fraction) -> Fraction:
    """One row of attention: `seen` counts the tokens by (inner product, value); the weight is x^(inner product)."""
    mass = {pair: count * x ** pair[0] for pair, count in seen.items()}
    return sum((w * value for (_, value), w in mass.items()), Fraction(0)) / sum(mass.values())


def _pairs(case: Case) -> Finding:
    """Data pairs: n^4 for doubling; for 1..n polynomials in n, at least 7/576 n^6 for n >= 2 and for no larger factor.

    A polynomial whose coefficients in n - 2 are all non-negative is non-negative for every n >= 2.
    """
    tally, leading = Tally(), case.constants["leading"]
    tokens = fmpq_poly([rational(c) for c in linear_polynomial("tokens")])
    by_parity = []
    for parity in (0, 1):
        lower = tokens(fmpq_poly([rational(Fraction(-parity, 2)), rational(Fraction(1, 2))]))  # S_m, m = (n - parity)/2
        by_parity.append(lower * (tokens - lower))
        margin = (by_parity[-1] - rational(leading) * fmpq_poly([0] * 6 + [1]))(fmpq_poly([2, 1]))
        tally.holds(all(c >= 0 for c in margin.coeffs()), n="all n >= 2", parity=parity, factor=leading)
        top = by_parity[-1].coeffs()[6]
        tally.equal(Fraction(int(top.p), int(top.q)), leading, identity="limit of pairs/n^6", parity=parity)
    for layout in layouts(case):
        n, levels = layout.schedule.side, layout.levels
        counted = sum(1 for q, k in product(levels, levels) if q in layout.queries and k in layout.keys and k <= q)
        claimed = by_parity[n % 2](n) if layout.schedule.name == "linear" else n**4
        tally.holds(counted == claimed, schedule=layout.schedule.name, n=n, counted=counted, claimed=claimed)
    return tally.finding(f"{PAGE}; here exactly: pairs listed one by one, polynomials compared for all n >= 2")


def _suppression(case: Case) -> Finding:
    """Spare tokens score -M, M = B + ln(r L/eta): outputs move by at most eta (balls, three conventions of gamma)."""
    tally = Tally()
    with ctx.workprec(BITS):
        for name, layout in product(("d", "sqrt", "one"), layouts(case)):
            _suppressed(tally, case, name, layout)
    return tally.finding(
        f"{PAGE} (E2) proves it; here by balls, every data query, token by token, and one row that nearly attains it"
    )


def _suppressed(tally: Tally, case: Case, name: str, layout: Layout) -> None:
    """Two copies of (a, 1) against (-b, 0), neutral (0, c) on the first token; six coordinates suppress the rest."""
    levels, eta, gamma, none = layout.levels, ball(Fraction(1, 100)), ball(parse_scale(name).gamma(12)), (ball(0),) * 6
    chance, rows = random.Random(case.seed), list(product((0, 1), repeat=2))
    drawn = {i: chance.choice(rows[1:]) for i, level in enumerate(levels) if level in layout.keys and i > 0}
    gap, beta = ball(9).log(), (ball(9) * max(len(drawn), 1)).log()
    depth = ball(case.constants["margin"]) * (2 * beta + (2 * len(levels) / eta).log())  # B = 2 beta, values in [-1, 1]
    entry, side = (beta / (2 * gamma)).sqrt(), (depth / (6 * gamma)).sqrt()

    def data_key(*vector: int | arb) -> Vector:
        return (*(entry * x for x in vector * 2), *none)

    spare: tuple[Vector, int] = ((*none, *[-side] * 6), -1)
    tokens = [(data_key(-drawn[i][0], -drawn[i][1], 0), 1) if i in drawn else spare for i in range(len(levels))]
    tokens[0] = (data_key(0, 0, -gap / (2 * beta)), 0)
    for level, row in product(layout.queries, rows):
        query = (*(entry * x for x in (*row, 1) * 2), *[side] * 6)
        seen = [i for i, other in enumerate(levels) if _sees(case, level, other)]
        cell = {"gamma": name, "schedule": layout.schedule.name, "n": layout.schedule.side, "query": row}
        moved = _attend(name, query, [tokens[i] for i in seen])
        base = _attend(name, query, [tokens[i] for i in seen if i == 0 or i in drawn])
        tally.at_most(abs(moved - base), eta, **cell)
        answer = any(_dot(row, key) == 0 for key in drawn.values())
        tally.holds(bool(2 * moved > 1) is answer, **cell, identity="output above 1/2 iff a partner exists")
        # one key of score -B and value 1: the spare tokens, all of value -1, move the output by nearly eta
        alone = _attend(name, query, [(data_key(-1, -1, 0), 1), *[spare] * (len(seen) - 1)])
        tally.at_most(abs(1 - alone), eta, **cell, row="one data key")


def _attend(name: str, query: Vector, tokens: Sequence[tuple[Vector, int]]) -> arb:
    gamma = ball(parse_scale(name).gamma(len(query)))  # of the whole head dimension, suppressing coordinates included
    weights = [(gamma * sum(map(operator.mul, query, key), ball(0))).exp() for key, _ in tokens]
    return sum((w * value for w, (_, value) in zip(weights, tokens, strict=True)), ball(0)) / sum(weights, ball(0))


CLAIM = Claim(
    id="embedding_free_maps",
    statement=(
        "Rows a_i and keys b_j of {0,1}^d as tokens of a schedule (a query sees its own scale and all earlier ones), "
        "every other visible token with key 0 and value 1, data values 0, scores -s <a, b>, x = e^-s: a data query "
        "returns P/(P + S_i(x)), S_i(x) = sum_j x^<a_i,b_j>, P its number of other visible tokens. d + 1 points x "
        "extrapolate S_i to the number of orthogonal keys; noise delta moves S_i by at most delta L^2/(P - delta L), "
        "attained. Data pairs: n^4 for doubling; for 1..n, keys on scales <= n/2, at least 7/576 n^6 for n >= 2. With "
        "other tokens at score -M, M = B + ln(r L/eta), |data scores| <= B and values of range r, outputs move by "
        "at most eta."
    ),
    kind="identity",
    hypotheses={
        "own_scale": "a query sees the tokens of its own scale and of all earlier scales",
        "zero_keys": "visible tokens that hold no data key have key 0",
        "points": "outputs at d + 1 different x",
    },
    sources=(PAGE, "arXiv:2011.02466"),
    derived_from=("threshold_lemma", "schedule_token_counts", PAGE, "docs/explanation/ledger.md"),
    check=check,
    falsified=(
        Variant("10% more neutral tokens", "the output gives P away", {"neutral": Fraction(11, 10)}),
        Variant("noise bound 5% smaller", "a row orthogonal to all keys attains it", {"noise": Fraction(19, 20)}),
        Variant("more than 7/576 n^6 pairs", "7/576 is the limit", {"leading": Fraction(7, 550)}),
        Variant("limit below 7/576 n^6", "7/576 is the limit", {"leading": Fraction(7, 600)}),
        Variant("M 10% smaller", "one data key of score -B is outweighed", {"margin": Fraction(9, 10)}),
        Variant("own scale hidden", "data on one scale do not meet", dropped=frozenset({"own_scale"})),
        Variant("keys of spare tokens not 0", "their mass depends on the query", dropped=frozenset({"zero_keys"})),
        Variant("d points", "the degree is d", dropped=frozenset({"points"})),
    ),
    constants={"neutral": Fraction(1), "noise": Fraction(1), "leading": Fraction(7, 576), "margin": Fraction(1)},
    cells={"doubling": (2, 4, 8), "linear": (2, 3, 4, 5), "head_dim": (1, 3)},
)
