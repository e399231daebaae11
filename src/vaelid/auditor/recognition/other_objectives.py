"""Objectives that are no ELBO and have a name in the literature: free bits, a capacity, an autoencoder, MMD.

A question and a group that is not proved come in; the name of what the group is goes out, or None. Example: ``max(KL,
2)``, which code writes as ``(KL + 2 + |KL - 2|) / 2``, is "free bits: max(KL, a number)".
"""

from functools import reduce

from vaelid.auditor.findings.report import Claim
from vaelid.auditor.formula.arithmetic import is_number, replaced
from vaelid.auditor.formula.axes_of_terms import axes_in, length_name, names_in, total
from vaelid.auditor.formula.kinds import Divergence, Reconstruction
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.combination import fitted
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.decomposition import decomposed
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.proofs.sums import axes_of, under_sums, value_of
from vaelid.auditor.recognition.groups import Gathered, gathered_of, places_of
from vaelid.auditor.recognition.likelihoods import find_likelihood
from vaelid.auditor.recognition.noise import adds_up, over_noise
from vaelid.auditor.recognition.own_likelihood import OWN, own_likelihood
from vaelid.auditor.recognition.priors import find_divergence
from vaelid.auditor.recognition.quantities import Found, candidates
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import INDEX, Binder, Operator, Power, Term, Variable, free_variables, subterms

__all__ = [
    "PAIRS",
    "PLAIN",
    "QUANTISED",
    "RELAXED",
    "autoencoder",
    "compares_rows",
    "function_of_divergence",
    "function_of_likelihood",
    "is_constant",
    "likelihood_and_more",
    "mixture_prior",
    "outputs_beside",
    "weighed_by_parameters",
]


PAIRS = "a term over pairs of rows of the batch, as total correlation (beta-TC-VAE) or MMD (InfoVAE, WAE) have"
RELAXED = "a relaxed categorical posterior (Gumbel-softmax)"
PLAIN, QUANTISED = "plain autoencoder", "vector-quantised autoencoder"


def autoencoder(run: Formula) -> tuple[str, Claim]:
    """The name of an autoencoder from which nothing is sampled, and the claim on its objective."""
    looked_up = ("embedding", "index_select", "index")
    leaves = (run.reading.leaves[name] for name in names_in(run.term))
    if any(leaf.operation.partition(" ")[0] in looked_up for leaf in leaves):
        reason = "an autoencoder with vectors from a table in its loss (VQ-VAE): nothing is sampled, and no KL."
        return QUANTISED, Claim("objective", "OTHER", reason)
    return PLAIN, Claim("objective", "OTHER", "an autoencoder: no posterior is sampled, and no KL.")


def _inside(term: Term) -> list[tuple[str, TermArray]]:
    """The arguments of functions that are not linear, the outermost first, with the function's name."""
    found = []
    for part in subterms(term):
        if part.loose:
            continue
        match part.head, part.arguments:
            case Operator("abs" | "log" | "exp" as name), (x,):
                found.append((name, TermArray((), x)))
            case Power(exponent=2), (x,):
                found.append(("square", TermArray((), x)))
            case Operator("multiply"), (x, y) if x is y:
                found.append(("square", TermArray((), x)))
    return found


def _is_divergence(question: Question, term: TermArray, k: int) -> bool:
    """Whether a term is a multiple of the divergence of posterior k, and terms of other kinds."""
    posterior = question.posteriors[k]
    if not all(map(names_in, posterior.terms)):
        return False  # of a constant deviation any square is a KL to some prior
    try:
        every = decomposed(term, question.kind, question.hypotheses).parts
        parts = [p for p in every if question.kind(p.term) == Divergence(k)]
        if not parts:
            return False
        axes = axes_of(parts)
        body, _ = over_noise(under_sums(parts, axes), question)
        everywhere = [*axes, *axes_in(term.term)]
        found = find_divergence(body, everywhere, posterior, question.values.at_fixed_lengths(), posterior.leaves)
        return isinstance(found, Found) and not is_number(found.fit.weights[0], 0)
    except (ReadingError, NoProof, KeyError):
        return False


def function_of_divergence(question: Question, group: Gathered) -> str | None:
    """The name of the function of a KL that the group is, such as free bits or a capacity; None if it is none."""
    if not isinstance(group.kind, Divergence):
        return None
    k = group.kind.posterior
    for name, inside in _inside(group.body.term):
        if question.kind(inside) != group.kind or not _is_divergence(question, inside, k):
            continue
        if name == "abs":
            return _of_absolute(question, group, inside)
        if name == "square":
            return "squared capacity: (KL - C)^2"
        return f"{_named(name, group)} of the KL"
    return None


def weighed_by_parameters(question: Question, group: Gathered) -> str | None:
    """The name of a KL that is multiplied by a function of parameters, which the loss trains; None if it is none."""
    if not isinstance(group.kind, Divergence):
        return None
    posterior = question.posteriors[group.kind.posterior]
    mean, rest = over_noise(group.body, question)
    axes, values = places_of(question, group), question.values.at_fixed_lengths()
    learned = question.parameters - question.as_recorded(posterior.leaves)
    try:
        if not adds_up(question, group.body, [mean, *rest], axes):
            return None
        for weight in candidates(mean, lambda names: names <= learned):
            found = find_divergence(mean / weight, axes, posterior, values, posterior.leaves)
            if isinstance(found, Found) and not is_number(found.fit.weights[0], 0):
                return "a KL with a learned weight"
    except (ReadingError, KeyError):
        return None
    return None


def _of_absolute(question: Question, group: Gathered, inside: TermArray) -> str:
    """The name of a combination of A and |A|, where A is a KL less a number C.

    |A| is a capacity; A + |A| is twice max(KL, C) - C, free bits; A - |A| is a KL clamped from above.
    """
    axes = list(dict.fromkeys([*axes_in(inside.term), *axes_in(question.term.term)]))
    whole = reduce(total, (axis for axis in group.axes if axis not in axes), group.body)
    values = _far(question).at_fixed_lengths()
    try:
        fit = fitted(values, whole, [inside, abs(inside)], axes)
    except ReadingError:
        fit = None
    far = values.of(inside, axes) if fit is not None else None
    if far is not None and bool((far >= 0).all() or (far <= 0).all()):
        return "a clamped KL"
    if fit is None:
        return "a clamped KL, in pieces"
    slope, size = (question.values.number(weight) for weight in fit.weights)
    if slope * size > 0:
        return "free bits: max(KL, a number)"
    return "a KL clamped from above" if slope * size < 0 else "capacity: |KL - C|"


def function_of_likelihood(question: Question, group: Gathered) -> str | None:
    """The name of the function of a negative log-likelihood that the group is, such as a root; None if it is none.

    Of one alone: -log (exp(-a) + exp(-b)) of two is the negative logarithm of a mixture, which is a likelihood.
    """
    for addend in _addends(group.body.term):
        for name, inside in _inside(addend):
            if question.kind(inside) != Reconstruction() or not _is_function_of(question, addend, inside):
                continue
            if (found := _likelihood_in(question, inside)) is not None:
                what = "negative log-likelihood" if found.target.family == OWN else f"{found.target.name} error"
                return f"{_named(name, group)} of a summed {what}"
    return None


def _likelihood_in(question: Question, term: TermArray) -> Found | None:
    """The likelihood of which a term is a sum, maybe by its own formula alone."""
    try:
        parts = decomposed(term, question.kind, question.hypotheses).parts
        axes = axes_of(parts)
        if not axes:
            return None
        summand, everywhere = under_sums(list(parts), axes), [*axes, *axes_in(term.term)]
        found = find_likelihood(summand, everywhere, question.values, question.data)
        found = found or own_likelihood(question, gathered_of(Reconstruction(), parts), everywhere)
    except (ReadingError, NoProof, KeyError):
        return None
    return found if isinstance(found, Found) else None


def _is_function_of(question: Question, term: Term, inside: TermArray) -> bool:
    """Whether no output stands in a term but in this part, or in the sum that the part is a number times."""
    left = replaced(term, {_without_factors(inside.term): as_term(1).term})
    return not names_in(TermArray((), left)) & question.outputs


def _addends(term: Term) -> list[Term]:
    """The addends of a term, each without its sign and factors that have no array in them."""
    term = _without_factors(term)
    if term.head in (Operator("add"), Operator("subtract")):
        return [addend for argument in term.arguments for addend in _addends(argument)]
    return [term]


def _without_factors(term: Term) -> Term:
    """A term without its sign, and the factors that have no array in them."""
    match term.head, term.arguments:
        case Operator("negative"), (x,):
            return _without_factors(x)
        case Operator("multiply" | "divide"), (x, y) if not names_in(TermArray((), y)):
            return _without_factors(x)
        case Operator("multiply"), (x, y) if not names_in(TermArray((), x)):
            return _without_factors(y)
    return term


def _named(function: str, group: Gathered) -> str:
    """The function in words. A root is written as e to half a logarithm, so `log` beside an exponential is a root."""
    root = function == "log" and any(part.head == Operator("exp") for part in subterms(group.body.term))
    return "the root" if root else f"a function ({function})"


def outputs_beside(question: Question, group: Gathered) -> frozenset[str]:
    """Outputs of networks in the terms of a reconstruction that have no data, none of which stands beside data.

    A discriminator's is one, and so is the logarithm of a flow's determinant; a sorted likelihood has data inside.
    """
    data = question.data - question.masks
    beside, compared = frozenset[str](), frozenset[str]()
    for part in group.parts:
        names = names_in(part.term)
        if names & data:
            compared |= names & question.outputs
        else:
            beside |= names & question.outputs - question.unread_of_data
    return frozenset() if beside & compared else beside


def likelihood_and_more(question: Question, group: Gathered) -> str | None:
    """The name of a likelihood with further terms of another network's output and no data: mostly a discriminator."""
    data = question.data - question.masks
    of_data = [part for part in group.parts if names_in(part.term) & data]
    if not of_data or not outputs_beside(question, group):
        return None
    axes = axes_of(of_data)
    everywhere = [*axes, *axes_in(question.term.term)]
    try:
        found = find_likelihood(under_sums(of_data, axes), everywhere, question.values, question.data)
    except (ReadingError, KeyError):
        return None
    if not isinstance(found, Found):
        return None
    return "a likelihood and a further term of another network: a density ratio, an adversarial loss, a flow"


def mixture_prior(question: Question, group: Gathered) -> str | None:
    """The name of an estimate at the draw that contains the logarithm of a sum of densities of z."""
    drawn = set(question.noise)
    for part in subterms(group.body.term):
        if part.head != Operator("log"):
            continue
        inside = part.arguments[0]
        sums = inside.head == Operator("add") or any(p.head == Binder("sum") for p in subterms(inside))
        densities = [p for p in subterms(inside) if p.head == Operator("exp")]
        if sums and any({v.name for v in free_variables(d) if isinstance(v, Variable)} & drawn for d in densities):
            return "an estimate, at the draw, of a KL to a prior that is a mixture"
    return None


def compares_rows(axes: Axes, group: Gathered) -> bool:
    """Whether a term sums over pairs of one axis with itself, as over pairs of rows in ``z[:, None] - z[None, :]``."""
    lengths = {v.name for part in group.parts for v in free_variables(part.term.term) if v.sort is INDEX}
    return any(length_name(axis) in lengths for again in axes.again for axis in axes.now((again,)))


_FACTORS = (0.0, 0.1, 0.3, 1.0, 2.0, 4.0, 10.0, 30.0)
"""From the prior itself (0) to far beyond the usual free bits and capacities, on both sides of a clamp."""


def _far(question: Question) -> Probe:
    """Points at which the posteriors are at the prior, near it, and far from it."""
    own = frozenset().union(*(p.leaves for p in question.posteriors))
    return question.values.scaled(own, _FACTORS)


def is_constant(question: Question, group: Gathered) -> bool:
    """Whether a group has one value whatever the posterior, up to rounding: a KL clamped to a constant."""
    try:
        values = _far(question).of(value_of(group.parts), axes_in(question.term.term))
    except ReadingError:
        return False
    spread = float((values - values[0]).abs().max())
    return spread < 1e-9 * (1 + float(values[0].abs())) and bool(names_in(group.body))
