"""Sums of a row's data that a decoder is given, as the library size of a cell: covariates, and no data any more."""

from vaelid.auditor.objective import rewritten
from vaelid.auditor.question import Question
from vaelid.auditor.targets import Rewrite
from vaelid.auditor.tensors import element_of, total
from vaelid.readings.terms.syntax import INDEX, Operator, Variable, free_variables, subterms

__all__ = ["with_size_factors"]


def with_size_factors(question: Question) -> Question:
    """With e^s for each row's sum of data, where it is positive and stands inside a logarithm or exponential."""
    inside = {
        v.name
        for part in subterms(question.term.term)
        if part.head in (Operator("log"), Operator("exp"))
        for v in free_variables(part)
        if isinstance(v, Variable) and v.sort is not INDEX
    }
    for name in sorted(inside & question.data - question.masks):
        axes = _axes_of(question, name)
        if axes is None:
            continue
        term = total(element_of(name, list(axes)), axes[1])
        if all(bool((values > 0).all()) for values in question.values.whole(term, axes[:1])):
            changed = rewritten(question, Rewrite(term, "exp"), f"size_of_{name}")
            question = changed if changed.term.term is not question.term.term else question
    return question


def _axes_of(question: Question, name: str) -> tuple[int, int] | None:
    """Rows and columns of an array of data, from where it stands in the loss; None where it has other axes."""
    shape = tuple(question.values.sets[0][name].shape)
    lengths = {a: question.values.lengths[f"N{a}"] for a in range(len(question.values.lengths) // 2)}
    spoken = {v.name for v in free_variables(question.term.term) if v.sort is INDEX}
    found = [[a for a, n in lengths.items() if n == length and f"N{a}" in spoken] for length in shape]
    return (found[0][0], found[1][0]) if len(found) == 2 and all(found) else None
