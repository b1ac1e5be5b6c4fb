"""Finds the attack of a claim: its own, or for the ledger's claims the file of the same name in `attacks`."""

from __future__ import annotations

import importlib

from varproof.base.errors import InputError
from varproof.claims.attack import Attack
from varproof.claims.model import Claim
from varproof.claims.registry import CLAIMS


def attack_of(claim: Claim) -> Attack:
    """The attack on the claim's statement. Raises `InputError` for a claim of a user that has none.

    >>> from varproof.claims.registry import load_claim
    >>> attack_of(load_claim("softmax_perturbation")).cells
    ('keys', 'rho', 'factors')
    """
    found = claim.attack or _of_the_ledger(claim, "ATTACK")
    if found is None:
        raise InputError(
            "a claim without an attack",
            got=claim.id,
            allowed="Claim(..., attack=Attack(...))",
            hint="varproof claim new NAME writes a file that has one",
        )
    return found


def corrected_attack_of(claim: Claim) -> Attack | None:
    """The attack on the claim's corrected form, where it has one."""
    if claim.corrected is None:
        return None
    return claim.corrected.attack or _of_the_ledger(claim, "CORRECTED")


def attack_module(claim_id: str) -> str | None:
    """The module that holds the attack of one of the ledger's claims.

    >>> attack_module("S1")
    'varproof.claims.attacks.exact_cost_quartic'
    """
    module = dict(CLAIMS).get(claim_id)
    return None if module is None else f"varproof.claims.attacks.{module}"


def _of_the_ledger(claim: Claim, name: str) -> Attack | None:
    module = attack_module(claim.id)
    if module is None:
        return None
    try:
        found: Attack | None = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None
    return found
