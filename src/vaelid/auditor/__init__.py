"""Audit what PyTorch code computes: record it, read the record as a formula, prove or refute what it is taken for."""

from vaelid.auditor.findings.report import Claim, Report, Verdict, Witness
from vaelid.auditor.kl import audit_kl
from vaelid.auditor.loss import audit_loss
from vaelid.auditor.sampler import audit_sampler
from vaelid.auditor.step import audit

__all__ = ["Claim", "Report", "Verdict", "Witness", "audit", "audit_kl", "audit_loss", "audit_sampler"]
