"""Is the library of theorems tight? The spec is changed in one place at a time, and a theorem must fail.

`python -m tests.mutants` makes every mutant of the spec's formulas and reports what became of each: killed by a
theorem, or proved by the kernel to be the function that it was, for a reason that is written down. What is changed are
formulas, as theorems read them; that a floating-point twin is tied to its formula is tested in `tests/twins`.
"""
