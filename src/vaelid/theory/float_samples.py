"""Floats that the spec has computed, as Rocq lemmas: each lies within a distance of the emitted definition's value.

The lemmas are what counts, not the bits: another processor, or another build of NumPy, may compute 1 + 2^-52 where this
one computes 1. So a file that was emitted elsewhere is current (`samples_are_current`) if it is, to the letter, what is
emitted here of *its* results, and each of these is about what is computed here.
"""

import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from vaelid import spec
from vaelid.spec.likelihoods import bernoulli_log_density, gaussian_log_density

__all__ = [
    "SAMPLES",
    "FloatSample",
    "distance",
    "float_samples_file",
    "results_here",
    "results_of",
    "samples_are_current",
]

_HEAD = """\
(** Emitted by [vaelid theorems --emit-rocq]: do not edit. What the specification computed
    with float64 arrays, against the definitions emitted from it: each result, an exact
    number, is certified by Interval to lie within the stated distance of the real value at
    the same, exact, inputs. *)
From Coq Require Import Reals.
From Interval Require Import Tactic.
From Vaelid.base Require Import FiniteSums.
From Vaelid.spec Require Gen.
Open Scope R_scope.

(** The definition, its sums written out, and what Interval makes of it. *)
Ltac certify :=
  cbv [fsum]; rewrite ?INR_IZR_INZ; cbn [Z.of_nat Pos.of_succ_nat Pos.succ];
  interval with (i_prec 120).
"""


@dataclass(frozen=True)
class FloatSample:
    """A function of the spec at one point.

    Attributes:
        name: what the emitted definition is called.
        arguments: those of the emitted definition; sequences are vectors, and ints sizes or an index.
        value: the function at this point, given what makes an array of numbers: `np.asarray`, `balls`.
    """

    name: str
    arguments: tuple[Any, ...]
    value: Callable[[Callable[[Any], Any]], Any]


def _of_scalars(function: Callable[..., Any], *points: tuple[float, ...]) -> list[FloatSample]:
    return [FloatSample(function.__name__, point, lambda a, point=point: function(*map(a, point))) for point in points]


_MU, _LOGVAR, _EPS = (0.75, -1.5, 2.25), (-0.5, 0.3, 1.1), (0.125, -2.7, 0.6)
_X, _X_HAT = (0.2, -1.0, 3.5, 0.7), (0.1, -0.4, 3.0, 1.9)
_WEIGHTS = (-90.5, -91.25, -89.0)

SAMPLES: tuple[FloatSample, ...] = (
    *_of_scalars(
        spec.coordinate_kl_to_standard,
        *((0.0, 0.0), (1e-4, -1e-4), (2.0, 0.5), (-3.0, -20.0), (0.1, 10.0), (1e-9, 1e-9)),
    ),
    *_of_scalars(spec.exp_minus_one_minus, (1e-6,), (-0.3,), (1.7,), (20.0,)),
    *_of_scalars(gaussian_log_density, (0.1, 0.3, 0.0), (2.5, -1.0, -4.0), (0.0, 0.0, 3.0)),
    *_of_scalars(bernoulli_log_density, (1.0, 2.5), (0.0, 2.5), (1.0, -30.0), (0.25, 0.1)),
    *_of_scalars(spec.variance_of_scale, (0.3,)),
    FloatSample(
        "diagonal_gaussian_kl_to_standard_sum",
        (3, _MU, _LOGVAR),
        lambda a: spec.diagonal_gaussian_kl_to_standard_sum(a(_MU), a(_LOGVAR)),
    ),
    FloatSample(
        "diagonal_gaussian_kl_to_standard",
        (3, _MU, _LOGVAR),
        lambda a: spec.diagonal_gaussian_kl_to_standard(a(_MU), a(_LOGVAR)),
    ),
    FloatSample("mean_squared_error", (4, _X_HAT, _X), lambda a: spec.mean_squared_error(a(_X_HAT), a(_X))),
    FloatSample("importance_weighted_bound", (3, _WEIGHTS), lambda a: spec.importance_weighted_bound(a(_WEIGHTS))),
    *(
        FloatSample(
            "reparameterize_diag",
            (_MU, _LOGVAR, _EPS, k),
            lambda a, k=k: spec.reparameterize_diag(a(_MU), a(_LOGVAR), a(_EPS))[k],
        )
        for k in range(len(_MU))
    ),
    FloatSample("negative_elbo", (93.75, 12.1), lambda a: spec.negative_elbo(spec.ElboTerms(a(93.75), a(12.1)))),
    FloatSample(
        "beta_negative_elbo",
        (0.3, 93.75, 12.1),
        lambda a: spec.beta_negative_elbo(a(0.3), spec.ElboTerms(a(93.75), a(12.1))),
    ),
    FloatSample(
        "weighted_three_term",
        (0.3, 1.5, 0.7, 2.9),
        lambda a: spec.weighted_three_term(a(0.3), spec.WeightedThreeTerm(a(1.5), a(0.7), a(2.9))),
    ),
)


@cache
def results_here() -> tuple[float, ...]:
    """What this machine computes of each sample, with NumPy in float64."""
    return tuple(float(sample.value(np.asarray)) for sample in SAMPLES)


def distance(sample: FloatSample, result: float) -> Fraction:
    """How far a result may lie from the real value: 8 units of 2^-53 at the size of the result and of its inputs.

    The size is rounded up to a power of 2; it is 1 at least, for 1 is among what the definitions add up.
    """
    mantissa, exponent = math.frexp(max(1.0, abs(result), *map(abs, _numbers(sample.arguments))))
    return Fraction(2) ** (exponent - (mantissa == 0.5) + 3 - 53)


def float_samples_file(results: Sequence[float] | None = None) -> str:
    """The text of `proofs/objective/FloatSamples.v`: results of the spec (those computed here), each with its lemma."""
    parts = [_HEAD]
    for number, (sample, result) in enumerate(zip(SAMPLES, results or results_here(), strict=True), 1):
        written = "".join(f"\n      {_argument(argument)}" for argument in sample.arguments)
        parts.append(
            f"Lemma sample_{number} :\n  Rabs (\n    Gen.{sample.name}{written}\n    - {_rational(Fraction(result))})\n"
            f"  <= {_rational(distance(sample, result))}.\nProof. unfold Gen.{sample.name}. certify. Qed.\n"
        )
    samples = ", ".join(f"sample_{number}" for number in range(1, len(parts)))
    parts.append(
        "\n".join(textwrap.wrap(f"Definition float_samples := ({samples}).", 96, subsequent_indent="  ")) + "\n"
    )
    return "\n".join(parts)


_RESULT = re.compile(r"^    - \((-?\d{1,400})(?: / (\d{1,400}))?\)\)$", re.MULTILINE)
"""The line of a lemma that has its result. A float64 number has at most 324 + 16 digits; int() refuses above 4,300."""


def results_of(text: str) -> tuple[float, ...]:
    """The results that the lemmas of a file are about."""
    return tuple(float(Fraction(int(top), int(bottom or 1))) for top, bottom in _RESULT.findall(text))


def samples_are_current(text: str) -> bool:
    """Whether the text is what is emitted here of its own results, and these are about what is computed here.

    About: where both lie within `distance` of the same real value, they lie within twice that of each other.
    """
    try:
        kept = results_of(text)
    except (OverflowError, ZeroDivisionError):  # a number that is no float64
        return False
    if len(kept) != len(SAMPLES) or float_samples_file(kept) != text:
        return False
    return all(
        math.isfinite(ours) and abs(Fraction(theirs) - Fraction(ours)) <= 2 * distance(sample, theirs)
        for sample, theirs, ours in zip(SAMPLES, kept, results_here(), strict=True)
    )


def _numbers(arguments: tuple[Any, ...]) -> list[float]:
    return [x for given in arguments for x in (given if isinstance(given, tuple) else [given]) if isinstance(x, float)]


def _argument(argument: object) -> str:
    if isinstance(argument, tuple):
        cases = "\n        | ".join(f"{place} => {_rational(Fraction(x))}" for place, x in enumerate(argument))
        return f"(fun i => match i with\n        {cases} | _ => 0 end)"
    return f"{argument}%nat" if isinstance(argument, int) else _rational(Fraction(argument))  # pyright: ignore


def _rational(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})" if value.denominator != 1 else f"({value.numerator})"
