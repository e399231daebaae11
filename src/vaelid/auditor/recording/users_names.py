"""What the user calls a tensor: the name of the variable that holds it in the user's code.

In: the user's frames, one operation after the other. Out: names by region of memory. For example, once an operation
follows `mu, logvar = self.encoder(x).chunk(2, dim=-1)`, the region of the first half is known as `mu`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

from torch import Tensor, nn

from vaelid.auditor.recording.events import Region

__all__ = ["UsersNames"]

_WITHOUT_MEANING = ("weight", "bias", "self")
"""What a layer calls its own parameters says nothing of them."""


class UsersNames:
    """Collects names. Of several the one in the outermost function is kept: the user sees that one first."""

    def __init__(self) -> None:
        self.known: dict[Region, tuple[int, str]] = {}
        self.lines: dict[int, int] = {}
        self.modules: set[int] = set()

    @property
    def found(self) -> Mapping[Region, str]:
        """The name of each region that has one."""
        return {region: name for region, (_, name) in self.known.items()}

    def see(self, frames: Sequence[FrameType], region_of: Callable[[Tensor], Region | None]) -> None:
        """The variables of these frames, the innermost first; a frame that stands where it stood holds nothing new."""
        for depth, frame in enumerate(reversed(frames)):
            if self.lines.get(id(frame)) != frame.f_lineno:
                self.lines[id(frame)] = frame.f_lineno
                for name, tensor in self._tensors_of(frame):
                    self._name(region_of(tensor), name, depth)

    def _name(self, region: Region | None, name: str, depth: int) -> None:
        if region is not None and name not in _WITHOUT_MEANING:
            before = self.known.get(region)
            if before is None or depth < before[0]:
                self.known[region] = depth, name

    def _tensors_of(self, frame: FrameType) -> Iterator[tuple[str, Tensor]]:
        for name, value in frame.f_locals.items():
            yield from self._tensors_in(name, value)
        for name in frame.f_code.co_names:
            if name in frame.f_globals:
                yield from self._tensors_in(name, frame.f_globals[name])

    def _tensors_in(self, name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
        if type(value) in (Tensor, nn.Parameter):
            yield name, value
        elif isinstance(value, nn.Module) and id(value) not in self.modules:
            self.modules.add(id(value))
            yield from ((path.rpartition(".")[2], parameter) for path, parameter in value.named_parameters())
