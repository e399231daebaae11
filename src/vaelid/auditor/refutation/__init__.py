"""Points at which a loss is not what it is taken for.

In comes a term, or a whole loss, and what it is taken for; out goes a `Refutation`, whose two numbers exclude each
other by ball arithmetic, or None where no such point was found. For mu^2 / 2, taken for a KL, the point is one where
log sigma^2 has moved and the term has not.

May import from recognition, model, lifting, proofs, recording, formula, findings.
"""
