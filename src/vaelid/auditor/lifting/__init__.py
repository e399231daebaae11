"""From a recording to a formula.

In: the runs of a function, recorded. Out: a `Formula` (`two_runs`), made of a `Reading` (`lift`) of each run. `rules/`
says how each operation is read, `registry.reads` registers another, and `reader` holds what is known on the way.

May import from recording, formula, findings.
"""
