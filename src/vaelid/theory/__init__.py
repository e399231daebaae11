"""Theorems.

The functions of the spec take their names in the kernel here, before anything can be asked of it: no other function
can be unfolded under one of these names.
"""

from vaelid.theory.kernel import unfold
from vaelid.theory.library.definitions import DEFINITIONS

for _definition in DEFINITIONS:
    for _symbol in _definition.symbols:
        unfold(_symbol)
