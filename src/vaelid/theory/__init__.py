"""Theorems."""
