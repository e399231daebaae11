"""How each operation of torch is read: one function for each, in files by subject; importing this registers them all.

May import from what `lifting` may.
"""

from vaelid.auditor.lifting.registry import RULES
from vaelid.auditor.lifting.rules import (
    comparisons,
    constants,
    draws,
    elementwise,
    extrema,
    losses,
    masks,
    matrices,
    normals_of_uniforms,
    parts,
    picks,
    reductions,
    views,
)

__all__ = [
    "RULES",
    "comparisons",
    "constants",
    "draws",
    "elementwise",
    "extrema",
    "losses",
    "masks",
    "matrices",
    "normals_of_uniforms",
    "parts",
    "picks",
    "reductions",
    "views",
]
