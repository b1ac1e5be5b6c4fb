"""Is the image what it claims to be: its structure, the same every time, and the same after a trip through JSON?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from reductions.core.answer import Answer
from reductions.run.checks.image import Image, answer_of, make_image, modes

LOOKED_AT = 12  # targets compared one by one where there are many


def check_structure(image: Image) -> Iterator[str]:
    """What the rule itself finds wrong with the image."""
    if image.rule.structure is not None:
        yield from image.rule.structure(image.case.instance, image.mapped)


def check_determinism(image: Image) -> Iterator[str]:
    """A second image of the same instance, and one of its copy by JSON, must be equal; the instance must not change."""
    before = written(image.case.instance)
    copy = type(image.case.instance).from_json(json.loads(before))
    for name, case in (("again", image.case), ("from a copy", type(image.case)("copy", copy, image.case.options))):
        other = make_image(image.rule, case)
        if (len(other.targets), other.mapped.operations) != (len(image.targets), image.mapped.operations):
            yield f"{name}: the number of targets or of operations changed"
        elif any(written(a) != written(b) for a, b in zip(_some(other.targets), _some(image.targets), strict=True)):
            yield f"{name}: a target changed"
    if written(image.case.instance) != before:
        yield "making the image changed the instance"


def solved(instance: Any) -> Answer:
    """The answer of the reference solver."""
    answer: Answer = instance.solve()
    return answer


def check_round_trip(image: Image) -> Iterator[str]:
    """`round_trip` of the first and the last target, answered by the first of `modes`: the reference may be slow."""
    mode = modes(image.rule.target)[0]
    for index in sorted({0, len(image.targets) - 1} if image.targets else ()):
        for said in round_trip(image.targets[index], lambda target: answer_of(target, mode)):
            yield f"target {index}: {said}"


def round_trip(instance: Any, solve: Callable[[Any], Answer] = solved) -> Iterator[str]:
    """What changes when an instance goes through JSON text, and whether its saved files can be read.

    Works for any problem: parameters, the JSON of the copy and the answer of `solve` must be equal.
    """
    text = written(instance)
    if json.loads(text).get("problem") != instance.NAME:
        yield "its JSON does not name the problem"
    copy = type(instance).from_json(json.loads(text))
    if copy.parameters() != instance.parameters():
        yield f"parameters {instance.parameters()} come back as {copy.parameters()}"
    if written(copy) != text:
        yield "its JSON changes after one trip"
    if not same_answer(solve(copy), solve(instance)):
        yield "the copy is answered differently"
    with TemporaryDirectory() as folder:
        yield from _saved(instance, Path(folder))


def written(instance: Any) -> str:
    """The JSON text of an instance, without NaN, keys in order."""
    return json.dumps(instance.to_json(), allow_nan=False, sort_keys=True)


def same_answer(left: Answer, right: Answer) -> bool:
    """Whether two answers say the same, outputs entry by entry."""
    if (left.decision, left.witness, left.count) != (right.decision, right.witness, right.count):
        return False
    if left.outputs is None or right.outputs is None:
        return left.outputs is right.outputs
    if left.outputs.error != right.outputs.error or left.outputs.values.shape != right.outputs.values.shape:
        return False
    return all(map(_equal, left.outputs.values.flat, right.outputs.values.flat))


def _equal(x: Any, y: Any) -> bool:
    return x.mid() == y.mid() and x.rad() == y.rad() if hasattr(x, "rad") else bool(x == y)


def _saved(instance: Any, folder: Path) -> Iterator[str]:
    files = instance.save(folder, "instance")
    if not files:
        yield "save() wrote nothing"
    for file in files:
        if not file.is_file() or file.parent != folder or not file.name.startswith("instance"):
            yield f"save() names {file.name}, which is not a file of this stem in the folder given"
        elif file.suffix == ".json":
            json.loads(file.read_text(encoding="utf-8"))
        elif file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as arrays:
                for name in arrays.files:
                    arrays[name]
        elif not file.read_text(encoding="ascii").strip():
            yield f"{file.name} is empty"


def _some(targets: tuple[Any, ...]) -> tuple[Any, ...]:
    return targets[:LOOKED_AT] + targets[LOOKED_AT:][-1:]
