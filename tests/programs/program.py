"""A program: its choices, its source text, and the truth about it."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from . import (
    changes_divergence,
    changes_gradient,
    changes_objective,
    changes_sampler,
    divergences,
    frames,
    likelihoods,
    likelihoods_of_tables,
    posteriors,
    priors,
    reductions,
    samplers,
    twists,
)
from .changes import CHANGES, Change
from .draft import AXES, Draft
from .likelihood_kinds import LIKELIHOODS

MODULES = (likelihoods, likelihoods_of_tables, posteriors, priors, samplers, reductions, twists)
MODULES_OF_CHANGES = (changes_divergence, changes_gradient, changes_objective, changes_sampler)

RIGHT = "right"
IMPORTS = (
    ("math.", "import math"),
    ("dataclass", "from dataclasses import dataclass"),
    ("", ""),
    ("", "import torch"),
    (" F.|\\(F.|-F.", "import torch.nn.functional as F"),
    ("td\\.", "import torch.distributions as td"),
    ("nn\\.", "from torch import nn"),
    ("checkpoint\\(", "from torch.utils.checkpoint import checkpoint"),
)


@dataclass(frozen=True)
class Program:
    """One program of the grammar.

    Attributes:
        index: its number; it also seeds weights, batch and sizes.
        names: the choice on each axis, and under "change" what was changed, or "right".
    """

    index: int
    names: Mapping[str, str]

    @property
    def change(self) -> Change | None:
        """What makes it wrong; None if it is right."""
        return CHANGES.get(self.names["change"])

    @property
    def allowed(self) -> tuple[str, ...]:
        """The verdicts that are right. UNKNOWN is undecided, which is counted by itself."""
        return ("PROVED",) if self.change is None else self.change.allowed

    @property
    def betas(self) -> tuple[float, ...]:
        """The effective betas that are right, for a right program."""
        scales = LIKELIHOODS[self.names["likelihood"]].other_scales
        beta = self.draft.beta
        return (beta, *(beta * scale for scale in scales))

    @cached_property
    def draft(self) -> Draft:
        """All its parts."""
        numbers = random.Random(f"program {self.index}")
        sizes = numbers.choice((4, 6)), numbers.choice((4, 6, 8)), numbers.choice((2, 3))
        draft = Draft(self.names, *sizes, numbers)
        for axis in ("likelihood", "prior", "spread", "head"):
            self._write(draft, axis)
        if self.change is not None and self.change.early is not None:
            self.change.early(draft)
        self._write(draft, "sampler")
        draft.networks["dec"] = (
            f"nn.Sequential(nn.Linear({draft.latents + draft.code_width}, 6), nn.Tanh(), nn.Linear(6, {draft.outputs}))"
        )
        draft.decode = ["out = dec({code})"]
        if draft.draws > 1 and not draft.loop and draft.code_width:
            draft.code = f"torch.cat([z, c.expand({draft.draws}, *c.shape)], dim=-1)"
        for axis in ("mask", "kl"):
            self._write(draft, axis)
        self._ask_the_oracle(draft)
        for axis in ("reduction", "weight", "twist", "declared"):
            self._write(draft, axis)
        if self.change is not None and self.change.late is not None:
            self.change.late(draft)
        return draft

    def _write(self, draft: Draft, axis: str) -> None:
        AXES[axis][self.names[axis]].write(draft)

    def _ask_the_oracle(self, draft: Draft) -> None:
        """NLL and KL of the mean over draws, by torch.distributions."""
        kl = divergences.oracle_kl(draft)
        upper = "td.kl_divergence(td.Normal(mu_top, (0.5 * logvar_top).exp()), td.Normal(0.0, 1.0)).sum()"
        if draft.draws > 1:
            draft.oracle_nll = f"{draft.oracle_nll} / {draft.draws}"
            kl = f"{kl} / {draft.draws}" if draft.loop or draft.kl_at_draw else kl
        if draft.upper_kl:
            kl += f" + {upper}" + (f" / {draft.draws}" if draft.loop else "")
        draft.oracle_kl = kl

    def source(self, peek: bool = False) -> str:
        """The module's text; with `peek` it hands NLL, KL, mean, deviation and z to a function of this name."""
        draft = self.draft
        lines = frames.frame(draft, peek)
        batch = ", ".join(draft.inputs.values())
        batch = f"batch = {batch}" if len(draft.inputs) == 1 else f"batch = ({batch})"
        text = "\n".join([f"torch.manual_seed({self.index})", *draft.constants, *lines, "", "", batch, ""])
        for name, other in draft.renamed.items():
            text = re.sub(rf"\b{name}\b", other, text)
        imports = [line for sign, line in IMPORTS if not sign or re.search(sign, text)]
        while imports[0] == "":
            imports.pop(0)
        return "\n".join([*imports, "", text])
