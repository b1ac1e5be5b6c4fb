"""The error ledger: a bound beside every number of a pass, step by step."""
