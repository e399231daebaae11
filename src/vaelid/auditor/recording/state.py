"""User code is run and leaves no trace: what it can come to is kept before, and set back after.

In: functions and their arguments. Out: a `State`, which every run starts from, and what is to be said where something
could not be set back. For example, a step that trains for one batch may be run three times in `with unchanged([step])`:
each run starts from the same weights, and they are the same afterwards.

Two ways find what to keep. `reach` follows the function's closure, globals and arguments, and finds modules, optimizers
and tensors with their gradients, modes and hooks. The recorder hands over each storage that an operation is about to
write into: that finds tensors wherever they are.

Every run starts from the same tensors, modules, optimizers, arguments and switches of the process. Random generators go
on from one run to the next, as do Python's own values: noise that is the same in two runs is not drawn anew. They are
set back at the end. Not set back, and said: generators, iterators of loaders, and the places in files. Not set back,
and not seen: what `lru_cache` keeps, loggers but the root, attributes of imported packages, and Python
objects behind what is looked at.
"""

import gc
import random
import sys
import sysconfig
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils._python_dispatch import _disable_current_modes

from vaelid.auditor.recording import keep
from vaelid.auditor.recording.iterators import advanced, is_iterator
from vaelid.auditor.recording.modes import Entered
from vaelid.auditor.recording.reach import Reached, reach
from vaelid.auditor.recording.storages import Storages, is_lazy
from vaelid.auditor.recording.switches import GENERATORS, SWITCHES, Snapshot
from vaelid.spec.errors import kind_of, words_of

__all__ = ["ADVANCED", "State", "unchanged"]


ADVANCED = "was advanced: what it gave in the audit is gone"
"""What is said of an iterator that cannot be set back: each further run takes more of it."""
_MOST_NAMES = 6
"""Names in one sentence of a report: a line or two."""
_INSTALLED = ("site-packages", "dist-packages", sysconfig.get_path("stdlib"), str(Path(__file__).parents[2]))


class State:
    """All that user code may change, as it was when this was made.

    Attributes:
        moved_on: Python's values that the code changed, by name: filled at the end.
        taken_from: iterators that the code advanced, and that could not be set back: filled at the end.
        failed: what could not be set back, with the reason.
    """

    def __init__(self, functions: Iterable[Any], arguments: Iterable[Any]) -> None:
        self.entered = Entered()
        self.noticed = register_optimizer_step_pre_hook(self.see_optimizer)  # before torch's hooks are kept
        self.switches, self.generators = Snapshot(SWITCHES), Snapshot(GENERATORS)
        self.modules = set(sys.modules)
        self.storages = Storages()
        self.of_run: list[keep.Restore] = []
        self.of_tensors: dict[int, keep.Restore] = {}
        self.of_all: list[keep.Restore] = []
        self.tensors: dict[int, Tensor] = {}
        self.known_generators: set[int] = set()
        self.iterators: list[tuple[str, Callable[[], bool]]] = []
        self.thread = threading.get_ident()
        self.known: dict[int, Any] = {}
        self.moved_on: list[str] = []
        self.taken_from: list[str] = []
        self.failed: list[str] = []
        with torch.no_grad():
            for found in reach(functions, arguments):
                self._try_to_keep(found)

    def _try_to_keep(self, found: Reached) -> None:
        try:
            self._keep(found)
        except Exception as error:  # a property of the user's raised: the audit may never come to it
            self.failed.append(f"{found.words}: {kind_of(error)}")

    def _keep(self, found: Reached) -> None:
        value = found.value
        if found.place is not None:
            self._add(self.of_all, keep.variable_value(found.place, found.words))
        if self.known.setdefault(id(value), found) is not found:
            return
        if isinstance(value, Tensor):
            self.see(value)
        elif is_iterator(value):
            self.iterators.append((found.words, advanced(value)))
        elif isinstance(value, type):
            self._add(self.of_all, keep.class_attributes(value))
        elif isinstance(value, types.CellType):
            self._add(self.of_all, keep.variable_value(value, found.words))
        elif isinstance(value, torch.Generator | np.ndarray):
            self.see_generator(value)
        elif (restore := keep.generator_state(value)) is not None:
            self._add(self.of_all, restore)
        else:
            self._add(self.of_run if found.of_run else self.of_all, keep.container(value, found.words))
            mine, rest = keep.attributes(value, found.of_run)
            self._add(self.of_run, mine)
            self._add(self.of_all, rest)

    def _add(self, to: list[keep.Restore], restore: keep.Restore | None) -> None:
        if restore is not None:
            to.append(restore)

    def see(self, tensor: Tensor) -> None:
        """A tensor that was there before the run."""
        if id(tensor) in self.tensors:
            return
        self.tensors[id(tensor)] = tensor
        with _disable_current_modes(), torch._C.DisableTorchFunctionSubclass():
            restore = self.of_tensors[id(tensor)] = keep.tensor(tensor)
            self.of_run.append(restore)
            if not is_lazy(tensor):
                self.storages.watch(tensor)

    def see_generator(self, generator: Any) -> None:
        """A generator that was there before the run; or an array."""
        if id(generator) not in self.known_generators:
            self.known_generators.add(id(generator))
            self._add(self.of_all, keep.generator_state(generator))

    def see_optimizer(self, optimizer: Optimizer, *_: Any) -> None:
        """An optimizer that is about to step. Where nothing led to it, it is kept now, with what steps beside it."""
        if id(optimizer) in self.known or threading.get_ident() != self.thread:
            return
        beside = [
            found
            for found in gc.get_objects()
            if (issubclass(type(found), LRScheduler) and vars(found).get("optimizer") is optimizer)
            or issubclass(type(found), GradScaler)
        ]
        with _disable_current_modes(), torch.no_grad():
            for found in reach([optimizer, *beside], []):
                self._try_to_keep(found)

    def restore_run(self, before: Callable[[list[int]], None] = lambda changed: None) -> None:
        """Set back what every run starts from. `before` is told the addresses of storages that are to be written."""
        self.entered.leave()
        with _disable_current_modes(), torch._C.DisableTorchFunctionSubclass():
            changed = self.storages.changed()
            before(changed)
            self._each(self.of_run)  # first: a storage whose tensor was moved off it keeps its bytes
            self.storages.restore(changed)
        self._set_process_back()

    def _set_process_back(self) -> None:
        self.failed += self.switches.restore()
        self.entered.leave()

    def restorer(self, touched: Iterable[Tensor]) -> Callable[[bool], None]:
        """For many runs of one step, to be made after the first: sets back what that run was seen to come to.

        A notebook holds thousands of objects, and data of any size: to look at all of them takes longer than a run.
        What a later run is first to change stays changed until the end, when everything is set back.

        Args:
            touched: the tensors that the run's operations read, whose values are set back each time.

        Returns a function that sets back; with True, Python's own values and the random generators too.
        """
        touched = list(touched)
        mine = [self.of_tensors[id(t)] for t in touched if id(t) in self.of_tensors]
        addresses = {t.untyped_storage()._cdata for t in touched if t.layout == torch.strided and not is_lazy(t)}
        with _disable_current_modes(), torch._C.DisableTorchFunctionSubclass():
            mine += self._that_changed(self.of_run)
        pythons = self._that_changed(self.of_all)
        self.restore_run()

        def restore(python_too: bool) -> None:
            self.entered.leave()
            with _disable_current_modes(), torch._C.DisableTorchFunctionSubclass():
                self._each(mine)
                self.storages.restore(self.storages.changed(addresses))
            for _, set_back in self.iterators:
                set_back()
            if python_too:
                self._each(pythons)
                self.failed += self.generators.restore()
            self._set_process_back()

        return restore

    def _that_changed(self, restores: Sequence[keep.Restore]) -> list[keep.Restore]:
        """Set back all of these, and give those that had something to set back."""
        return [restore for restore in restores if self._each([restore])]

    def random_generators(self) -> list[Any]:
        """The objects that draw random numbers and were come to: torch's, numpy's, Python's."""
        kinds = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
        return [found.value for found in self.known.values() if isinstance(found.value, kinds)]

    def restore_all(self) -> None:
        """Set back everything."""
        self.restore_run()
        self.moved_on += self._each(self.of_all)
        for words, restore in self.iterators:
            if restore():
                self.taken_from.append(words)
        self._set_process_back()  # once more: a context that was held by what was set back is left only now
        self.failed += self.generators.restore()

    def assumptions(self) -> tuple[str, ...]:
        """What a verdict takes for granted, after what was and was not set back."""
        said = []
        if self.moved_on:
            names = ", ".join(list(dict.fromkeys(self.moved_on))[:_MOST_NAMES])
            said.append(f"a call changes Python's own values ({names}), which are set back: later calls were not seen")
        said += [f"the iterator `{name}` {ADVANCED}" for name in dict.fromkeys(self.taken_from)]
        said += [f"the module `{name}` was imported first in the audit, and stays" for name in self._imported()]
        said += [f"something could not be set back after the run ({reason})" for reason in dict.fromkeys(self.failed)]
        return tuple(said)

    def _imported(self) -> list[str]:
        """The modules of the user's files that were not there before; those of installed packages are not said."""
        files = {name: getattr(sys.modules[name], "__file__", None) or "" for name in sys.modules.keys() - self.modules}
        return sorted(n for n, file in files.items() if file and not any(place in file for place in _INSTALLED))

    def _each(self, restores: Sequence[keep.Restore]) -> list[str]:
        changed: list[str] = []
        for restore in restores:
            try:
                changed += restore()
            except Exception as error:  # an object that refuses must not keep the others from being set back
                self.failed.append(words_of(error))
        return changed


@contextmanager
def unchanged(functions: Iterable[Any], arguments: Iterable[Any] = ()) -> Iterator[State]:
    """All that the functions can change of their arguments, of torch and of Python is as it was, however this ends."""
    state = State(functions, arguments)
    try:
        yield state
    finally:
        try:
            state.restore_all()
        finally:
            state.noticed.remove()
