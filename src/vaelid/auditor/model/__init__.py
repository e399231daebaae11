"""What in a formula is a posterior, a draw, data or a decoder's output.

May import from lifting, proofs, recording, formula, findings.
"""
