"""Objectives that are no ELBO, and are not called wrong: named."""

from dataclasses import replace
from functools import reduce

from vaelid.auditor.findings.report import Claim
from vaelid.auditor.formula.arithmetic import is_number
from vaelid.auditor.formula.axes_of_terms import axes_in, names_in, total
from vaelid.auditor.formula.kinds import Divergence, Reconstruction
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.question import Question
from vaelid.auditor.model.values import Values
from vaelid.auditor.proofs.sums import NoProof, apart, axes_of, under_sums, value_of
from vaelid.auditor.recognition.fit import fitted
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.likelihoods import find_likelihood
from vaelid.auditor.recognition.noise import over_noise
from vaelid.auditor.recognition.priors import find_divergence
from vaelid.auditor.recognition.targets import Found
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
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
    """What functions that are not linear are applied to, the outermost first: with the function's name."""
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
    posterior = question.posteriors[k]
    try:
        parts = [
            p for p in apart(term, question.kind, question.hypotheses).parts if question.kind(p.term) == Divergence(k)
        ]
        if not parts:
            return False
        axes = axes_of(parts)
        body, _ = over_noise(under_sums(parts, axes), question)
        everywhere = [*axes, *axes_in(term.term)]
        found = find_divergence(body, everywhere, posterior, question.values, posterior.leaves)
        return isinstance(found, Found) and not is_number(found.fit.weights[0], 0)
    except (ReadingError, NoProof, KeyError):
        return False


def function_of_divergence(question: Question, group: Group) -> str | None:
    """The name of what is done to a KL, where it is not added as it stands: free bits, a capacity."""
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


def _of_absolute(question: Question, group: Group, inside: TermArray) -> str:
    """A multiple of |A|, of A + |A| or of A - |A|: a capacity, the larger of two, or the smaller."""
    axes = list(dict.fromkeys([*axes_in(inside.term), *axes_in(question.term.term)]))
    whole = reduce(total, (axis for axis in group.axes if axis not in axes), group.body)
    values = _far(question)
    values = replace(values, fixed=frozenset(int(name[1:]) for name in values.lengths if name[0] == "N"))
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


def function_of_likelihood(question: Question, group: Group) -> str | None:
    """The name of what is done to a negative log-likelihood, where it is not added as it stands."""
    for name, inside in _inside(group.body.term):
        if question.kind(inside) != Reconstruction():
            continue
        try:
            parts = list(apart(inside, question.kind, question.hypotheses).parts)
            axes = axes_of(parts)
            if not axes:
                continue
            found = find_likelihood(
                under_sums(parts, axes), [*axes, *axes_in(inside.term)], question.values, question.data
            )
        except (ReadingError, NoProof, KeyError):
            continue
        if isinstance(found, Found):
            return f"{_named(name, group)} of a summed {found.target.name} error"
    return None


def _named(function: str, group: Group) -> str:
    """A function that is not linear, in words: a root is read as e to half a logarithm."""
    root = function == "log" and any(part.head == Operator("exp") for part in subterms(group.body.term))
    return "the root" if root else f"a function ({function})"


def likelihood_and_more(question: Question, group: Group) -> str | None:
    """A likelihood beside terms of what other networks put out, no data in them: a discriminator's, as a rule."""
    data = question.data - question.masks
    of_data = [part for part in group.parts if names_in(part.term) & data]
    others = [part for part in group.parts if not names_in(part.term) & data]
    theirs = frozenset().union(*(names_in(part.term) for part in others)) & question.outputs
    mine = frozenset().union(*(names_in(part.term) for part in of_data)) & question.outputs
    if not of_data or not theirs or theirs & mine:
        return None
    axes = axes_of(of_data)
    everywhere = [*axes, *axes_in(question.term.term)]
    try:
        found = find_likelihood(under_sums(of_data, axes), everywhere, question.values, question.data)
    except (ReadingError, KeyError):
        return None
    if not isinstance(found, Found):
        return None
    return "a likelihood and a further term of another network: a density ratio, or an adversarial loss"


def mixture_prior(question: Question, group: Group) -> str | None:
    """The name of an estimate at the draw with the logarithm of a sum of densities of z in it."""
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


def compares_rows(axes: Axes, group: Group) -> bool:
    """Whether a term sums over pairs of one axis with itself: over pairs of rows of the batch."""
    lengths = {v.name for part in group.parts for v in free_variables(part.term.term) if v.sort is INDEX}
    return any(f"N{axis}" in lengths for again in axes.again for axis in axes.now((again,)))


def _far(question: Question) -> Values:
    """Values at which the posteriors are at the prior, near it, and far from it."""
    own = frozenset().union(*(p.leaves for p in question.posteriors))
    return question.values.scaled(own, (0.0, 0.1, 0.3, 1.0, 2.0, 4.0, 10.0, 30.0))


def is_constant(question: Question, group: Group) -> bool:
    """Whether what speaks of the posterior has one value, whatever the posterior: a KL clamped away."""
    try:
        values = _far(question).of(value_of(group.parts), axes_in(question.term.term))
    except ReadingError:
        return False
    spread = float((values - values[0]).abs().max())
    return spread < 1e-9 * (1 + float(values[0].abs())) and bool(names_in(group.body))
