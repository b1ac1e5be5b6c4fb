"""varproof: do complexity theorems about attention hold at my parameters, and what do they buy me?

The top-level import is light: nothing of sympy, scipy or matplotlib is loaded before a function needs it.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
