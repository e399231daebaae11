"""Terms as an auditor needs them.

May import from findings.
"""
