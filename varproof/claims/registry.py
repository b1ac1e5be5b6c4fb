"""The ledger's table of contents: every claim in reading order, imported only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence

from varproof.base.errors import InputError
from varproof.claims.model import Claim

# (claim id, module in varproof.claims): lemmas first, the subject's own statements S1..S7 last
CLAIMS: tuple[tuple[str, str], ...] = (
    ("softmax_perturbation", "softmax_perturbation"),
    ("softmax_perturbation_classical", "softmax_perturbation_classical"),
    ("score_perturbation", "score_perturbation"),
    ("threshold_lemma", "threshold_lemma"),
    ("exp_absolute_bessel", "exp_absolute_bessel"),
    ("exp_relative_bessel", "exp_relative_bessel"),
    ("exp_exponential_bounds", "exp_exponential_bounds"),
    ("exp_lambert_bounds", "exp_lambert_bounds"),
    ("minimal_degrees", "minimal_degrees"),
    ("rank_count", "rank_count"),
    ("as23_rank_doubling", "as23_rank_doubling"),
    ("degree_law", "degree_law"),
    ("interpolation_kernel_constants", "interpolation_kernel_constants"),
    ("schedule_token_counts", "schedule_token_counts"),
    ("schedule_attention_constants", "schedule_attention_constants"),
    ("interpolation_growth", "interpolation_growth"),
    ("layer_amplification", "layer_amplification"),
    ("embedding_free_maps", "embedding_free_maps"),
    ("regime_thresholds", "regime_thresholds"),
    ("attention_output_error", "attention_output_error"),
    ("weighted_certificate", "weighted_certificate"),
    ("block_causal_mask", "block_causal_mask"),
    ("running_feature_sums", "running_feature_sums"),
    ("streamed_attention_cost", "streamed_attention_cost"),
    ("var_pass_flops", "var_pass_flops"),
    ("var_error_ledger", "var_error_ledger"),
    ("extrapolation_weights", "extrapolation_weights"),
    ("counting_reduction", "counting_reduction"),
    ("interpolated_transfer", "interpolated_transfer"),
    ("reduction_exponents", "reduction_exponents"),
    ("entry_bounds_of_reductions", "entry_bounds_of_reductions"),
    ("S1", "exact_cost_quartic"),
    ("S2", "subquadratic_reading"),
    ("S3", "sharp_entry_threshold"),
    ("S4", "no_subquartic_algorithm"),
    ("S5", "low_rank_construction"),
    ("S6", "almost_linear_criterion"),
    ("S7", "kernel_values_in_unit_interval"),
)


def claim_ids() -> tuple[str, ...]:
    """The ids of all claims in the order of the ledger.

    >>> claim_ids()[0]
    'softmax_perturbation'
    """
    return tuple(name for name, _ in CLAIMS)


def load_claim(claim_id: str) -> Claim:
    """Import one claim; raises `InputError` with the nearest ids for an unknown one.

    >>> load_claim("threshold_lemma").kind
    'tight'
    """
    modules = dict(CLAIMS)
    if claim_id not in modules:
        raise _unknown(claim_id)
    claim: Claim = importlib.import_module(f"varproof.claims.{modules[claim_id]}").CLAIM
    return claim


def load_claims(wanted: Sequence[str] = ()) -> tuple[Claim, ...]:
    """The claims named in `wanted` in the order of the ledger, each once; all of them when `wanted` is empty.

    Raises `InputError` for an unknown id before any claim is imported.

    >>> [claim.id for claim in load_claims(["threshold_lemma", "score_perturbation"])]
    ['score_perturbation', 'threshold_lemma']
    """
    for name in wanted:
        if name not in claim_ids():
            raise _unknown(name)
    return tuple(load_claim(name) for name in claim_ids() if not wanted or name in wanted)


def is_subject_statement(claim_id: str) -> bool:
    """Whether a claim is one of the subject's own statements S1..S7.

    >>> is_subject_statement("S3"), is_subject_statement("softmax_perturbation")
    (True, False)
    """
    return claim_id[:1] == "S" and claim_id[1:].isdigit()


def _unknown(claim_id: str) -> InputError:
    ids = claim_ids()
    lowered = {name.lower(): name for name in ids}
    same = [lowered[claim_id.lower()]] if claim_id.lower() in lowered else []
    near = same or [lowered[name] for name in difflib.get_close_matches(claim_id.lower(), lowered, n=3, cutoff=0.5)]
    hint = f"did you mean {' or '.join(near)}?" if near else "varproof verify --list shows all of them"
    return InputError("unknown claim", got=claim_id, allowed=", ".join(ids), hint=hint)
