"""Magnitudes: the arithmetic of classes is sound and tight on members, logarithms of 1/delta, printing."""

from fractions import Fraction
from functools import cache

import mpmath
import pytest
import sympy

from varproof.base.errors import InputError
from varproof.growth import limits
from varproof.growth.eventual_sign import N
from varproof.growth.magnitudes import ONE, Magnitude, Relation, log_inverse

L1, L2 = sympy.log(N), sympy.log(sympy.log(N))
LEVELS = (20, 100, 400)  # n = exp(exp(k)), so loglog(n) = k
FACTORS: dict[str, list[sympy.Expr]] = {
    "=": [sympy.Integer(1)],
    "~": [1 + 1 / L1, 1 - 5 / L2**2],
    "Theta": [sympy.Rational(1, 7), sympy.Integer(5), 2 + 1 / L2],
    "o": [1 / L2**2, 9 / L1, 1 / N],
    "omega": [L2**2, L1 / 9, N],
}
FACTORS["O"] = FACTORS["Theta"] + FACTORS["o"]
FACTORS["Omega"] = FACTORS["Theta"] + FACTORS["omega"]
FACTORS["any"] = FACTORS["O"] + FACTORS["Omega"]
SMALLER: dict[str, tuple[Relation, ...]] = {
    "=": (),
    "~": ("=",),
    "Theta": ("~",),
    "O": ("Theta", "o"),
    "o": (),
    "Omega": ("Theta", "omega"),
    "omega": (),
    "any": ("O", "Omega"),
}
RELATIONS: tuple[Relation, ...] = ("=", "~", "Theta", "O", "o", "Omega", "omega", "any")

Values = tuple[mpmath.mpf, ...]


@cache
def values(f: sympy.Expr) -> Values:
    """f at the levels; mpmath numbers have no largest exponent, and 250 digits survive exp and log of n."""
    with mpmath.workdps(250):
        function = sympy.lambdify(N, f, "mpmath")
        return tuple(mpmath.mpf(function(mpmath.exp(mpmath.exp(level)))) for level in LEVELS)


def members(magnitude: Magnitude) -> list[Values]:
    """Some functions of the class, near its edges and far inside, by their values; exp(n) is out of reach."""
    factors = [f for f in FACTORS[magnitude.relation] if not (magnitude.exponential and f in (N, 1 / N))]
    inner = [values(magnitude.bound * factor) for factor in factors]
    with mpmath.workdps(250):
        if magnitude.exponential:
            return [tuple(mpmath.exp(magnitude.exponential * x) for x in member) for member in inner]
    return inner


def belongs(quantity: Values, magnitude: Magnitude) -> bool:
    """Whether a function of which the values at the levels are known looks like a member."""
    with mpmath.workdps(250):
        if magnitude.exponential:
            quantity = tuple(magnitude.exponential * mpmath.log(value) for value in quantity)
        ratios = [value / bound for value, bound in zip(quantity, values(magnitude.bound), strict=True)]
        logs = [mpmath.log(ratio) if ratio > 0 else mpmath.mpf("-inf") for ratio in ratios]
        match magnitude.relation:
            case "=":
                return bool(max(abs(ratio - 1) for ratio in ratios) < mpmath.mpf(10) ** -50)
            case "~":
                return bool(abs(ratios[2] - 1) < 1e-2 and abs(ratios[2] - 1) <= abs(ratios[0] - 1))
            case "Theta":
                return bool(max(logs) < 8 and min(logs) > -8)
            case "O":
                return bool(max(logs) < 8)
            case "o":
                return bool(logs[0] - 0.1 > logs[1] and logs[1] - 0.1 > logs[2])
            case "Omega":
                return bool(min(logs) > -8)
            case "omega":
                return bool(logs[0] + 0.1 < logs[1] and logs[1] + 0.1 < logs[2])
        return all(value >= 0 for value in quantity)


def magnitude(relation: Relation, bound: sympy.Expr) -> Magnitude:
    return Magnitude(relation, sympy.Integer(1) if relation == "any" else bound)


@pytest.mark.parametrize("claimed", RELATIONS)
@pytest.mark.parametrize("true", RELATIONS)
def test_the_oracle_tells_the_classes_apart(claimed: Relation, true: Relation) -> None:
    contained = {claimed}
    while more := {small for name in contained for small in SMALLER[name]} - contained:
        contained |= more
    bound = sympy.Integer(1) if "any" in (claimed, true) else N * L1
    seen = all(belongs(member, Magnitude(claimed, bound)) for member in members(Magnitude(true, bound)))
    assert seen == (true in contained or claimed == "any")


@pytest.mark.parametrize("left", RELATIONS)
@pytest.mark.parametrize("right", RELATIONS)
def test_products_hold_every_product_of_members_and_no_smaller_class_does(left: Relation, right: Relation) -> None:
    a, b = magnitude(left, N / L1), magnitude(right, L2 * sympy.sqrt(L1))
    answer = a.times(b)
    assert answer == b.times(a)
    with mpmath.workdps(250):
        products = [tuple(x * y for x, y in zip(one, two, strict=True)) for one in members(a) for two in members(b)]
    assert all(belongs(product, answer) for product in products)
    for smaller in SMALLER[answer.relation]:
        assert not all(belongs(product, Magnitude(smaller, a.bound * b.bound)) for product in products)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("exponential", [0, 1, -1])
@pytest.mark.parametrize("power", [2, Fraction(1, 2), Fraction(-3, 2), -1])
def test_powers_hold_the_powers_of_members(relation: Relation, exponential: int, power: Fraction) -> None:
    base = Magnitude(relation, L1 / L2, exponential)
    answer = base.power(power)
    with mpmath.workdps(250):
        exponent = mpmath.mpf(Fraction(power).numerator) / Fraction(power).denominator
        powers = [tuple(value**exponent for value in member) for member in members(base)]
    assert all(belongs(member, answer) for member in powers)
    assert answer.power(1 / Fraction(power)) == base
    assert answer.relation == (base.relation if power > 0 or exponential else base.inverse().relation)


def test_inverse_swaps_upper_and_lower() -> None:
    for relation, swapped in (
        ("O", "Omega"),
        ("o", "omega"),
        ("Theta", "Theta"),
        ("~", "~"),
        ("=", "="),
        ("any", "any"),
    ):
        answer = Magnitude(relation, L1).inverse()  # type: ignore[arg-type]  # the pairs are relations
        assert answer.relation == swapped
        assert answer.bound == (1 if relation == "any" else 1 / L1)
        assert answer.inverse() == Magnitude(relation, L1)  # type: ignore[arg-type]  # the pairs are relations
    assert Magnitude("Theta", L1, -1).inverse() == Magnitude("Theta", L1, 1)


def test_power_zero_and_times_one() -> None:
    poly = Magnitude("Theta", L1, 1)
    assert poly.power(0) == ONE == Magnitude("o", N).power(0)
    assert poly.times(ONE) == poly == ONE.times(poly)


@pytest.mark.parametrize(
    "other", [Magnitude("=", L1), Magnitude("Theta", N), Magnitude("Theta", L1, -1), Magnitude("=", N)]
)
def test_an_exponential_absorbs_no_factor(other: Magnitude) -> None:
    poly = Magnitude("Theta", L1, -1)
    for pair in ((poly, other), (other, poly)):
        with pytest.raises(InputError, match="no single leading class") as caught:
            pair[0].times(pair[1])
        assert "absorb" in caught.value.hint


def test_one_form_for_one_class() -> None:
    assert Magnitude("Theta", 2 * L1 * sympy.sqrt(2)) == Magnitude("Theta", L1, text="C*log(n)")
    assert Magnitude("=", 2 * L1) != Magnitude("=", L1)
    assert Magnitude("~", 2 * L1) != Magnitude("~", L1)
    assert Magnitude("o", -L1).bound == -L1  # a sign is not a constant to be dropped
    assert Magnitude("O", L1) != Magnitude("o", L1)
    assert Magnitude("any", N) == Magnitude("any", L1, -1)
    assert Magnitude("=", L1, -1) == Magnitude("=", 1 / N)
    assert Magnitude("=", sympy.sqrt(L1**3)) == Magnitude("=", L1 ** sympy.Rational(3, 2))
    assert Magnitude("O", L1**2).power(Fraction(1, 2)) == Magnitude("O", L1)
    assert [Magnitude("=", N).explicit, Magnitude("~", N).explicit] == [True, False]


@pytest.mark.parametrize("exponential", [1, -1])
@pytest.mark.parametrize("relation", ["Theta", "O", "o", "Omega"])
def test_exponentials_of_bounded_classes_are_refused(relation: Relation, exponential: int) -> None:
    # exp(-O(1)) is below 1: as Theta(1) it would have a constant that may be chosen large
    with pytest.raises(InputError):
        Magnitude(relation, sympy.Rational(1, 2), exponential)


@pytest.mark.parametrize(("exponential", "relation"), [(1, "omega"), (-1, "o")])
def test_exponentials_of_what_exceeds_every_constant(exponential: int, relation: Relation) -> None:
    answer = Magnitude("omega", sympy.Rational(1, 2), exponential)
    assert (answer.exponential, answer.relation) == (0, relation)
    inner = [values(factor / 2) for factor in FACTORS["omega"] if factor != N]
    with mpmath.workdps(250):
        assert all(belongs(tuple(mpmath.exp(exponential * x) for x in member), answer) for member in inner)


@pytest.mark.parametrize(
    "bad", [("Big", N, 0), ("O", N, 2), ("O", sympy.Symbol("m", positive=True), 0), ("O", sympy.Symbol("n"), 0)]
)
def test_what_is_no_magnitude(bad: tuple[Relation, sympy.Expr, int]) -> None:
    with pytest.raises(InputError, match="magnitude"):
        Magnitude(*bad)


TO_ZERO = [N**-3, 1 / L1, sympy.exp(-sympy.sqrt(L1)), 3 * L2 / N]
BOUNDED = [sympy.Rational(1, 3), 1 - 1 / N, sympy.Integer(4), 2 + 1 / L1]
TO_INFINITY = [N, L2, sympy.exp(L1**2)]
EXPECTED = {  # relation of delta: for g -> 0, for g -> a positive constant, for g -> infinity
    "~": ("~", "O", "O"),
    "Theta": ("~", "O", "O"),
    "O": ("Omega", "any", "any"),
    "o": ("Omega", "omega", "any"),
    "Omega": ("O", "O", "O"),
    "omega": ("O", "O", "O"),
    "any": ("any", "any", "any"),
}


@pytest.mark.parametrize("relation", EXPECTED)
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_logarithm_of_the_inverse_on_members(relation: Relation, kind: int) -> None:
    for g in (TO_ZERO, BOUNDED, TO_INFINITY)[kind]:
        answer = log_inverse(Magnitude(relation, g))
        assert answer.relation == EXPECTED[relation][kind]
        assert answer.exponential == 0
        if kind and answer.relation != "any":
            assert answer.bound == 1
        with mpmath.workdps(250):
            for member in members(Magnitude(relation, g)):
                assert belongs(tuple(max(-mpmath.log(value), 0) for value in member), answer)


@pytest.mark.parametrize("relation", RELATIONS)
def test_logarithm_of_exponentials(relation: Relation) -> None:
    small = Magnitude(relation, L1**2, -1)
    assert log_inverse(small) == Magnitude(relation, L1**2)
    expected = {"=": ("O", 1), "any": ("any", 1)}.get(relation, ("O", 1))
    large = log_inverse(small.inverse())
    assert (large.relation, large.bound) == expected


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (N**-3, 3 * L1),
        (1 / (N**2 * L1), 2 * L1 + L2),
        (sympy.exp(-N) / N, N + L1),
        (sympy.Rational(1, 4), sympy.log(4)),
        (1 / sympy.sqrt(N), L1 / 2),
        (1 - 1 / N, sympy.log(1 / (1 - 1 / N))),
    ],
)
def test_logarithm_of_an_explicit_delta_is_explicit(f: sympy.Expr, expected: sympy.Expr) -> None:
    assert log_inverse(Magnitude("=", f)) == Magnitude("=", expected)


@pytest.mark.parametrize("f", [N, L1, sympy.Integer(1), sympy.Integer(7), 1 + 1 / N, N / (N - 1)])
def test_a_delta_of_at_least_one_leaves_nothing(f: sympy.Expr) -> None:
    assert log_inverse(Magnitude("=", f)) == Magnitude("O", sympy.Integer(1))


def test_logarithm_of_a_large_quantity() -> None:
    assert Magnitude("=", N**3).log() == Magnitude("=", 3 * L1)
    assert Magnitude("Theta", N**2 * L1).log() == Magnitude("~", 2 * L1 + L2)
    assert Magnitude("omega", N).log() == Magnitude("Omega", L1)
    assert Magnitude("omega", sympy.Integer(1)).log() == Magnitude("omega", sympy.Integer(1))
    assert Magnitude("Theta", L1, 1).log() == Magnitude("Theta", L1)
    assert Magnitude("Theta", L1, -1).log() == Magnitude("O", sympy.Integer(1))


def test_an_open_limit_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "limit", lambda f: limits.Limit(None, "unknown", {}, ""))
    assert log_inverse(Magnitude("Theta", 1 / (L1 - 5))) == Magnitude("any", sympy.Integer(1))
    assert log_inverse(Magnitude("=", 1 / (L1 - 5))) == Magnitude("any", sympy.Integer(1))
    monkeypatch.setattr(limits, "limit", lambda f: limits.Limit(sympy.Integer(0), "disagree", {}, ""))
    assert log_inverse(Magnitude("Theta", 1 / (L1 - 5))) == Magnitude("any", sympy.Integer(1))


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        (Magnitude("=", 2 * L1), "2*log(n)"),
        (Magnitude("=", sympy.E * N ** (1 / sympy.E)), "exp(1)*n**exp(-1)"),
        (Magnitude("~", 3 * L1), "~ 3*log(n)"),
        (Magnitude("any", N), "any"),
        (Magnitude("omega", N), "omega(n)"),
        (Magnitude("Theta", L1, -1), "1/poly(n)"),
        (Magnitude("Theta", L1, 1), "poly(n)"),
        (Magnitude("O", L1, 1), "n**O(1)"),
        (Magnitude("omega", L1, -1), "n**-omega(1)"),
        (Magnitude("~", L1, -1), "exp(-~ log(n))"),
        (Magnitude("o", L1 / L2, 1), "exp(o(log(n)/log(log(n))))"),
    ],
)
def test_printing(given: Magnitude, printed: str) -> None:
    assert str(given) == printed
