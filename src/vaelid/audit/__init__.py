"""Audit what PyTorch code computes: record it, read the record as a formula, prove or refute what it is taken for."""

from vaelid.audit.divergence import audit_kl
from vaelid.audit.report import Claim, Verdict, Witness

__all__ = ["Claim", "Verdict", "Witness", "audit_kl"]
