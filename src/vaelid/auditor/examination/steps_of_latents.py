"""Whether what hangs on a latent goes through a step, of which slopes say nothing: a sign, a rounding, a `detach`.

In: the recording of a run, tensors that hold latents, and regions. Out: whether one of the regions was made from a
latent by way of a step. For example, `torch.sign(z) @ w` was, and `torch.tanh(z) @ w` was not.
"""

from collections.abc import Iterable

from torch import Tensor

from vaelid.auditor.recording.events import Recording, Region

__all__ = ["made_by_steps"]

_STEPS = frozenset(
    ("sign", "sgn", "round", "floor", "ceil", "trunc", "fix", "heaviside", "floor_divide", "fmod", "remainder")
)
"""Operations that move by steps and have a slope for autograd. Through any other step, as a comparison, it stops."""

_ASK_FOR_A_SHAPE = ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_")
"""Operations that take from a tensor no value."""


def made_by_steps(recording: Recording, latents: Iterable[Tensor], regions: Iterable[Region]) -> bool:
    """By storages: what shares its storage with something that was made by steps is taken for made by steps.

    A `detach` is a step where its output is read: autograd makes some of its own, whose outputs nothing reads.
    """
    own = {id(tensor) for tensor in latents}
    holds = {region.storage for (_, region), tensor in recording.made.items() if id(tensor) in own}
    hanging, stepped = set(holds), set[int]()
    for event in recording.events:
        read = {region.storage for region in event.regions}
        if not read & hanging or event.operation.startswith(_ASK_FOR_A_SHAPE):
            continue
        made = {region.storage for region in event.made_regions} | event.written
        stopped = any(event.is_stopped(region) for region in event.regions if region.storage in hanging)
        hanging |= made
        if event.operation in _STEPS or stopped or read & stepped:
            stepped |= made - holds
    return any(region.storage in stepped for region in regions)
