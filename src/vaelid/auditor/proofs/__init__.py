"""Theorems of sums and coordinates.

May import from formula.
"""
