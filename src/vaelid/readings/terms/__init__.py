"""Symbolic arrays."""
