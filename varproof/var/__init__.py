"""The Visual Autoregressive model: interpolation, three phases, costs, and an error ledger from end to end.

Two models: the formal one of the theorems and the reference one that people run. Every pass is written once, against
the operations of `arithmetic.protocol`, and run on plain arrays (`arithmetic.plain`), or with a bound beside every
number (`ledger`).
"""
