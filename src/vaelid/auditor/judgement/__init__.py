"""From what was recognised, and premises, to claims and a report.

In comes what was found out about a loss (`Assessed`) and what it was declared to be; out goes a `Report`. Each part of
a loss is decided by a function that returns a `Decision`, whose reason is a value (`reasons`), and `wording.py` says
it: `SharedDraw("L")` becomes "one draw is shared along L: the coordinates of z are not independent."

May import from refutation, recognition, model, lifting, proofs, recording, formula, findings.
"""
