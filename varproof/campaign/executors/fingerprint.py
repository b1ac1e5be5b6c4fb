"""What must be the same in every process that works on one campaign: the code and the libraries that make the cases."""

from __future__ import annotations

import sys
from hashlib import blake2b
from importlib import import_module
from pathlib import Path

from varproof.campaign.versions import versions

MORE = ("scipy", "sympy")  # which attacks may use
PACKAGES = ("varproof", "reductions")


def fingerprint(claims_module: str | None = None) -> dict[str, str]:
    """Versions and digests of this process, by name.

    >>> fingerprint()["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    True
    """
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", **versions(*MORE)}
    found["source of varproof"] = _source_digest()
    if claims_module is not None:
        found[f"file {claims_module}"] = _file_digest(claims_module)
    return found


def _source_digest() -> str:
    digest = blake2b(digest_size=8)
    for package in PACKAGES:
        root = Path(next(iter(import_module(package).__path__)))
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\0".encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def _file_digest(path: str) -> str:
    try:
        return blake2b(Path(path).read_bytes(), digest_size=8).hexdigest()
    except OSError:
        return "missing"
