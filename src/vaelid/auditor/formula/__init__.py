"""Terms as an auditor needs them.

In: terms, numbers, tensors. Out: other terms, and values. `axes_of_terms` says how axes are written; `arithmetic`,
`functions` and `patterns` rewrite; `in_tensors`, `in_balls` and `circuit` evaluate.

May import from findings.
"""
