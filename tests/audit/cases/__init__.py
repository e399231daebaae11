"""Losses and steps with what an audit must find in each: numbers by hand, checked without the auditor."""

from . import (
    hidden,
    looks_wrong,
    losses,
    masks,
    others,
    steps,
    structures,
    wrong_losses,
    wrong_masks,
    wrong_steps,
)
from .case import SIZES, Built, Case
from .likelihoods import LIKELIHOODS

__all__ = ["BANKS", "CASES", "LIKELIHOODS", "SIZES", "Built", "Case"]

_MODULES = (losses, hidden, wrong_losses, steps, structures, wrong_steps, looks_wrong, others, masks, wrong_masks)

BANKS = {module.__name__.rpartition(".")[2]: module.BANK.cases for module in _MODULES}

CASES = {f"{bank}.{name}": case for bank, cases in BANKS.items() for name, case in cases.items()}
