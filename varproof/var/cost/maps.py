"""Closed forms of the phases after the transformer: reconstruction of the feature map, and the decoder."""

from __future__ import annotations

from varproof.var.arithmetic.flops import ACTIVATION_FLOPS
from varproof.var.cost.forms import Form, convolution, linear, softmax_attention
from varproof.var.interpolation.operators import up_products
from varproof.var.models.config import DecoderConfig, FormalConfig, ReferenceConfig
from varproof.var.models.decoder import decoder_parts
from varproof.var.models.reference_tokens import KERNEL

DECODER_ATTENTION = "decoder/attention"


def lifted(kernel: str, channels: int) -> Form:
    """Every map but the last from p to n: rows to n p entries, columns to n n, an inner product for each.

    >>> lifted("bicubic", 1).terms
    {'lift': 8, 'maps': 8, 'cells': -8}
    """
    each = 2 * up_products(kernel) * channels
    return Form.of(lift=each, maps=each, cells=-each)


def formal_reconstruction(config: FormalConfig) -> dict[str, Form]:
    """Every map but the last to n x n, K convolutions of 3x3, K - 1 sums."""
    width = config.width
    return {
        "reconstruction/interpolation": lifted(config.kernel, width),
        "reconstruction/convolution": convolution(width, width, "maps") + Form.of(maps=width, cells=-width),
    }


def reference_reconstruction(config: ReferenceConfig) -> dict[str, Form]:
    """The same on the codes, with (1 - r) x + r conv(x), and the averages that the next step reads."""
    codes = config.code_dim
    mixing = Form.of(maps=4 * codes, cells=-codes)  # two scalings and a sum a map, then the sum over maps
    return {
        "reconstruction/interpolation": lifted(KERNEL, codes),
        "reconstruction/convolution": convolution(codes, codes, "maps") + mixing,
        "reconstruction/down-sampling": Form.of(area=2 * codes),
    }


def decoder_forms(config: DecoderConfig, channels: int) -> dict[str, Form]:
    """The phases of `varproof.var.models.decoder`, part by part; `channels` of the feature map."""
    forms = {name: Form.of() for name in ("convolution", "attention", "normalisation", "projections", "interpolation")}

    def add(phase: str, form: Form) -> None:
        forms[phase] = forms[phase] + form

    side = 1  # of the map over n
    for part in decoder_parts(config, channels):
        inputs, outputs = part.inputs, part.outputs
        if part.kind == "enlarge":
            # resampling p to 2p: inner products for 2p p and 2p 2p entries of each channel
            add("interpolation", Form.of(cells=12 * up_products(config.upsampling) * inputs * side**2))
            side *= 2
        area = side**2
        if part.kind in ("convolution", "enlarge"):
            add("convolution", convolution(inputs, outputs, area=area))
        elif part.kind == "norm":
            add("normalisation", _norm(config, inputs, area, active=True))
        elif part.kind == "attention":
            add("normalisation", _norm(config, inputs, area, active=False))
            add("projections", (linear(inputs, 4 * inputs, "cells") + Form.of(cells=inputs)) * area)
            # always at the coarsest level, where the map has n x n cells
            add("attention", softmax_attention(1, inputs, "square_pairs", "cells"))
        else:
            add("normalisation", _norm(config, inputs, area, active=True) + _norm(config, outputs, area, active=True))
            both = convolution(inputs, outputs, area=area) + convolution(outputs, outputs, area=area)
            shortcut = linear(inputs, outputs, "cells") * (area if inputs != outputs else 0)
            add("convolution", both + shortcut + Form.of(cells=outputs * area))
    return {f"decoder/{name}": form for name, form in forms.items()}


def _norm(config: DecoderConfig, channels: int, area: int, *, active: bool) -> Form:
    """Group norm with weight and bias, 7 an entry and 2 a group; then the activation."""
    found = Form.of(cells=7 * channels * area, one=2 * config.groups) if config.groups else Form.of()
    return found + Form.of(cells=ACTIVATION_FLOPS[config.activation] * channels * area) if active else found
