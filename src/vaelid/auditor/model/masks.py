"""Which data are masks or weights: what other data are multiplied by.

In: a loss, its arrays of data, and the leaves. Out: the names of the masks among the data. In ``mask * (x - x_hat)^2``
the data are `mask` and `x`: without the mask's ones there is no x, so `mask` is one. In ``softplus(h) - x * h`` the
zeros and ones of x are what is compared.
"""

from collections.abc import Collection, Iterable, Mapping

import torch

from vaelid.auditor.formula.arithmetic import computed, replaced
from vaelid.auditor.formula.axes_of_terms import array_name, names_in
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Binder, Element, Power, Term, Variable, subterms

__all__ = ["made_of", "masks_of"]


def made_of(leaves: Mapping[str, Leaf], names: Iterable[str]) -> frozenset[str]:
    """These leaves, and those that are made from them alone."""
    found = set(names)
    for name, leaf in leaves.items():  # in the order of the run, so that what is made from data comes after it
        if leaf.kind == "made" and leaf.inputs and leaf.inputs <= found:
            found.add(name)
    return frozenset(found)


def masks_of(term: TermArray, data: Collection[str], leaves: Mapping[str, Leaf]) -> frozenset[str]:
    """The masks and weights among the arrays of data in a loss.

    Where all data would be masks of each other, as in ``a * b * h``, those of truth values are; without any, those of
    fewer dimensions, as a mask of places beside a one-hot code is.
    """
    occurring = names_in(term) & set(data)
    others = occurring - {name for name in occurring if leaves[name].kind == "constant"}
    found = {name for name in others if leaves[name].operation != "one-hot" and _hides(term, leaves[name], others)}
    if found and found == others:
        most = max(leaves[name].tensor.ndim for name in found)
        of_truth = {name for name in found if leaves[name].tensor.dtype == torch.bool}
        found = of_truth or {name for name in found if leaves[name].tensor.ndim < most}
    return frozenset(found) if found != others else frozenset()


def _is_zeros_and_ones(leaf: Leaf) -> bool:
    values = leaf.tensor
    return bool(values.numel()) and bool(((values == 0) | (values == 1)).all())


def _hides(term: TermArray, leaf: Leaf, others: Collection[str]) -> bool:
    """Whether other data are in no part of a loss where this array is 0, or where it is 1 if it is a mask's."""
    values = (0, 1) if _is_zeros_and_ones(leaf) else (0,)
    return any(set(others) - {leaf.name} - names_in(_everywhere(term, leaf.name, value)) for value in values)


def _everywhere(term: TermArray, name: str, value: int) -> TermArray:
    """The loss where every element of an array is one number."""
    elements = {
        part: as_term(value).term
        for part in subterms(term.term)
        if (isinstance(part.head, Element) and array_name(part) == name) or part.head == Variable(name, part.sort)
    }
    zero, known = as_term(0).term, dict[Term, Term]()

    def rebuilt(part: Term) -> Term:
        if not part.arguments or isinstance(part.head, Element):
            return part
        if part not in known:
            arguments = [rebuilt(argument) for argument in part.arguments]
            gone = arguments[-1] is zero and (part.head == Binder("sum") or isinstance(part.head, Power))
            known[part] = zero if gone else computed(part, arguments)
        return known[part]

    return TermArray((), rebuilt(replaced(term.term, elements)))
