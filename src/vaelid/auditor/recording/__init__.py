"""Runs of the user's code, as the operations that they came down to.

In: a function and a `Call`. Out: a `Recording` (`record`, `events`), and the world as it was (`state`, which asks
`reach` for what there is, and `keep`, `storages`, `switches` and `iterators` to set it back).

May import from formula.errors, findings.twins.
"""
