"""Right losses and steps with one thing changed: `python -m tests.mutants.audit`."""
