"""Where autograd is kept from what a loss depends on, and what of that matters.

In comes what was found out about a loss; out go the `Stop`s that change its gradient, and lines beyond which nothing is
trained. For a loss with mu.detach() in its KL the first is the line of that; a detached running mean of the loss itself
is neither.
"""

from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.lifting.gradients import gradient_agrees
from vaelid.auditor.lifting.tensor import Stop

__all__ = ["cuts", "untrained"]


def cuts(assessed: Assessed) -> list[Stop]:
    """Where autograd is kept from what is in the loss, or from what a sample was decoded to."""
    own = assessed.latent_leaves
    found = [stop for stop in _stops(assessed) if any(n in own or _matters(assessed, n) for n in stop.leaves)]
    return [] if _made_up_for(assessed, found) else found


def untrained(assessed: Assessed) -> list[str]:
    """Lines beyond which nothing is trained by the loss, as before an encoder whose first layers are kept."""
    found = cuts(assessed)
    return [stop.line for stop in _stops(assessed) if stop not in found and not stop.inside]


def _stops(assessed: Assessed) -> list[Stop]:
    return sorted(assessed.run.reading.result.stops)


def _matters(assessed: Assessed, name: str) -> bool:
    reading = assessed.run.reading
    return name in reading.result.leaves or bool(reading.leaves[name].noise)


def _made_up_for(assessed: Assessed, stops: list[Stop]) -> bool:
    """Whether the gradient is the formula's all the same, as of a + (b - b).detach(): at the recorded point."""
    reading, returned = assessed.run.reading, assessed.run.recording.returned
    leaves = {n for stop in stops for n in stop.leaves if reading.leaves[n].tensor.requires_grad}
    if not stops or returned is None or not leaves <= reading.result.live or not all(s.inside for s in stops):
        return False
    return gradient_agrees(reading.result, returned, reading.leaves, reading.axes)
