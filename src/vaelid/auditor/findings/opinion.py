"""What an examination found: checks that were passed, doubts with two numbers, and checks that could not be made.

In come the results of runs of the user's code; out goes an `Opinion`. For a hook that makes the gradient of the
decoder ten times smaller it has the doubt ``gradient``: 0.12 is trained where the slope of the loss is 1.2.
"""

from dataclasses import dataclass, field

from vaelid.auditor.findings.twins import TwinAgreement

__all__ = ["PRIOR_BY_STEPS", "PRIOR_OF_NOISE", "PRIOR_OF_PYTHON", "SLOPE_IS_HIDDEN", "Check", "Opinion"]

PRIOR_OF_NOISE = "a latent's prior is made from the noise of a latent by another way than that latent"
PRIOR_OF_PYTHON = "a latent's prior is made from a tensor that Python makes from values of the run"
PRIOR_BY_STEPS = "a latent's prior hangs on a latent by steps, of which slopes say nothing"
"""Reasons why the check ``order`` was left in which data flow cannot stand for it."""
SLOPE_IS_HIDDEN = "rounding hides the slope, and the code does not run in double precision"
"""The reason why the check ``gradient`` was left, where runs can say nothing of a gradient."""


@dataclass(frozen=True)
class Check:
    """One check that was made.

    Attributes:
        name: of the check.
        passed: whether the runs agree with the account.
        computed: what the runs gave.
        expected: what the account says.
        meaning: in words, what the two numbers are.
    """

    name: str
    passed: bool
    computed: str = ""
    expected: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        return f"{self.meaning}: {self.computed} where it should be {self.expected}"


@dataclass(frozen=True)
class Opinion:
    """What the runs said.

    Attributes:
        checks: those that were made.
        left: those that could not be made, each with the reason.
        notes: what a user should know, and is no doubt.
        runs: how often the user's code was run.
        beta: the weight of the divergence against the likelihood in the runs; None where it was not fitted.
        estimator: the name of the gradient that is trained, where it is not the loss's own and has the same mean.
        twins: how closely the sides of each fused kernel agreed.
    """

    checks: tuple[Check, ...] = ()
    left: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    runs: int = 0
    beta: float | None = None
    estimator: str | None = None
    twins: tuple[TwinAgreement, ...] = ()

    @property
    def doubts(self) -> tuple[Check, ...]:
        """The checks in which runs and account disagree."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> frozenset[str]:
        """The names of the checks in which they agree every time."""
        return frozenset(check.name for check in self.checks) - {check.name for check in self.doubts}
