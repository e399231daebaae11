"""Negative log-likelihoods: which one a term is, of which data and which outputs of the decoder.

The summand of a reconstruction comes in; what it is a multiple of goes out. Example: ``softplus(h) - x * h`` is the
negative logarithm of a Bernoulli, of the data x and the logits h. The densities are the functions of the spec, read as
terms. Which are tried, `families.py` says.
"""

import itertools
from contextlib import suppress

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import index_names, names_in
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.recognition.families import TermsWithValues, proposed_likelihoods
from vaelid.auditor.recognition.quantities import (
    Body,
    Found,
    Quantity,
    candidates,
    fits,
    found_with,
    with_mask,
    without_mask,
)
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term

__all__ = ["find_likelihood"]


def find_likelihood(
    term: TermArray,
    axes: list[int],
    values: Probe,
    data: frozenset[str],
    masks: frozenset[str] = frozenset(),
    rows: frozenset[int] = frozenset(),
) -> Found | Rewrite | None:
    """The likelihood, if the term is a multiple of its negative logarithm, plus a function of the data.

    First without the addends of data alone; then with them, as lgamma(x + 1) belongs to a Poisson; then times a mask.
    A mask that is 1 at all recorded places, as that of one column may be, comes first: values do not tell it apart.
    """
    known = candidates(term, lambda names: names <= masks)
    if any(bool((values.of(mask, axes) == 1).all()) for mask in known):
        found = _masked_likelihood(term, axes, values, data, masks, rows)
        if found is not None:
            return found
    found = _find_likelihood(Body.of(term, data), axes, values, data, rows)
    found = found or _find_likelihood(Body.of(term), axes, values, data, rows)
    return found or _masked_likelihood(term, axes, values, data, masks, rows)


_ZERO = as_term(0)
_FEWEST = 8
"""How many places must have a finite value: fewer numbers are fitted by too many likelihoods."""


def _masked_likelihood(
    term: TermArray,
    axes: list[int],
    values: Probe,
    data: frozenset[str],
    masks: frozenset[str],
    rows: frozenset[int],
) -> Found | Rewrite | None:
    """A likelihood times a constant at each place: a mask, or weights."""
    for mask in candidates(term, lambda names: names <= masks):
        inside = without_mask(term, mask, axes, values)
        if inside is None:
            continue
        rest, kept = data - names_in(mask), values.of(mask, axes) != 0
        for body in (Body.of(inside, rest), Body.of(inside)):
            found = _find_likelihood(body, axes, values, rest, rows, kept)
            if found is not None:
                return found if isinstance(found, Rewrite) else with_mask(found, mask)
    return None


def _find_likelihood(
    body: Body,
    axes: list[int],
    values: Probe,
    data: frozenset[str],
    rows: frozenset[int],
    kept: Tensor | None = None,
) -> Found | Rewrite | None:
    """The likelihood; `kept`: the places whose values count, where not all do."""
    term = body.term
    numbers = values.of(term, axes)
    defined = torch.isfinite(numbers) if kept is None else torch.isfinite(numbers) & kept
    if int(defined.sum()) < _FEWEST:
        return None
    numbers = numbers[defined]
    observed = _with_values(candidates(term, lambda names: names <= data), axes, values, defined)
    outputs = _with_values(candidates(term, lambda names: not names & data), axes, values, defined)
    for target in proposed_likelihoods(numbers, observed, outputs):
        if isinstance(target, Rewrite):
            return target
        if found := found_with(body, target, axes, values):
            return found
    return _categorical(body, axes, values, observed, outputs, rows, defined)


def _with_values(terms: list[TermArray], axes: list[int], values: Probe, defined: Tensor) -> TermsWithValues:
    found = []
    for term in terms:
        with suppress(ReadingError):
            found.append((term, values.of(term, axes)[defined]))
    return found


def _categorical(
    body: Body,
    axes: list[int],
    values: Probe,
    observed: TermsWithValues,
    outputs: TermsWithValues,
    rows: frozenset[int],
    defined: Tensor,
) -> Found | None:
    """A categorical likelihood: -x log q, where q sums to 1 along an axis."""
    numbers = values.of(body.term, axes)
    for (q, qs), (x, xs) in itertools.product(outputs, observed):
        if not bool(fits(numbers[defined], xs * qs)):
            continue
        if _sums_to_one(q, axes, values, rows):
            target = Quantity("categorical", -(x * q), _ZERO, "categorical", parameters=(x, q))
            if found := found_with(body, target, axes, values):
                return found
    return None


def _sums_to_one(q: TermArray, axes: list[int], values: Probe, rows: frozenset[int]) -> bool:
    """Whether e^q sums to 1 along an axis other than rows. 1e-5: log_softmax of a float32 is off by 1e-7 an element."""
    names = index_names(axes)
    whole = values_of(q.term, values.sets[0], values.lengths, names)
    return any(bool((whole.logsumexp(k).abs() < 1e-5).all()) for k, axis in enumerate(axes) if axis not in rows)
