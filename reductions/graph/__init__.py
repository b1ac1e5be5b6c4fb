"""The graph of problems and reductions: paths, composed sizes, exponents, hypotheses, exports.

>>> from reductions import graph
>>> [rule.name for rule in graph.find_path("cnf", "attention")]
['cnf_to_ov', 'ov_to_attention_scaling']
>>> graph.network().number_of_nodes()
7
"""

from reductions.graph.exponents import exponent_sentence
from reductions.graph.model import graph as network
from reductions.graph.search import find_path, pareto

__all__ = ["exponent_sentence", "find_path", "network", "pareto"]
