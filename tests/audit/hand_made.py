"""What the rooms of the auditor hand on, made by hand: a loss of 3 rows, 2 latent coordinates and 4 places of data.

Axis 0 is that of rows, 1 of latent coordinates, 2 of places; mu and logvar are (0, 1), x and x_hat (0, 2). Nothing is
recorded, lifted or proved here, so that a unit test of one room takes milliseconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache, reduce
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import element_of, names_in, total
from vaelid.auditor.formula.kinds import Divergence, Kind, Reconstruction
from vaelid.auditor.judgement.assessed import Assessed, Judged
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.reasons.of_sampler import StandardDraw
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.combination import Combination
from vaelid.auditor.model.posterior import Posterior, Sample
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import Part
from vaelid.auditor.recognition.groups import Group, Proved, Unproved
from vaelid.auditor.recognition.objective import Objective
from vaelid.auditor.recognition.quantities import Found, Quantity
from vaelid.auditor.recording.events import Recording, Region
from vaelid.readings.terms.arrays import TermArray, as_term, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import coordinate_kl
from vaelid.theory.statement import eq
from vaelid.theory.tactics import prove

SIZES = (3, 2, 4)
LENGTHS = {f"{letter}{axis}": length for axis, length in enumerate(SIZES) for letter in "Ni"}
NAMES = Names(
    {"B": (0,), "L": (1,), "D": (2,)},
    {"B": 3, "L": 2, "D": 4, "N0": 3, "N1": 2, "N2": 4},
)

MU, LOGVAR, EPS = (element_of(name, (0, 1)) for name in ("mu", "logvar", "eps"))
X, X_HAT = element_of("x", (0, 2)), element_of("x_hat", (0, 2))
KL = coordinate_kl(MU, LOGVAR)
WRITTEN_KL = (xp.exp(LOGVAR) + MU**2 - 1 - LOGVAR) / 2  # as code writes it, without a defined function in it
SQUARES = (X - X_HAT) ** 2 / 2
Z = MU + xp.exp(LOGVAR / 2) * EPS
AXES_OF = {"mu": (0, 1), "logvar": (0, 1), "eps": (0, 1), "x": (0, 2), "x_hat": (0, 2)}

POSTERIOR = Posterior((0, 1), MU, LOGVAR, "eps", None, "step.py:3")


@cache
def theorem() -> Theorem:
    """Some theorem of the kernel's."""
    a = variable("a")
    return prove(eq(a, a))


def over(body: TermArray, *axes: int) -> TermArray:
    """The sum of an element over axes, the last one innermost."""
    return reduce(total, reversed(axes), body)


def tensors(**more: Tensor) -> dict[str, Tensor]:
    """Numbers for the arrays, the same in every test."""
    generator = torch.Generator().manual_seed(0)
    found = {
        name: torch.randn([SIZES[axis] for axis in axes], generator=generator, dtype=torch.float64)
        for name, axes in AXES_OF.items()
    }
    return {**found, **more}


def question(
    term: TermArray | None = None,
    *,
    posteriors: Iterable[Posterior] = (POSTERIOR,),
    arrays: Mapping[str, Tensor] | None = None,
    moved: Iterable[str] = ("mu", "logvar", "eps", "x_hat"),
    **changes: Any,
) -> Question:
    """The question of a loss: the sum of squares and the KL, where none is given."""
    term = over(SQUARES, 0, 2) + over(KL, 0, 1) if term is None else term
    posteriors = tuple(posteriors)
    values = Probe.near({**tensors(), **(arrays or {})}, LENGTHS, moved)
    noise = {name: k for k, posterior in enumerate(posteriors) for name in posterior.draws}
    nothing = frozenset[Any]()
    found = Question(
        term,
        posteriors,
        noise,
        frozenset({"x_hat"}),
        frozenset({"x"}),
        values,
        masks=nothing,
        rows=nothing,
        moved=nothing,
        derived={},
        drawn={"x_hat": frozenset(noise)},
        written={},
        rewrites={},
        parameters=nothing,
        folds={},
    )
    return replace(found, **changes)


def group(
    kind: Kind,
    body: TermArray,
    *axes: int,
    found: Found | None = None,
    theorem: Theorem | None = None,
    failure: str = "",
    parts: tuple[Part, ...] | None = None,
) -> Group:
    """A group that is one sum over axes, where no parts are given: proved, if there is a theorem."""
    parts = (Part(as_term(1), over(body, *axes)),) if parts is None else parts
    if found is None or theorem is None:
        return Unproved(kind, parts, axes, body, found, failure)
    return Proved(kind, parts, axes, body, found, found.fit.weights[0], over(found.target.term, *axes), None, theorem)


def found(name: str, term: TermArray, weight: Any = 1, constant: Any = 0, **target: Any) -> Found:
    """A target that was found, with its weight."""
    return Found(Quantity(name, term, **target), Combination((as_term(weight),), as_term(constant)))


def kl_group(weight: Any = 1, body: TermArray = KL, **changes: Any) -> Group:
    """The KL of the posterior to N(0, I), proved."""
    known = {"found": found("N(0, I)", KL, weight), "theorem": theorem(), **changes}
    return group(Divergence(0), body, 0, 1, **known)


def squares_group(weight: Any = 1, body: TermArray = SQUARES, **changes: Any) -> Group:
    """Half the squared error, a Gaussian's of variance 1, proved."""
    target = found("Gaussian", SQUARES, weight, family="gaussian", parameters=(X, X_HAT))
    known = {"found": target, "theorem": theorem(), **changes}
    return group(Reconstruction(), body, 0, 2, **known)


def leaf(name: str, kind: str, **changes: Any) -> Leaf:
    """A leaf of the axes that its name has."""
    dims = tuple((axis,) for axis in changes.pop("axes", AXES_OF.get(name, (0, 2))))
    shape = [SIZES[axis] for dim in dims for axis in dim]
    tensor = changes.pop("tensor", tensors().get(name, torch.ones(shape, dtype=torch.float64)))
    return Leaf(name, kind, dims, tensor, **changes)


def lifted(element: TermArray, dims: tuple[tuple[int, ...], ...] = (), **changes: Any) -> Lifted:
    """A tensor that was read."""
    names = names_in(element)
    return Lifted(dims, lambda: element, **{"leaves": names, "live": names, **changes})


def reading(
    result: TermArray | None = None,
    *,
    leaves: Iterable[Leaf] = (),
    entering: list[tuple[Lifted, Leaf]] | None = None,
    stops: Iterable[Any] = (),
    **changes: Any,
) -> Reading:
    """A step that was read: encoder, sample, decoder, and its loss. `leaves`: others than the usual ones, or more."""
    usual = [
        leaf("x", "argument"),
        leaf("mu", "made", inputs=frozenset({"x"}), operation="addmm", source="step.py:1"),
        leaf("logvar", "made", inputs=frozenset({"x"}), operation="addmm", source="step.py:2"),
        leaf("eps", "noise", law="normal", noise=frozenset({"eps"}), operation="randn", source="step.py:3"),
        leaf(
            "x_hat",
            "made",
            inputs=frozenset({"mu", "logvar", "eps"}),
            noise=frozenset({"eps"}),
            operation="addmm",
            source="step.py:4",
        ),
    ]
    known = {one.name: one for one in (*usual, *leaves)}
    result = over(SQUARES, 0, 2) + over(WRITTEN_KL, 0, 1) if result is None else result
    entering = [(lifted(Z, ((0,), (1,))), known["x_hat"])] if entering is None else entering
    return Reading(lifted(result, stops=frozenset(stops)), known, entering, Axes(list(SIZES)), **changes)


def recording(**changes: Any) -> Recording:
    """The recording of a step of which no room but the first looks at the events."""
    returned = torch.zeros((), requires_grad=True)
    known = {"arguments": {}, "events": (), "given": {}, "made": {}, "returned": returned}
    return Recording(**{**known, "result": Region(0, (), (), 0, True), **changes})


def run(read: Reading | None = None, **changes: Any) -> Formula:
    """A run of a step."""
    read = reading() if read is None else read
    known = {"recording": recording(), "notes": [], **changes}
    return Formula(read, known.pop("recording"), read.result.element, frozenset({0}), **known)


STANDARD_DRAW = Decision("sampler", "PROVED", StandardDraw("z"), "z", theorems=(), source="step.py:3")


def objective(groups: Iterable[Group] | None = None, asked: Question | None = None, **changes: Any) -> Objective:
    """What was recognised: the KL and the squared error, where nothing else is given."""
    groups = (kl_group(), squares_group()) if groups is None else tuple(groups)
    return Objective(asked or question(), groups, changes.pop("theorem", theorem()), **changes)


def assessed(
    groups: Iterable[Group] | None = None,
    *,
    asked: Question | None = None,
    ran: Formula | None = None,
    samplers: Iterable[Decision] = (STANDARD_DRAW,),
    **changes: Any,
) -> Assessed:
    """What was found out about a loss."""
    return Assessed.of(ran or run(), objective(groups, asked, **changes), samplers, NAMES)


def judged(*args: Any, declared: Declared | None = None, sampled: bool = True, **changes: Any) -> Judged:
    """What is judged of a loss; nothing is declared of it."""
    return Judged(assessed(*args, **changes), declared or Declared(), sampled)


def sample(element: TermArray = Z, *, noise: Iterable[Leaf] | None = None, **changes: Any) -> Sample:
    """A sample of 3 rows and 2 coordinates that enters the decoder."""
    noise = (reading().leaves["eps"],) if noise is None else tuple(noise)
    return Sample(noise, lifted(element, ((0,), (1,)), **changes), element, "step.py:4")


def length(axis: int) -> TermArray:
    """The length of an axis, as a number."""
    return real(size(f"N{axis}"))


def fractions(*numbers: Any) -> tuple[Fraction, ...]:
    """Exact numbers."""
    return tuple(map(Fraction, numbers))
