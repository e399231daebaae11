"""Points at which a loss is not what it is taken for.

May import from recognition, model, lifting, proofs, recording, formula, findings.
"""
