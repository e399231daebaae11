"""What is emitted to Rocq: the definitions of the spec, the kernel's axioms, and floats that the spec has computed."""

import textwrap
from fractions import Fraction

import numpy as np

from vaelid import spec
from vaelid.readings.terms.rocq import rocq_definition, rocq_proposition
from vaelid.spec.likelihoods import bernoulli_log_density, gaussian_log_density
from vaelid.theory.kernel import AXIOMS
from vaelid.theory.library.definitions import DEFINITIONS

__all__ = ["definitions_file", "emitted_files", "float_samples_file"]

_HEAD = """\
(** Emitted from the Python specification by [vaelid theorems --emit-rocq]: do not edit.
    Each definition is an executed function, called on symbolic arrays. Sizes come first;
    a vector is a function of the index; a record is given by its leaves. *)
From Coq Require Import Reals.
From Vaelid.base Require Import FiniteSums.
Open Scope R_scope.
"""
_AXIOMS = """\
(** ** The axioms of the SMT kernel

    As propositions, printed from the terms that the kernel takes as true; [spec.KernelAxioms]
    proves each. *)
"""


def emitted_files() -> dict[str, str]:
    """Every emitted file of the development: its path in `proofs/`, and its text."""
    return {"spec/Gen.v": definitions_file(), "objective/FloatSamples.v": float_samples_file()}


def definitions_file() -> str:
    """The text of `proofs/spec/Gen.v`: each definition under its Python file and line; then the axioms."""
    parts = [_HEAD]
    for definition in DEFINITIONS:
        path, line = definition.place
        parts += [f"(** {path}:{line} *)\n{rocq_definition(symbol)}\n" for symbol in definition.symbols]
    axioms = [f"{rocq_proposition(f'axiom_{name}', axiom.statement)}\n" for name, axiom in AXIOMS.items()]
    return "\n".join([*parts, _AXIOMS, *axioms])


_SAMPLES_HEAD = """\
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

_MU, _LOGVAR, _EPS = (0.75, -1.5, 2.25), (-0.5, 0.3, 1.1), (0.125, -2.7, 0.6)
_X, _X_HAT = (0.2, -1.0, 3.5, 0.7), (0.1, -0.4, 3.0, 1.9)
_WEIGHTS = (-90.5, -91.25, -89.0)


def _samples() -> list[tuple[str, tuple[object, ...], float]]:
    """(function, its arguments, what it computed). Sequences are vectors, and ints sizes."""
    a = np.asarray
    scalars = [(0.0, 0.0), (1e-4, -1e-4), (2.0, 0.5), (-3.0, -20.0), (0.1, 10.0), (1e-9, 1e-9)]
    kl = [("coordinate_kl_to_standard", (m, v), float(spec.coordinate_kl_to_standard(a(m), a(v)))) for m, v in scalars]
    excess = [("exp_minus_one_minus", (t,), float(spec.exp_minus_one_minus(a(t)))) for t in (1e-6, -0.3, 1.7, 20.0)]
    gaussian = [
        ("gaussian_log_density", point, float(gaussian_log_density(*map(a, point))))
        for point in ((0.1, 0.3, 0.0), (2.5, -1.0, -4.0), (0.0, 0.0, 3.0))
    ]
    bernoulli = [
        ("bernoulli_log_density", point, float(bernoulli_log_density(*map(a, point))))
        for point in ((1.0, 2.5), (0.0, 2.5), (1.0, -30.0), (0.25, 0.1))
    ]
    scale = [("variance_of_scale", (0.3,), float(spec.variance_of_scale(a(0.3))))]
    of_vectors = [
        (
            "diagonal_gaussian_kl_to_standard_sum",
            (3, _MU, _LOGVAR),
            float(spec.diagonal_gaussian_kl_to_standard_sum(a(_MU), a(_LOGVAR))),
        ),
        (
            "diagonal_gaussian_kl_to_standard",
            (3, _MU, _LOGVAR),
            float(spec.diagonal_gaussian_kl_to_standard(a(_MU), a(_LOGVAR))),
        ),
        ("mean_squared_error", (4, _X_HAT, _X), float(spec.mean_squared_error(a(_X_HAT), a(_X)))),
        ("importance_weighted_bound", (3, _WEIGHTS), float(spec.importance_weighted_bound(a(_WEIGHTS)))),
        *(
            ("reparameterize_diag", (_MU, _LOGVAR, _EPS, k), float(z))
            for k, z in enumerate(spec.reparameterize_diag(a(_MU), a(_LOGVAR), a(_EPS)))
        ),
        ("negative_elbo", (93.75, 12.1), spec.negative_elbo(spec.ElboTerms(93.75, 12.1))),
        ("beta_negative_elbo", (0.3, 93.75, 12.1), spec.beta_negative_elbo(0.3, spec.ElboTerms(93.75, 12.1))),
        (
            "weighted_three_term",
            (0.3, 1.5, 0.7, 2.9),
            spec.weighted_three_term(0.3, spec.WeightedThreeTerm(1.5, 0.7, 2.9)),
        ),
    ]
    return [*kl, *excess, *gaussian, *bernoulli, *scale, *of_vectors]


def float_samples_file() -> str:
    """The text of `proofs/objective/FloatSamples.v`: results of the executed spec, each certified by Interval."""
    parts = [_SAMPLES_HEAD]
    for number, (name, arguments, result) in enumerate(_samples(), 1):
        written = "".join(f"\n      {_argument(argument)}" for argument in arguments)
        size = max(1.0, abs(result), *(abs(x) for x in _numbers(arguments)))
        distance = _rational(Fraction(2 ** int(np.ceil(np.log2(size)) + 3), 2**53))
        parts.append(
            f"Lemma sample_{number} :\n  Rabs (\n    Gen.{name}{written}\n    - {_rational(Fraction(result))})\n"
            f"  <= {distance}.\nProof. unfold Gen.{name}. certify. Qed.\n"
        )
    samples = ", ".join(f"sample_{number}" for number in range(1, len(parts)))
    parts.append(
        "\n".join(textwrap.wrap(f"Definition float_samples := ({samples}).", 96, subsequent_indent="  ")) + "\n"
    )
    return "\n".join(parts)


def _numbers(arguments: tuple[object, ...]) -> list[float]:
    return [x for given in arguments for x in (given if isinstance(given, tuple) else [given]) if isinstance(x, float)]


def _argument(argument: object) -> str:
    if isinstance(argument, tuple):
        cases = "\n        | ".join(f"{place} => {_rational(Fraction(x))}" for place, x in enumerate(argument))
        return f"(fun i => match i with\n        {cases} | _ => 0 end)"
    return f"{argument}%nat" if isinstance(argument, int) else _rational(Fraction(argument))  # pyright: ignore


def _rational(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})" if value.denominator != 1 else f"({value.numerator})"
