"""Exact flops of a whole VAR pass by phase, from its configuration."""

from __future__ import annotations

from varproof.var.cost.forms import Form, convolution
from varproof.var.cost.maps import decoder_forms, formal_reconstruction, reference_reconstruction
from varproof.var.cost.moments import Variant, moments
from varproof.var.cost.transformer import formal_transformer, reference_transformer
from varproof.var.models.config import Config, FormalConfig


def phase_forms(config: Config) -> dict[str, Form]:
    """The closed form of every phase that costs anything, in the order of a pass; the same for all variants.

    Equal to what `Plain` counts, except that the engine of exact attention also counts its own certificate
    (`certificate_flops`). Source of the models: arXiv:2501.04377, arXiv:2404.02905.
    """
    if isinstance(config, FormalConfig):
        forms = formal_transformer(config) | formal_reconstruction(config)
        channels = config.width
    else:
        forms = reference_transformer(config) | reference_reconstruction(config)
        channels = config.code_dim
    if config.decoder is not None:
        forms |= decoder_forms(config.decoder, channels)
        if not isinstance(config, FormalConfig):  # the VQ-VAE has one more convolution before its decoder
            forms["decoder/convolution"] += convolution(channels, channels)
    return {phase: form for phase, form in forms.items() if form.terms}


def flops_by_phase(config: Config, variant: Variant = "cached") -> dict[str, int]:
    """Exact flops of every phase of one generated image. Raises `InputError` for an unknown variant.

    >>> from varproof.growth.schedules import parse_schedule
    >>> flops_by_phase(FormalConfig(parse_schedule("1,2,4"), width=4, hidden=8))["transformer/attention"]
    6867
    """
    at = moments(config.schedule, variant)
    return {phase: form.value(at) for phase, form in phase_forms(config).items()}


def certificate_flops(queries: int, keys: int, head_dim: int) -> int:
    """What the engine of exact attention counts beyond `exact_flops` for one head with all its pairs.

    It shifts and scales every key, value and query, and bounds its own rounding: 6d for every row of keys and of
    queries, where the formula has only the d divisions of a query.
    """
    return (queries + keys) * 6 * head_dim - queries * head_dim
