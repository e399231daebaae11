"""The mean of a term over the noise in it, and the remainder, which has mean zero.

A summand with a draw comes in; its mean and the remainder go out. Example: ``(mu + s * eps)^2`` has the mean ``mu^2 +
s^2`` and the remainder ``2 * mu * s * eps + s^2 * (eps^2 - 1)``. So a Monte-Carlo estimate of a KL is compared with the
KL in closed form.
"""

from functools import reduce
from operator import add

import torch

from vaelid.auditor.formula.arithmetic import replaced, simple
from vaelid.auditor.formula.axes_of_terms import names_in, variable_of
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.polynomials import in_powers_of
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Element, Term, subterms

__all__ = ["adds_up", "over_noise"]


def over_noise(body: TermArray, question: Question) -> tuple[TermArray, list[TermArray]]:
    """The mean of a term that is quadratic in its noise, and the addends of the remainder.

    p(e) = p0 + p1 e + p2 e^2 has the mean (p(1) + p(-1)) / 2, and p(e) - mean = p1 e + p2 (e^2 - 1). If the term is not
    quadratic, mean and remainder do not add up to it: a proof that uses them fails. Where several elements of one draw
    occur, the term is returned as it is, with no remainder.
    """
    rest: list[TermArray] = []
    for name in sorted(names_in(body) & set(question.noise)):
        elements = {
            p
            for p in subterms(body.term)
            if not p.loose and isinstance(p.head, Element) and p.arguments[0].head == variable_of(p, name)
        }
        if len(elements) != 1:
            return body, []
        (eps,) = elements
        body, more = _over_one(body, eps)
        rest += more
    return body, rest


def adds_up(question: Question, body: TermArray, parts: list[TermArray], axes: list[int]) -> bool:
    """Whether a body is the sum of these terms at the recorded values, as of its mean and the remainder."""
    whole = question.values.of(body, axes)
    total = reduce(add, (question.values.of(part, axes) for part in parts))
    # The tolerance of a sum of some thousand float64 numbers; what is left out of the noise is larger by far.
    return bool(torch.allclose(whole, total, rtol=1e-9, atol=1e-9, equal_nan=True))


def _over_one(body: TermArray, eps: Term) -> tuple[TermArray, list[TermArray]]:
    e = TermArray((), eps)
    powers = in_powers_of(body, eps)
    if powers is not None and max(powers, default=0) <= 2:
        square = powers.get(2)
        mean = reduce(add, [part for part in (powers.get(0), square) if part is not None], as_term(0))
        return simple(mean), [
            *([powers[1] * e] if 1 in powers else []),
            *([square * (e**2 - 1)] if square is not None else []),
        ]

    def at(value: int) -> TermArray:
        return simple(TermArray((), replaced(body.term, {eps: as_term(value).term})))

    up, down, middle = at(1), at(-1), at(0)
    mean = (up + down) / 2
    return mean, [(up - down) / 2 * e, (mean - middle) * (e**2 - 1)]
