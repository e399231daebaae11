"""Runs of the user's code, as the operations that they came down to.

May import from formula.errors.
"""
