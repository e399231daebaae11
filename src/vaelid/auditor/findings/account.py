"""The symbolic road's account of a loss, as data: what each term is, and where in a run its numbers lie.

In come terms in arrays and the places of these arrays; out goes one `Account`, which the examination holds against new
runs of the user's code. For the textbook's loss it has one posterior, one divergence to N(0, I), one likelihood, and a
`Site` for each array in them: h1 is the first output of the second operation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor

from vaelid.readings.terms.arrays import TermArray

__all__ = [
    "Account",
    "Below",
    "ComposedOf",
    "Site",
    "StatedDivergence",
    "StatedLikelihood",
    "StatedPosterior",
    "WrittenFor",
]


@dataclass(frozen=True)
class Site:
    """Where in a run the values of an array lie.

    Attributes:
        event: the number of the operation that made it, counted without those that only hand numbers on; None if none
            did.
        position: among the outputs of the operation, or among the tensors that no operation made.
        shape: the lengths of its axes.
    """

    event: int | None
    position: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class ComposedOf:
    """An array whose values no operation puts out: a code of labels, or the draws of a loop as one draw.

    Attributes:
        sites: of the tensors that it is made of.
        function: from their values to its own.
        shape: the lengths of its axes.
    """

    sites: tuple[Site, ...]
    function: Callable[[Sequence[Tensor]], Tensor]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class WrittenFor:
    """An array s that was written for a term: e^s (`how` is ``exp``), sigmoid(s), or s ``itself`` is the term."""

    term: TermArray
    how: str


@dataclass(frozen=True)
class Below:
    """What stands below the diagonal of the Cholesky factor of a covariance.

    Attributes:
        element: at the indices of the axes: 0 on the diagonal and above.
        row: the axis of the factor's rows, which is that of the latent's coordinates.
        column: that of its columns.
    """

    element: TermArray
    row: int
    column: int

    def written(self, change: Callable[[TermArray], TermArray]) -> "Below":
        """The same, its element written otherwise."""
        return replace(self, element=change(self.element))


@dataclass(frozen=True)
class StatedPosterior:
    """A Gaussian q(z|x).

    Attributes:
        axes: of its mean and log-variance.
        mean: the element of its mean, at the indices of the axes.
        log_variance: the element of its log-variance; of a covariance twice the logarithm of its factor's diagonal.
        draws: the draws of the samples that are decoded, each with its element and the axes of it.
        more: the same of other draws, as those of a Monte-Carlo estimate.
        summed: whether several draws are added in one sample.
        below: of a covariance, what stands below the diagonal of its Cholesky factor.
    """

    axes: tuple[int, ...]
    mean: TermArray
    log_variance: TermArray
    draws: Mapping[str, tuple[TermArray, tuple[int, ...]]]
    more: Mapping[str, tuple[TermArray, tuple[int, ...]]] = field(default_factory=dict)
    summed: bool = False
    below: Below | None = None


@dataclass(frozen=True)
class StatedDivergence:
    """A divergence of a posterior to a prior.

    Attributes:
        posterior: the number of the posterior.
        prior: the mean and log-variance of the prior.
        learned: whether these are arrays.
        at_draw: whether it is log q(z) - log p(z) at the draw.
        axes: that it is summed over.
        mask: of its places, if there is one.
    """

    posterior: int
    prior: tuple[TermArray, TermArray]
    learned: bool
    at_draw: bool
    axes: tuple[int, ...]
    mask: TermArray | None = None


@dataclass(frozen=True)
class StatedLikelihood:
    """A likelihood of data given what the decoder put out.

    Attributes:
        family: as users declare it.
        name: in words.
        learned: whether its scale is an array.
        parameters: the data, then the decoder's outputs.
        axes: that it is summed over.
        share: its part of the whole, where one datum is compared with what several draws were decoded to.
        mask: of its places, if there is one.
        observed: the tensors of the batch that the data are made of.
        formula: of a likelihood without a name its negative logarithm, without the mask.
        made_of_data: the arrays in it that functions without a formula made of the data, as `x < 0.5` is.
    """

    family: str
    name: str
    learned: bool
    parameters: tuple[TermArray, ...]
    axes: tuple[int, ...]
    share: float = 1.0
    mask: TermArray | None = None
    observed: frozenset[str] = frozenset()
    formula: TermArray | None = None
    made_of_data: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Account:
    """What the symbolic road says of a loss.

    Attributes:
        operations: the names of the operations of the recorded run, without those that only hand numbers on.
        sites: where the values of each array lie.
        composed: the arrays whose values are made of several tensors, or of labels.
        written: the arrays that were written for terms.
        lengths: the recorded length of each length variable and each index.
        posteriors: those that were found.
        divergences: those that were recognised.
        likelihoods: those that were recognised.
        summands: the posteriors that some term of the loss is of, recognised or not, by their numbers.
        unread: how many groups of the loss were not recognised.
        data: the arrays of data that a likelihood is of.
        outputs: the arrays that the decoder put out, as they were recorded.
        branches: whether the code is known to take one of several ways.
        untrained: whether there are parameters to which no gradient goes, as in layers that are kept.
        clamps: whether clamps, or small numbers in logarithms, were left out.
        beta: the weight of the divergence against the likelihood of scale `scale`; None where it is not known.
        scale: the variance, or the scale, that the likelihood is taken to have.
        held: the tensors of the batch of which the account holds as they were recorded, such as a mask whose sum is c.
    """

    operations: tuple[str, ...]
    sites: Mapping[str, Site]
    composed: Mapping[str, ComposedOf]
    written: Mapping[str, WrittenFor]
    lengths: Mapping[str, int]
    posteriors: tuple[StatedPosterior, ...]
    divergences: tuple[StatedDivergence, ...]
    likelihoods: tuple[StatedLikelihood, ...]
    summands: frozenset[int]
    unread: int
    data: frozenset[str]
    outputs: frozenset[str]
    branches: bool
    untrained: bool
    clamps: bool
    beta: float | None
    scale: float
    held: frozenset[str] = frozenset()

    @property
    def families(self) -> frozenset[str]:
        """The families of the likelihoods, as users declare them."""
        return frozenset(likelihood.family for likelihood in self.likelihoods)
