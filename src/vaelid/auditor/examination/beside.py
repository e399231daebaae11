"""Which parameters a step trains beside the loss that it returns, and whether it moves those that the loss depends on.

In: a step that is being examined. Out: the `id`s of parameters. For example, of a classifier of z that is trained
inside the step, with a loss of its own, `beside_loss` has the weights.
"""

from collections.abc import Iterable

from vaelid.auditor.examination.examined import Examined

__all__ = ["beside_loss", "moves_under_loss"]


def beside_loss(examined: Examined) -> set[int]:
    """The parameters that the returned loss does not depend on, as of a classifier of z with a loss of its own."""
    bench, found = examined.bench, set[int]()
    loss, moved = bench.run(seed=0).loss, bench.moved(0.3, seed=8)
    for k, tensor in enumerate(bench.given):
        if tensor.requires_grad and tensor.is_leaf:
            values = [*bench.start[:k], moved[k], *bench.start[k + 1 :]]
            if bench.run(values, seed=0).loss == loss:
                found.add(id(tensor))
    return found


def moves_under_loss(examined: Examined, moved: Iterable[int], beside: set[int]) -> bool:
    """Whether one of the parameters, by position, is one that the loss depends on."""
    return any(id(examined.bench.parameters[k]) not in beside for k in moved)
