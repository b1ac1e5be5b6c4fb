"""How campaigns attack the ledger's claims: one file per claim, named like the claim's module, with its `ATTACK`."""
