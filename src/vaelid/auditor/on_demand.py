"""Values by the name of their leaf, made when they are asked for: most leaves of a network stand in no formula."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from torch import Tensor

__all__ = ["OnDemand"]


class OnDemand(Mapping[str, Tensor]):
    """A mapping from these names to what `make` gives for each, once.

    Args:
        names: of the leaves, in an order.
        make: gives a leaf's values.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], Tensor]) -> None:
        self._names = dict.fromkeys(names)
        self._make = make
        self._made: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
