"""Peers compute attention of the same kernel as we do; whatever goes wrong with them is a reason, never a crash."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from varproof.attention.bench import peers
from varproof.attention.bench.cases import CASES, make_arrays

CASE = replace(CASES[1], tokens=300, bound=2.0)


def exact(rows) -> np.ndarray:
    q, k, v = rows
    weights = np.exp(q @ k.T * CASE.gamma)
    return weights @ v / weights.sum(axis=1, keepdims=True)


def error(attend, rows) -> float:
    return float(np.abs(attend() - exact(rows)).max())


def needs(package: str, module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(module) is None, reason=f"needs {package}, of the extra [peers]")


@needs("scikit-learn", "sklearn")
def test_nystroem_with_every_key_is_exact_and_with_few_is_close():
    rows = make_arrays(CASE, 100, seed=0)
    errors = [error(peers.nystroem(CASE, rows, features, 0), rows) for features in (5, 20, 100)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-6 < errors[1]  # a kernel without the key's weight or with another gamma stays at 1e-2


@needs("performer-pytorch", "performer_pytorch")
def test_performer_tends_to_the_same_kernel(monkeypatch):
    module = peers.loaded(peers.PERFORMER)
    torch = peers.import_module("torch")
    # the package's own orthogonal blocks have a mean that is not zero (QR without a choice of signs): its error stays
    monkeypatch.setattr(module, "gaussian_orthogonal_random_matrix", lambda rows, columns: torch.randn(rows, columns))
    mild = replace(CASE, bound=0.25)  # the variance of the features grows like e^(4 B)
    rows = make_arrays(mild, 300, seed=0)
    mean = np.abs(exact(rows) - rows[2].mean(axis=0)).max()  # what no attention at all would give
    few, many = (np.median([error(peers.performer(mild, rows, r, s), rows) for s in range(7)]) for r in (16, 1600))
    assert many < few / 5
    assert many < mean / 5


@pytest.mark.slow
@needs("pykeops", "pykeops")
def test_keops_is_exact():
    rows = make_arrays(CASE, 300, seed=0)
    assert error(peers.keops(CASE, rows), rows) < 1e-12


@pytest.mark.parametrize("peer", peers.PACKAGES)
def test_absence_names_the_package(monkeypatch, peer):
    def gone(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(peers, "import_module", gone)
    with pytest.raises(peers.PeerUnavailableError, match=f"pip install {peers.PACKAGES[peer]}"):
        peers.loaded(peer)


def test_a_package_that_does_not_load_says_so(monkeypatch):
    def broken(name):
        raise AttributeError("module 'x' has no attribute 'y'")

    monkeypatch.setattr(peers, "import_module", broken)
    with pytest.raises(peers.PeerUnavailableError, match="has no attribute"):
        peers.loaded(peers.PERFORMER)


@needs("scikit-learn", "sklearn")
@needs("performer-pytorch", "performer_pytorch")
@needs("pykeops", "pykeops")
def test_too_much_is_left_out():
    rows = make_arrays(CASE, 300, seed=0)
    with pytest.raises(peers.PeerUnavailableError, match="landmarks"):
        peers.with_features(peers.NYSTROEM, CASE, rows, 301, 0)
    with pytest.raises(peers.PeerUnavailableError, match="features"):
        peers.with_features(peers.PERFORMER, CASE, rows, 10**6, 0)
    with pytest.raises(peers.PeerUnavailableError, match="tokens"):
        peers.keops(CASE, tuple(np.zeros((peers.KEOPS_TOKENS + 1, 4)) for _ in range(3)))
