"""The checks of rules into attention fail when they should: undecided answers, announced needs, noise beyond delta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from reductions.core.answer import Answer, Decision
from reductions.core.reduction import Mapped, Mutant
from reductions.registry import rule_named
from reductions.run.checking import check_rule, images_of, mutated
from reductions.run.checks.answers import check_answers
from reductions.run.checks.image import Image, modes
from reductions.run.checks.needs import largest_score

NAMES = ("ov_to_attention_scaling", "maxip_to_attention")


def undecided(context: Any, answers: tuple[Answer, ...]) -> Answer:
    return Answer(Decision.UNDECIDED)


@pytest.mark.parametrize("name", NAMES)
def test_undecided_fails_where_the_answers_are_as_exact_as_asked(name: str) -> None:
    found = check_rule(mutated(rule_named(name), Mutant("", decode=undecided)), cases=3, checks=("answers",))
    assert {message.partition(":")[0] for message in (each.message for each in found)} == set(
        modes(rule_named(name).target)
    )


@pytest.mark.parametrize("name", NAMES)
def test_undecided_is_allowed_where_the_error_exceeds_what_was_asked(name: str) -> None:
    rule = rule_named(name)
    stingy = mutated(rule, Mutant("", forward=lambda x, o: finer(rule.forward(x, o)), decode=undecided))
    images = [image for image in images_of(stingy, cases=3) if isinstance(image, Image)]
    rounded = [image for image in images if not image.promised_precision(image.answers("float64"))]
    assert len(rounded) >= 3
    for image in rounded:
        assert {said.partition(":")[0] for said in check_answers(image)} == {"arb", "worst noise"}


def finer(mapped: Mapped) -> Mapped:
    """The same targets, asked for within less than any float oracle can promise."""
    return replace(mapped, targets=tuple(replace(target, delta=Fraction(1, 10**30)) for target in mapped.targets))


@pytest.mark.parametrize("name", NAMES)
def test_announced_needs_are_compared_with_the_image(name: str) -> None:
    rule = rule_named(name)
    assert rule.precision is not None
    true = rule.precision

    def announced(change: Mapping[str, Any]) -> list[str]:
        def precision(instance: Any, options: Mapping[str, Any]) -> dict[str, Any]:
            stated = dict(true(instance, options))
            return {key: value * change.get(key, 1) if key in change else value for key, value in stated.items()}

        found = check_rule(replace(rule, precision=precision), checks=("needs",))
        return [each.message for each in found]

    assert announced({}) == []
    assert any("an error" in message for message in announced({"delta": Fraction(1001, 1000)}))
    assert any("a score" in message for message in announced({"logit_bound": 0.5}))


@pytest.mark.parametrize("name", NAMES)
def test_too_large_a_delta_is_shown_by_the_worst_noise(name: str) -> None:
    rule = rule_named(name)
    forward = rule.forward

    def generous(instance: Any, options: Mapping[str, Any]) -> Mapped:
        mapped = forward(instance, options)
        targets = tuple(replace(target, delta=Fraction(1, 2)) for target in mapped.targets)
        return replace(mapped, targets=targets)

    found = check_rule(mutated(rule, Mutant("", forward=generous)), checks=("answers",))
    assert any(each.message.startswith("worst noise") for each in found)
    assert not any(each.message.startswith(("float64", "arb")) for each in found)


def test_largest_score_is_that_of_the_definition() -> None:
    image = images_of(rule_named("ov_to_attention_scaling"), cases=8)[-1]
    assert isinstance(image, Image)
    target = image.targets[0]
    dim = target.keys.shape[1]
    gamma = {"d": 1 / dim, "sqrt": dim**-0.5, "one": 1.0}[target.scale]
    pairs = ((q, k) for q in target.queries.tolist() for k in target.keys.tolist())
    inner = max(abs(sum(x * y for x, y in zip(q, k, strict=True))) for q, k in pairs)
    unit = float(target.query_unit) * float(target.key_unit)
    assert largest_score(target) == pytest.approx(gamma * unit * inner, rel=1e-12)
    assert largest_score(target) > 0
