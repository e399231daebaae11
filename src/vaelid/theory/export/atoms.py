"""Real terms taken apart: what arithmetic combines, bodies of sums at an index, definitions unfolded.

In `x * exp(y) + 1` arithmetic combines the atoms x and exp(y).
"""

from functools import reduce

from vaelid.readings.terms.substitution import abstracted, element, instance, lambda_, make
from vaelid.readings.terms.syntax import INDEX, Binder, Number, Operator, Power, Symbol, Term, Variable

__all__ = ["INDEX_NAME", "atoms_in", "fresh_index", "opened", "unfolded"]

INDEX_NAME = "index_"
"""How the names of the indices begin that are made here; a statement has no variable of such a name."""

_ARITHMETIC = {Operator(name) for name in ("add", "subtract", "multiply", "divide", "negative")}


def _is_arithmetic(term: Term) -> bool:
    """Whether the term is made of other reals by arithmetic, or is a number."""
    return term.head in _ARITHMETIC or isinstance(term.head, Number | Power)


def atoms_in(*terms: Term) -> list[Term]:
    """The reals that the terms are made of by arithmetic, each once."""
    found: dict[Term, None] = {}
    for term in terms:
        inner = atoms_in(*term.arguments) if _is_arithmetic(term) else [term]
        found |= dict.fromkeys(inner)
    return list(found)


def opened(array: Term, *indices: Variable) -> Term:
    """The element of an array at variable indices."""
    return element(array, *map(make, indices))


def unfolded(term: Term) -> Term:
    """The term with the body of each defined function for its calls."""
    return _unfolded(term, 0)


def _unfolded(term: Term, depth: int) -> Term:
    head = term.head
    if isinstance(head, Symbol):
        values = dict(zip(head.parameters, term.arguments, strict=True))
        return _unfolded(instance(head.body, values), depth)
    bound = [head.binds(number) for number in range(len(term.arguments))]
    if not any(bound):
        return make(head, *(_unfolded(argument, depth) for argument in term.arguments))
    arguments = []
    for argument, count in zip(term.arguments, bound, strict=True):
        indices = [Variable(f"{INDEX_NAME}{depth + k}", INDEX) for k in range(count)]
        inside = _unfolded(opened(lambda_(count, argument), *indices) if count else argument, depth + count)
        arguments.append(reduce(abstracted, indices, inside))
    return make(head, *arguments)


def fresh_index(sum_: Term) -> Variable:
    """An index for the body of a sum, that no sum around it or in it has: they are nested deeper, or less deep."""
    return Variable(f"{INDEX_NAME}{_depth(sum_)}", INDEX)


def _depth(term: Term) -> int:
    """How many sums are inside one another."""
    return (term.head == Binder("sum")) + max(map(_depth, term.arguments), default=0)
