"""Audits as users meet them: from TARGET to report, as text, JSON, SARIF and a page; and as an assertion."""

from vaelid.interface.audit.assertion import NotElbo, assert_elbo

__all__ = ["NotElbo", "assert_elbo"]
