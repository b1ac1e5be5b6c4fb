"""How campaigns attack the ledger's claims: one file per claim, named like the claim's module, with its `ATTACK`.

A new attack is one file, and `CORRECTED` in it where the claim has a corrected form. Copy `softmax_perturbation` for a
claim about arrays, `rank_count` for one whose check is exact and quick, `exp_relative_bessel` for an inequality between
enclosed numbers, `sharp_entry_threshold` for a statement with several parts.
"""
