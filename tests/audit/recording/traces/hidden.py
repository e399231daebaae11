"""Steps that change what is hard to come to, or what torch, numpy and Python keep for the whole process."""

import itertools
import queue
import sys
import threading
import types
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch

from .base import CASES, Case, parts

HELD: ContextVar[Any] = ContextVar("held")
MODULE = types.ModuleType("a_module_of_the_users")
sys.modules[MODULE.__name__] = MODULE


def drawing(make: Callable[[], Any], draw: Callable[[Any], Any]) -> Callable[[], Case]:
    """A case whose step draws from what was made; the generator is watched."""

    def build() -> Case:
        net, x = parts()
        made = make()

        def step(x):
            draw(made)
            return net(x)

        return Case(step, x, (net, made))

    return build


SPAWNED: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "generator_spawned": (lambda: np.random.default_rng(3), lambda rng: rng.spawn(1)),
    "seed_spawned": (lambda: np.random.SeedSequence(3), lambda seed: seed.spawn(2)),
    "seed_of_bits_spawned": (lambda: np.random.PCG64(3), lambda bits: bits.spawn(2)),
    "seed_of_a_generator_spawned": (lambda: np.random.default_rng(3), lambda rng: rng.bit_generator.seed_seq.spawn(2)),
    "raw_bits": (lambda: np.random.PCG64(3), lambda bits: bits.random_raw()),
    "raw_bits_mt": (lambda: np.random.MT19937(3), lambda bits: bits.random_raw()),
    "raw_bits_philox": (lambda: np.random.Philox(3), lambda bits: bits.random_raw()),
    "raw_bits_sfc": (lambda: np.random.SFC64(3), lambda bits: bits.random_raw()),
    "older_generator_of_new_bits": (
        lambda: np.random.RandomState(np.random.PCG64(3)),
        lambda rng: (rng.rand(), rng._bit_generator.seed_seq.spawn(1)),
    ),
}
CASES |= {name: drawing(*made) for name, made in SPAWNED.items()}


def _array(rng: Any) -> Callable[[], Any]:
    array = np.empty((2, 1), dtype=object)
    array[1, 0] = rng
    return lambda: array[1, 0]


def _record(rng: Any) -> Callable[[], Any]:
    array = np.zeros(1, dtype=[("n", int), ("rng", object)])
    array["rng"][0] = rng
    return lambda: array["rng"][0]


def _queue(rng: Any, kind: Callable[[], Any] = queue.Queue) -> Callable[[], Any]:
    box = kind()
    box.put(rng)
    return lambda: box.queue[0]


def _simple_queue(rng: Any) -> Callable[[], Any]:
    box: Any = queue.SimpleQueue()
    box.put(rng)

    def take():
        got = box.get()
        box.put(got)
        return got

    return take


def _local(rng: Any) -> Callable[[], Any]:
    local = threading.local()
    local.rng = rng
    return lambda: local.rng


def _variable(rng: Any) -> Callable[[], Any]:
    HELD.set(rng)
    return HELD.get


def _of(make: Callable[[Any], Any], get: Callable[[Any], Any]) -> Callable[[Any], Callable[[], Any]]:
    def hide(rng: Any) -> Callable[[], Any]:
        holder = make(rng)
        return lambda: get(holder)

    return hide


def _in_a_module(rng: Any) -> Callable[[], Any]:
    vars(MODULE)["rng"] = rng

    def get():
        import a_module_of_the_users

        return a_module_of_the_users.rng

    return get


def _from_a_module(rng: Any) -> Callable[[], Any]:
    vars(MODULE)["rng"] = rng

    def get():
        from a_module_of_the_users import rng

        return rng

    return get


def _among_modules(rng: Any) -> Callable[[], Any]:
    vars(MODULE)["rng"] = rng
    return lambda: sys.modules["a_module_of_the_users"].rng


def _future(rng: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(rng)
    return future


def _stack(rng: Any) -> ExitStack:
    stack = ExitStack()
    stack.callback(rng.random)
    return stack


def _suspended(rng: Any) -> Any:
    def gives():
        own = iter([rng] * 9)
        for each in own:
            yield each.random()

    made = gives()
    next(made)
    return made


HIDDEN: dict[str, Callable[[Any], Callable[[], Any]]] = {
    "in_an_array": _array,
    "in_a_record_array": _record,
    "in_a_queue": _queue,
    "in_a_priority_queue": lambda rng: _queue(rng, queue.PriorityQueue),
    "in_a_simple_queue": _simple_queue,
    "in_a_thread_local": _local,
    "in_a_context_variable": _variable,
    "in_a_module_imported": _in_a_module,
    "from_a_module_imported": _from_a_module,
    "among_all_modules": _among_modules,
    "in_a_repeat": _of(itertools.repeat, next),
    "in_a_zip": _of(lambda rng: zip(itertools.repeat(rng), itertools.count(), strict=False), lambda it: next(it)[0]),
    "in_a_cycle": _of(lambda rng: itertools.cycle([rng, rng]), next),
    "in_a_chain": _of(lambda rng: itertools.chain([rng] * 9, [rng] * 9), next),
    "in_a_slice": _of(lambda rng: itertools.islice([rng] * 20, 20), next),
    "in_a_tee": _of(lambda rng: itertools.tee([rng] * 20)[1], next),
    "in_an_enumeration": _of(lambda rng: enumerate([rng] * 20), lambda it: next(it)[1]),
    "in_a_namespace": _of(lambda rng: Namespace(rng=rng), lambda args: args.rng),
    "in_a_future": _of(_future, lambda future: future.result()),
    "in_a_context_manager": _of(_stack, lambda stack: stack._exit_callbacks[0][1].__wrapped__.__self__),
    "in_a_bound_method": _of(lambda rng: rng.random, lambda draw: draw.__self__),
    "in_a_weak_proxy_set": _of(lambda rng: types.MappingProxyType({1: rng}), lambda kept: kept[1]),
    "in_a_thread": _of(lambda rng: threading.Thread(target=rng.random), lambda thread: thread._target.__self__),
}


def hidden(hide: Callable[[Any], Callable[[], Any]]) -> Callable[[], Case]:
    def build() -> Case:
        net, x = parts()
        rng = np.random.default_rng(3)
        get = hide(rng)

        def step(x):
            get().random()
            return net(x)

        return Case(step, x, (net, rng))

    return build


def suspended() -> Case:
    net, x = parts()
    rng = np.random.default_rng(3)
    draws = _suspended(rng)

    def step(x):
        next(draws)
        return net(x)

    return Case(step, x, (net, rng))


CASES |= {f"generator_{name}": hidden(hide) for name, hide in HIDDEN.items()}
CASES["generator_in_a_suspended_function"] = suspended
torch.manual_seed(0)
