"""From a recording to a formula.

May import from recording, formula, findings.
"""
