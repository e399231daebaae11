"""What the checks of an examination share: the bench, the account, and the checks that they add.

In: a bench and an account. Out: the results of checks, gathered. For example, `examined.check("sign", a > 0, ...)`
notes one, and `examined.leave("density", "no sum is made for it")` notes that one could not be made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from vaelid.auditor.examination.bench import Bench, number_of_rows
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import Account
from vaelid.auditor.findings.opinion import Check, Opinion
from vaelid.auditor.findings.twins import TwinAgreement
from vaelid.auditor.recording.calls import call_of
from vaelid.auditor.recording.events import Recording

__all__ = ["BATCHES", "Examined", "RowsAnew", "other_rows", "with_tensor"]

BATCHES = 3
"""How many batches are looked at. What has only data in it is a constant of each: with fewer, a wrong term of the data
alone could not be told from one of the posterior's."""


@dataclass
class Examined:
    """A step that is being examined.

    Attributes:
        bench: runs it.
        account: what the symbolic road says of it.
        checks: the results so far.
        left: the checks that could not be made, with the reason.
        notes: what a user should know.
        beta: the weight of the divergence against the likelihood, as fitted.
        weight: of the likelihood, as fitted; None before.
        estimator: the name of the gradient that is trained, where it is not the loss's own and has the same mean.
        twins: how closely the sides of each fused kernel agreed.
    """

    bench: Bench
    account: Account
    checks: list[Check] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    beta: float | None = None
    weight: float | None = None
    estimator: str | None = None
    twins: tuple[TwinAgreement, ...] = ()

    @property
    def exact(self) -> float:
        """How far a number may be from what it should be, relatively: rounding of a sum of thousands of terms."""
        return 1e-6 if self.bench.double else 1e-3

    def is_rounding(self, off: float, of: float) -> bool:
        """Whether two numbers may differ by this where losses are added and rounded to a number of this size."""
        return not self.bench.double and off <= _ROUNDINGS * self.bench.coarsest * of

    def check(self, name: str, passed: bool, computed: Any = "", expected: Any = "", meaning: str = "") -> None:
        """Note the result of one check: two numbers, and what they are."""
        self.checks.append(Check(name, bool(passed), _shown(computed), _shown(expected), meaning))

    def numbers(self, recording: Recording) -> Numbers:
        """The numbers of the account's arrays in a run."""
        return Numbers(self.account, recording)

    def opinion(self) -> Opinion:
        """What was found."""
        return Opinion(
            tuple(self.checks),
            dict(self.left),
            tuple(self.notes),
            self.bench.runs,
            self.beta,
            self.estimator,
            self.twins,
        )

    def data_tensors(self) -> Mapping[str, Tensor]:
        """The tensors of the batch, by their names."""
        return call_of(self.bench.batch).tensors


_ROUNDINGS = 4
"""Of one loss: those of its parts add up to a few of the last."""


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.9g}"


class RowsAnew:
    """Rows drawn anew, the same of each tensor with so many rows; real numbers are mixed of two rows."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.one, self.other = (torch.randint(count, (count,), generator=generator) for _ in range(2))
        self.share = float(torch.rand((), generator=generator, dtype=torch.float64))

    def of(self, value: Tensor) -> Tensor:
        """The tensor with these rows; whole numbers, and what is 0 or 1, stay so."""
        if not value.is_floating_point() or bool((value == value.round()).all()):
            return value[self.one]
        return self.share * value[self.one] + (1 - self.share) * value[self.other]


def other_rows(examined: Examined, seed: int) -> Any:
    """Another batch of the same support: rows of the batch drawn anew, real numbers mixed of two rows.

    It is the batch itself where its tensors have no number of rows in common.
    """
    batch = examined.bench.batch
    if (count := number_of_rows(batch)) is None:
        return batch
    anew = RowsAnew(count, torch.Generator().manual_seed(seed))
    held = {id(tensor) for name, tensor in examined.data_tensors().items() if name in examined.account.held}

    def chosen(value: Any) -> Any:
        return anew.of(value) if isinstance(value, Tensor) and id(value) not in held else value

    leaves, structure = tree_flatten(batch)
    return tree_unflatten([chosen(leaf) for leaf in leaves], structure)


def with_tensor(batch: Any, old: Tensor, new: Tensor) -> Any:
    """The batch with another tensor in the place of one of its own."""
    leaves, structure = tree_flatten(batch)
    return tree_unflatten([new if leaf is old else leaf for leaf in leaves], structure)
