"""Symbolic arrays: a function of the spec, called on them, becomes a formula."""

from vaelid.readings.terms.arrays import TermArray, TermMap, map_variable, real, size, variable
from vaelid.readings.terms.latex import latex
from vaelid.readings.terms.namespace import NAMESPACE
from vaelid.readings.terms.rocq import rocq
from vaelid.readings.terms.syntax import Term
from vaelid.readings.terms.text import text
from vaelid.readings.terms.trace import define, trace

__all__ = [
    "NAMESPACE",
    "Term",
    "TermArray",
    "TermMap",
    "define",
    "latex",
    "map_variable",
    "real",
    "rocq",
    "size",
    "text",
    "trace",
    "variable",
]
