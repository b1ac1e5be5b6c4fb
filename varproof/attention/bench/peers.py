"""Other people's attention, when installed: Performer's random features, Nystroem features, KeOps's exact reduction.

None of them has a certificate; what is compared is their error at our rank and at our time. They run on the CPU, on
NumPy's or torch's float64 arrays.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from varproof.attention.bench.cases import Case

PERFORMER, NYSTROEM, KEOPS = "Performer", "Nystroem", "KeOps"
FEATURE_METHODS = (PERFORMER, NYSTROEM)
MODULES = {PERFORMER: "performer_pytorch.performer_pytorch", NYSTROEM: "sklearn.kernel_approximation"}
PACKAGES = {PERFORMER: "performer-pytorch", NYSTROEM: "scikit-learn", KEOPS: "pykeops"}
MOST_ENTRIES = 3 * 10**7  # of a feature matrix, N times rank: 240 MB, and these methods hold several
KEOPS_TOKENS = 32768  # above, its N^2 exponentials take most of a minute on one thread

Rows = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
Attend = Callable[[], NDArray[Any]]


class PeerUnavailableError(Exception):
    """This peer does not take part; the text says why."""


def loaded(peer: str) -> Any:
    """The peer's module. Raises `PeerUnavailableError` when it is not installed or does not load."""
    name = MODULES.get(peer, "pykeops.numpy")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations inside the package are not ours
            return import_module(name)
    except ModuleNotFoundError:
        raise PeerUnavailableError(f"not installed: pip install {PACKAGES[peer]}") from None
    except Exception as error:
        raise PeerUnavailableError(f"does not load: {type(error).__name__}: {error}") from None


def with_features(peer: str, case: Case, rows: Rows, rank: int, seed: int) -> Attend:
    """Attention through `rank` features of the peer (`PERFORMER` or `NYSTROEM`)."""
    if rank * len(rows[0]) > MOST_ENTRIES:
        raise PeerUnavailableError(f"left out: {len(rows[0])} x {rank} features, more than {MOST_ENTRIES} numbers")
    return {PERFORMER: performer, NYSTROEM: nystroem}[peer](case, rows, rank, seed)


def performer(case: Case, rows: Rows, features: int, seed: int) -> Attend:
    """FAVOR+ of performer-pytorch: `features` orthogonal random features of exp(<x, y>), drawn before the clock runs.

    The projection is the package's own: its orthogonal blocks come from QR without a choice of signs, have a mean that
    is not zero, and leave an error that more features do not remove. The package scales both sides by d^(-1/4); ours
    are scaled by sqrt(gamma) d^(1/4) first, so that its kernel is exp(gamma <q, k>). Its stabiliser eps biases the
    features and is not needed in float64: it is off, in its favour.
    """
    module = loaded(PERFORMER)
    torch = import_module("torch")
    torch.manual_seed(seed)
    projection = module.gaussian_orthogonal_random_matrix(features, case.head_dim).double()
    factor = case.gamma**0.5 * case.head_dim**0.25
    q, k, v = (torch.from_numpy(part)[None, None] for part in rows)

    def run() -> NDArray[Any]:
        with torch.no_grad():
            phi = module.softmax_kernel(q * factor, projection_matrix=projection, is_query=True, eps=0.0)
            psi = module.softmax_kernel(k * factor, projection_matrix=projection, is_query=False, eps=0.0)
            found: NDArray[Any] = module.linear_attention(phi, psi, v)[0, 0].numpy()
            return found

    return run


def nystroem(case: Case, rows: Rows, features: int, seed: int) -> Attend:
    """Nystroem of scikit-learn on the Gaussian kernel, `features` landmarks among the keys; its fit is timed too.

    exp(<x, y>) = e^(|x|^2/2) e^(-|x-y|^2/2) e^(|y|^2/2) with x = sqrt(gamma) q and y = sqrt(gamma) k: the first factor
    drops out of softmax, the last one becomes a weight of the key.
    """
    module = loaded(NYSTROEM)
    q, k, v = rows
    if features > len(k):
        raise PeerUnavailableError(f"left out: {features} landmarks, more than {len(k)} keys")

    def run() -> NDArray[Any]:
        x, y = q * case.gamma**0.5, k * case.gamma**0.5
        maps = module.Nystroem(kernel="rbf", gamma=0.5, n_components=features, random_state=seed).fit(y)
        norms = (y * y).sum(axis=1, keepdims=True) / 2
        weighted = np.exp(norms - norms.max()) * np.hstack([v, np.ones((len(v), 1))])
        sums = maps.transform(x) @ (maps.transform(y).T @ weighted)
        found: NDArray[Any] = sums[:, :-1] / sums[:, -1:]
        return found

    return run


def keops(case: Case, rows: Rows) -> Attend:
    """Exact attention by KeOps's LazyTensor; its first call for a shape compiles."""
    if len(rows[0]) > KEOPS_TOKENS:
        raise PeerUnavailableError(f"left out: more than {KEOPS_TOKENS} tokens on one thread")
    lazy = loaded(KEOPS).LazyTensor
    q, k, v = rows
    scaled = q * case.gamma

    def run() -> NDArray[Any]:
        scores = lazy(scaled[:, None, :]) | lazy(k[None, :, :])
        found: NDArray[Any] = scores.sumsoftmaxweight(lazy(v[None, :, :]), axis=1, backend="CPU")
        return found

    return run
