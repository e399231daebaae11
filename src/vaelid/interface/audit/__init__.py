"""Audits as users meet them: from TARGET to report, as text, JSON, SARIF and a page; and as an assertion."""

from vaelid.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
