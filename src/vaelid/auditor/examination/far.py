"""Runs with the posterior far from what any weights nearby bring it to, by intervention.

In: a step that is being examined, and a distance. Out: the outputs to be given in place of the code's own. For example,
at distance 9 a log-variance of -1 may become 10: a clamp at 10, or a kernel that overflows, acts only there.
"""

import torch
from torch import Tensor

from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.recording.events import Recording

__all__ = ["far_away"]


def far_away(examined: Examined, values: list[Tensor], rows: object, step: float, seed: int) -> dict[int, Tensor]:
    """The outputs of the operations that made the posterior's arrays, moved; what was decoded is held.

    Held, since a likelihood overflows where a network decodes what it has never seen.
    """
    account = examined.account
    terms = [term for p in account.posteriors for term in (p.mean, p.log_variance)]
    triangles = {name for p in account.posteriors if p.below is not None for name in names_in(p.below.element)}
    own = {name for term in terms for name in names_in(term)}
    own |= triangles
    # code that solves for a draw divides by the diagonal: of what rounding left of z - mean
    diagonals = {name for p in account.posteriors if p.below is not None for name in names_in(p.log_variance)}
    diagonals |= {name for d in diagonals if d in account.written for name in names_in(account.written[d].term)}
    nearest = 1.0 if examined.bench.double else 0.0
    own |= {name for o in own if o in account.written for name in names_in(account.written[o].term)}

    def look(recording: Recording) -> dict[int, Tensor]:
        numbers, g = examined.numbers(recording), torch.Generator().manual_seed(seed)
        found: dict[int, Tensor] = {}
        for name in sorted(account.outputs | own):
            site = account.sites.get(name)
            if site is None or site.event is None:
                continue
            tensor = numbers.tensor(name).detach().clone()
            if name in own and tensor.is_floating_point():
                away = min(step, nearest) if name in diagonals else step
                noise = away * torch.randn(tensor.shape, generator=g, dtype=torch.float64).to(tensor)
                if name in triangles:  # what is 0 above a diagonal stays so
                    noise = noise * (tensor != 0)
                # what is positive may be a deviation, and has to stay so
                tensor = tensor * (noise / 3).exp() if bool((tensor > 0).all()) else tensor + noise
            found[site.event] = tensor
        return found

    return examined.bench.run(values, rows, seed=seed, look=look).seen
