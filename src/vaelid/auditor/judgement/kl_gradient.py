"""Autograd's gradient of a function that was proved to be a multiple of the KL, held against the KL's own.

The function, its weight and its theorem come in; the claim PROVED goes out, or REFUTED with the two slopes.
Example: for ``mu.detach()**2`` in the KL the slope through mu is 0 where the KL's is mu.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from flint import arb
from torch import Tensor

from vaelid import spec
from vaelid.auditor.findings.report import Claim, Witness
from vaelid.auditor.findings.witnesses import no_slope_of_divergence, separated
from vaelid.auditor.judgement.names import Monomial
from vaelid.auditor.model.arguments import KL_SHAPES, kl_variables
from vaelid.auditor.model.roles import GaussianRoles
from vaelid.auditor.recording.calls import users_code
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.digits import apart
from vaelid.spec.errors import UserCodeError, words_of
from vaelid.theory.kernel import Theorem

__all__ = ["gradient_claim"]


_RELATIVE, _ABSOLUTE = 1e-9, 1e-12
"""float64 rounding of a few dozen operations is 1e-14; a gradient that is cut off differs by a part of itself."""
_ROUNDINGS, _WIDEST = 100, 1e-3
"""Of what is computed in float32: so many of its last digits, of the largest slope, are left to rounding; but never
more than a thousandth, which a part that is cut off is not."""


@dataclass(frozen=True)
class _RightValue:
    """The theorem that a function has the value that it should have, and what is taken for granted in it."""

    theorem: Theorem
    assumptions: tuple[str, ...]

    def but_wrong_gradient(self, reason: str, witness: Witness | None) -> Claim:
        """REFUTED if there is a witness of another gradient; else UNKNOWN."""
        return Claim(
            "divergence",
            "UNKNOWN" if witness is None else "REFUTED",
            reason,
            theorems=(self.theorem,),
            witness=witness,
            bug=None if witness is None else "detached",
            assumptions=self.assumptions,
        )


@torch.enable_grad()  # whatever the audited file switched off when it was loaded
def gradient_claim(
    function: Callable[..., Any],
    roles: GaussianRoles,
    weight: Monomial,
    value: arb | None,
    theorem: Theorem,
    assumptions: tuple[str, ...],
    coarsest: float = 0.0,
) -> Claim:
    """PROVED if autograd's gradient at a point is that of `weight` times the KL.

    Args:
        function: the user's.
        roles: of its arguments.
        weight: of the KL.
        value: the weight at the recorded lengths, rigorously; None if it is not known.
        theorem: that it is the KL.
        assumptions: of the theorem.
        coarsest: the relative rounding of the least precise numbers in it.
    """
    shape = KL_SHAPES[0]
    variables = kl_variables(roles.of, shape)
    mu, spread = variables["mu"], variables[roles.spread_role.variable]
    with users_code(), unchanged([function]):
        result = function(*(role.argument(variables[role.variable]) for role in roles.of.values()))
    known = _RightValue(theorem, assumptions)
    try:
        actual = _slopes(function, result, (mu, spread))
    except RuntimeError as error:
        said = str(error).partition(";")[0]
        reason = f"its value is right, but torch cannot differentiate it: {said}."
        return known.but_wrong_gradient(reason, no_slope_of_divergence("it, as torch has it"))
    factor = weight.at({"B": shape[0], "L": shape[1]})
    closed_form = factor * spec.coordinate_kl_to_standard(mu, roles.spread_role.log_variance(spread)).sum()
    wanted = torch.autograd.grad(closed_form, (mu, spread))
    for name, got, want in zip((roles.mean, roles.spread), actual, wanted, strict=True):
        rounding = min(_WIDEST, _ROUNDINGS * coarsest)
        close, near = max(_RELATIVE, rounding), max(_ABSOLUTE, rounding * float(want.abs().max()))
        if got is None or not torch.allclose(got, want, rtol=close, atol=near):
            return known.but_wrong_gradient(*_wrong_slope(roles, name, (mu, spread), got, want, value))
    return Claim(
        "divergence",
        "PROVED",
        f"for every B and L it is {weight} times the KL to N(0, I) in nats, summed over what it sums over, and a "
        "constant.",
        weight=str(weight),
        theorems=(theorem,),
        assumptions=(
            *assumptions,
            "the gradient is tested at one point",
            "real numbers: rounding, overflow and NaN are not counted",
        ),
    )


def _slopes(
    function: Callable[..., Any], result: Tensor, variables: tuple[Tensor, Tensor]
) -> tuple[Tensor | None, ...]:
    """Autograd's gradient of the result's sum. Raises torch's own `RuntimeError` if it cannot be computed."""
    if not result.requires_grad:
        return (None, None)
    try:
        with unchanged([function]):  # a backward of the user's own may be run
            return torch.autograd.grad(result.sum(), variables, allow_unused=True)
    except RuntimeError:
        raise
    except Exception as error:
        raise UserCodeError(f"the audited function's backward raised {words_of(error)}") from error


def _wrong_slope(
    roles: GaussianRoles,
    name: str,
    variables: tuple[Tensor, Tensor],
    got: Tensor | None,
    want: Tensor,
    value: arb | None,
) -> tuple[str, Witness | None]:
    """What there is to say of a gradient that is not the KL's, and its witness: where it is furthest off."""
    off = 0 if got is None else int((got - want).abs().argmax())
    slope = float(want.flatten()[off])
    found = 0.0 if got is None else float(got.flatten()[off])
    computed, wanted = apart(slope if got is None else found, slope)
    shown = "none" if got is None else f"{computed} at some place"
    reason = (
        f"its value is right, but not its gradient through {name}: {shown}, where that of the KL is "
        f"{wanted}. Is something detached, or the backward pass your own?"
    )
    point = tuple(float(x.detach().flatten()[off]) for x in variables)
    return reason, _witness(roles, name, point, found, value)


def _witness(
    roles: GaussianRoles, name: str, point: tuple[float, ...], found: float, weight: arb | None
) -> Witness | None:
    """The slope that torch computed, beside that of the KL; None if that is not known, or is the same number."""
    if weight is None:
        return None
    mu, spread = map(arb, point)
    log_variance = roles.spread_role.log_variance
    wanted = weight * (mu if name == roles.mean else log_variance(1) * (log_variance(spread).exp() - 1) / 2)
    variables = (roles.of[n].variable for n in (roles.mean, roles.spread))
    at = dict(zip(variables, map(repr, point), strict=True))
    meaning = f"the slope through {name}, as torch computed it; that of the KL, with its weight"
    if not math.isfinite(found):
        return Witness(at, str(found), wanted.str(12), meaning)
    return None if wanted.contains(found) else separated(at, Fraction(found), wanted, meaning)
