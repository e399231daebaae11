"""From what was recognised, and premises, to claims and a report.

May import from refutation, recognition, model, lifting, proofs, recording, formula, findings.
"""
