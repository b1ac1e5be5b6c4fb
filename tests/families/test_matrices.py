"""Every family of matrices: bounds, shapes, determinism, and what the name promises."""

import numpy as np
import pytest

from varproof.base.errors import InputError
from varproof.families.matrices import FAMILIES, draw

SHAPES = [(1,), (7,), (1, 1), (3, 8), (8, 3), (4, 1, 6), (2, 3, 5, 4)]
ATTAINS = sorted(set(FAMILIES) - {"sparse", "sat-derived"})  # those may be all zero


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bound", [0.0, 1.0, 3e-300, 0.1, 7e250])
def test_entries_stay_within_the_bound_exactly(name, shape, bound):
    for seed in range(5):
        drawn = draw(name, shape, bound, np.random.default_rng(seed))
        assert drawn.shape == shape
        assert drawn.dtype == np.float64
        assert np.isfinite(drawn).all()
        assert np.abs(drawn).max() <= bound


@pytest.mark.parametrize("name", ATTAINS)
def test_the_bound_is_reached_in_every_matrix_of_a_stack(name):
    drawn = draw(name, (6, 5, 8), 0.3, np.random.default_rng(4))
    assert np.abs(drawn).max(axis=(1, 2)).tolist() == [0.3] * 6


@pytest.mark.parametrize("name", FAMILIES)
def test_the_seed_decides_and_nothing_else(name):
    first, again = (draw(name, (3, 4, 6), 2.0, np.random.default_rng(9)) for _ in range(2))
    assert (first == again).all()
    several = [draw(name, (3, 4, 6), 2.0, np.random.default_rng(seed)) for seed in range(8)]
    assert (name == "alternating") == all((other == several[0]).all() for other in several)


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"alternating"}))
def test_the_matrices_of_a_stack_are_drawn_apart(name):
    stack = draw(name, (12, 4, 6), 1.0, np.random.default_rng(3))
    assert len({matrix.tobytes() for matrix in stack}) > 1


def test_what_is_drawn_for_a_whole_matrix_is_drawn_for_each_of_a_stack():
    """Cases of a batch are independent only if no two of them share a rank or a side."""
    generator = np.random.default_rng
    low = draw("low-rank", (40, 6, 6), 1.0, generator(0))
    assert {int(np.linalg.matrix_rank(matrix)) for matrix in low} == {1, 2, 3}
    several = draw("duplicated", (40, 1, 32), 1.0, generator(0))
    assert {len(np.unique(row)) for row in several} == {1, 2, 3}


def ranks(name, shape):
    return [np.linalg.matrix_rank(draw(name, shape, 1.0, np.random.default_rng(seed))) for seed in range(20)]


def test_what_the_names_promise():
    generator = np.random.default_rng
    assert set(np.unique(draw("signs", (9, 9), 2.0, generator(0)))) == {-2.0, 2.0}
    assert len(np.unique(draw("constant", (5, 5), 2.0, generator(0)))) == 1
    aligned = draw("aligned", (6, 8), 0.5, generator(0))
    assert (np.abs(aligned @ aligned.T) == 8 * 0.25).all()
    assert len({row.tobytes() for row in aligned}) == 2
    hot = draw("one-hot", (6, 8), 0.5, generator(0))
    assert ((hot != 0).sum(axis=1) == 1).all()
    assert (hot.sum(axis=1) == 0.5).all()
    assert max(ranks("low-rank", (9, 9))) == 3
    assert min(ranks("low-rank", (9, 9))) == 1
    assert max(ranks("duplicated", (9, 9))) == 3
    repeated = draw("duplicated", (9, 9), 1.0, generator(1))
    assert len({row.tobytes() for row in repeated}) <= 3
    assert min(ranks("gaussian", (9, 9))) == 9
    zeros = [float((draw("sparse", (20, 20), 1.0, generator(seed)) == 0).mean()) for seed in range(20)]
    assert 0.45 < min(zeros) < 0.65
    assert max(zeros) > 0.85
    chess = draw("alternating", (4, 4), 1.0, generator(0))
    assert (chess[:, 1:] == -chess[:, :-1]).all()
    assert (chess[1:] == -chess[:-1]).all()


def test_rows_of_walsh_are_orthogonal_for_powers_of_two_and_repeat_beyond():
    rows = draw("walsh", (8, 8), 1.0, np.random.default_rng(0))
    assert (rows @ rows.T == 8 * np.eye(8)).all()
    assert (rows[:, 0] == 1).all()  # no common ones with 0
    tall = draw("walsh", (20, 8), 1.0, np.random.default_rng(0))
    assert (tall[:8] == tall[8:16]).all()
    assert set(np.unique(draw("walsh", (5, 7), 1.0, np.random.default_rng(0)))) == {-1.0, 1.0}


def roughness(name):
    drawn = draw(name, (40, 32, 32), 1.0, np.random.default_rng(5))
    return float((np.diff(drawn, axis=-1) ** 2).mean() / drawn.var())


def test_sheets_are_smoother_than_noise():
    assert 1.8 < roughness("gaussian") < 2.2
    assert roughness("one-over-f") < 0.8
    assert roughness("autoregressive") < 0.5
    assert roughness("smooth") < 0.2


def test_matrices_from_formulas_have_two_values():
    seen = set()
    for seed in range(30):
        values = np.unique(draw("sat-derived", (16, 12), 2.0, np.random.default_rng(seed)))
        assert set(values) <= {-2.0, 0.0, 2.0}
        assert len(values) <= 2
        seen |= set(values)
    assert seen == {-2.0, 0.0, 2.0}


@pytest.mark.parametrize(
    ("name", "shape", "bound"),
    [
        ("gausian", (2, 2), 1.0),
        ("gaussian", (), 1.0),
        ("gaussian", (0, 2), 1.0),
        ("gaussian", (2, -1), 1.0),
        ("gaussian", (2, 2), -1.0),
        ("gaussian", (2, 2), float("inf")),
        ("gaussian", (2, 2), float("nan")),
    ],
)
def test_junk_is_refused(name, shape, bound):
    with pytest.raises(InputError):
        draw(name, shape, bound, np.random.default_rng(0))
