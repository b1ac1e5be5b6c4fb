"""How often the compiled kernel rounds a term, and how many operations it executes, from the shapes of its loops."""

from __future__ import annotations

from functools import lru_cache

from varproof.attention.compiled.layout import BLOCK_TOKENS, DEFERRED_ROWS_PER_COLUMN, MOST_COLUMNS, Layout, Machine
from varproof.attention.features import FeaturePlan


@lru_cache(maxsize=256)
def state_roundings(plan: FeaturePlan, keys: int, machine: Machine) -> int:
    """Roundings of one term of the state over `keys` keys.

    A coordinate: the difference, the cast of the factor (float32 only), the product: 3 each. A monomial of degree k
    takes k - 1 products, the value its difference (its factor 1 is exact), monomial times value 1 where it is not fused
    with the sum; a deferred group multiplies the value instead of the tail by the coordinate, the count is the same.
    Within a block a lane sums one term a step, lanes join as a tree, blocks follow one by one in float64. float32 has
    twice the lanes: half the steps, one level more in the tree.
    """
    lanes = machine.lanes(8)
    steps = -(-min(keys, BLOCK_TOKENS) // lanes)
    tree = (2 * lanes).bit_length() - 1
    return 3 * plan.degree + max(plan.degree - 1, 0) + 2 + steps + tree + -(-keys // BLOCK_TOKENS)


@lru_cache(maxsize=256)
def output_roundings(plan: FeaturePlan, machine: Machine) -> int:
    """Roundings of one term of an output, for any number of columns.

    A coordinate: the cast of the factor (float32 only), the product: 2 each; k - 1 products for a monomial, the cast of
    the table, the product with its entry where it is not fused. Then one sum a stored row and one a deferred group. A
    term of a deferred group is summed over its tail (no longer than the stored rows), multiplied by the coordinate (a
    product of the monomial moved here) and passes the sums of the deferred groups; that is no more. A group shorter
    than the longest limit may be stored, with few columns it is deferred, which takes fewer sums.
    """
    longest = DEFERRED_ROWS_PER_COLUMN * MOST_COLUMNS[machine.registers]
    last = [group.stop - group.start for group in plan.groups if group.degree == plan.degree]
    sums = plan.starts[plan.degree] + sum(rows if rows < longest or plan.degree == 1 else 1 for rows in last)
    return 2 * plan.degree + max(plan.degree - 1, 0) + 2 + sums


@lru_cache(maxsize=256)
def state_flops(layout: Layout, keys: int, machine: Machine) -> int:
    """Operations of the state pass over `keys` keys."""
    lanes = machine.lanes(8)
    columns, depth, built = layout.columns, layout.depth, len(layout.built)
    blocks = -(-keys // BLOCK_TOKENS)
    padded = -(-keys // lanes) * lanes  # blocks are whole vectors
    tiles = layout.plain_tiles + int(layout.row_tiles.sum())
    made = int(layout.row_tiles[:built].sum()) * depth
    fill = 2 * (layout.plan.head_dim + columns - 1) * keys
    sums = 2 * tiles * depth * columns + made + len(layout.deferred) * columns
    vectors = tiles * sum(layout.tile_entries(width, lanes) for width in layout.tiling.widths) // lanes
    # a tree over `lanes` vectors takes lanes - 1 vector additions, the sum in float64 one more
    return fill + padded * sums + blocks * vectors * lanes * lanes


@lru_cache(maxsize=256)
def output_flops(layout: Layout, queries: int, machine: Machine) -> int:
    """Operations of the output pass over `queries` queries."""
    tile = layout.tiling.depth * machine.lanes(8)
    padded = -(-queries // tile) * tile
    made = layout.stored - layout.plain
    sums = 2 * (layout.plan.rank + len(layout.deferred)) * layout.columns
    return 2 * layout.plan.head_dim * queries + padded * (made + sums)
