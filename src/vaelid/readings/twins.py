"""Twins: a fast function of tensors, and the slow side that defines it; `register_twin` ties the two.

In: a fused kernel and its definition in plain PyTorch. Out: a function that computes by the kernel, and inside
``with by_slow_sides():`` by the definition. An audit runs code in there, since it cannot look into a kernel. For
example, ``fused_kl = register_twin(fused_kl, plain_kl, 1e-6)``.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MethodType
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils._pytree import tree_map

from vaelid.spec.errors import InputError

__all__ = ["LOOSEST", "Twin", "TwinCall", "by_slow_sides", "name_of", "register_twin", "twin_behind"]

P = ParamSpec("P")
R = TypeVar("R")

LOOSEST = 0.05
"""The largest bound: an exponential of 9, rounded to bfloat16, is 0.02 off. What is further off is another function."""


@dataclass(frozen=True)
class Twin:
    """A fast function and the slow one that defines it.

    Attributes:
        name: of the fast function.
        fast: what training calls.
        slow: what an audit reads in its place.
        bound: how far they may differ, relative to the summed magnitudes of the terms of `slow`.
    """

    name: str
    fast: Callable[..., Any]
    slow: Callable[..., Any]
    bound: float


@dataclass(frozen=True)
class TwinCall:
    """One call of a twin whose slow side was read: its arguments as they were, whatever is written into them later.

    Attributes:
        twin: which one.
        arguments: the positional arguments; a tensor requires a gradient if the caller's did.
        options: the keyword arguments.
        gradients: whether autograd was switched on.
    """

    twin: Twin
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    gradients: bool

    def with_tensors(self, change: Callable[[Tensor], Tensor]) -> "TwinCall":
        """The same call of changed tensors, each of which requires a gradient if the one before did."""

        def changed(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            return change(value.detach()).detach().requires_grad_(value.requires_grad)

        arguments, options = tree_map(changed, (self.arguments, self.options))
        return TwinCall(self.twin, arguments, options, self.gradients)


_registered: list[tuple[Callable[..., Any], Twin]] = []
"""Each function that `register_twin` returned, with its twin. In order: there are a few."""
_slowly: ContextVar[list[TwinCall] | None] = ContextVar("slowly", default=None)
"""The calls that are collected inside `by_slow_sides`; None outside, where twins are fast."""


@contextmanager
def by_slow_sides() -> Iterator[list[TwinCall]]:
    """Inside, and in this thread, twins are computed by their slow sides. The calls are collected in the list given."""
    calls: list[TwinCall] = []
    token = _slowly.set(calls)
    try:
        yield calls
    finally:
        _slowly.reset(token)


def register_twin(fast: Callable[P, R], slow: Callable[P, R], bound: float) -> Callable[P, R]:
    """Tie a fused kernel to its definition, so that `vaelid.audit` can read a loss that calls it.

    Call the function that this returns, not `fast`: best under the same name, ``f = vaelid.register_twin(f, slow,
    1e-6)``. Outside audits it is `fast`. An audit reads `slow` in its place, and compares the two by numbers, at the
    arguments of each call that it recorded and of those in its further runs:

        |fast - slow| <= bound * (the magnitudes that `slow` adds up),

    for each number of the result, and for each number of its gradient along a random direction. `slow` is computed in
    double precision for this where it can be. A loss whose twin fails is UNKNOWN, with both numbers; a PROVED report
    has a row in its ledger that says how far they were apart, and in how many calls.

    Not checked: any other argument. The theorem is about `slow`. If `fast` differs from it where no audited call
    came, the loss is reported as PROVED all the same. So is one with a false `slow`, if it agrees where it was tried.

    Args:
        fast: a function of tensors, in any nesting, and other values: it writes into none of them, draws no random
            numbers, and depends on no other tensor that is trained. Not a module.
        slow: the same function in PyTorch's own operations, with the same parameters; each tensor that it returns has
            the shape of that of `fast`.
        bound: above 0 and at most 0.05; 1e-6 suits float32, 3e-2 bfloat16.

    Returns:
        A function with the name, signature and docstring of `fast`.

    Raises:
        InputError: `fast` or `slow` is no such function, or has a twin already; or `bound` is no such number.

    """
    name = _checked(fast, slow, bound)
    twin = Twin(name, fast, slow, float(bound))

    def called(*arguments: P.args, **options: P.kwargs) -> R:
        calls = _slowly.get()
        if calls is None:
            return fast(*arguments, **options)
        calls.append(_call_of_twin(twin, arguments, options))
        return slow(*arguments, **options)

    # a builtin or a partial may lack some of the attributes: wraps takes those that there are
    either = functools.wraps(fast)(called)
    _registered.append((either, twin))
    return either


def twin_behind(function: Callable[..., Any]) -> Twin:
    """The twin that a function returned by `register_twin` is; `LookupError` for any other function."""
    for either, twin in _registered:
        if either is function:
            return twin
    raise LookupError(f"{name_of(function)} was not returned by register_twin")


def _call_of_twin(twin: Twin, arguments: tuple[Any, ...], options: dict[str, Any]) -> TwinCall:
    gradients = torch.is_grad_enabled()
    with _disable_current_modes(), torch.no_grad():  # the copies are ours: no recorder may take them for the user's
        return TwinCall(twin, arguments, options, gradients).with_tensors(torch.clone)


def _checked(fast: Any, slow: Any, bound: Any) -> str:
    """The name of the fast side. Raises `InputError` in one sentence on what is wrong, and one on how to mend it."""
    for side, function in (("fast", fast), ("slow", slow)):
        _check_function(side, function)
    name = name_of(fast)
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not 0 < bound <= LOOSEST:  # NaN fails, too
        raise InputError(
            f"bound={bound!r} is no bound for a twin: expected a number above 0 and at most {LOOSEST:g}, how far "
            f"{name} may be from its definition, relative to the terms that are added up. Give 1e-6 for float32."
        )
    for either, twin in _registered:
        if fast is either or _same(fast, twin.fast):
            raise InputError(
                f"{name} has a twin already, {name_of(twin.slow)}: a function has one definition. Call what the first "
                "register_twin returned, or register a function of another definition under its own name."
            )
    if _same(fast, slow):
        raise InputError(
            f"{name} was given as its own twin: expected for `slow` its definition in PyTorch's own operations."
        )
    _check_signatures(fast, slow)
    return name


def _check_function(side: str, function: Any) -> None:
    wanted = f"`{side}` of register_twin"
    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        shown = function.__name__
        raise InputError(f"{wanted} is the class {shown}: expected a function of tensors. Give {shown}.apply.")
    if isinstance(function, nn.Module):
        raise InputError(
            f"{wanted} is a module, {type(function).__name__}, which has tensors beside its arguments: expected a "
            "function of tensors. Write one that takes the module's parameters as arguments."
        )
    if not callable(function) or isinstance(function, type):
        shown = f"the class {function.__name__}" if isinstance(function, type) else repr(function)
        raise InputError(f"{wanted} is {shown}: expected a function of tensors. Give the function itself.")


def _check_signatures(fast: Any, slow: Any) -> None:
    """Each call of one must be a call of the other, with the same meaning. Not checked where one has no signature."""
    one, other = _signature(fast), _signature(slow)
    if one is None or other is None or one == other:
        return
    raise InputError(
        f"{name_of(fast)}({', '.join(one)}) and {name_of(slow)}({', '.join(other)}) take other arguments: expected the "
        "same names, order and defaults, since an audit calls one in place of the other. Give `slow` the parameters "
        "of `fast`."
    )


def _signature(function: Any) -> tuple[str, ...] | None:
    """Its parameters as written, without annotations; None where Python cannot tell them, or it takes any."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of a builtin
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return None
    return tuple(
        ("*" if p.kind is p.KEYWORD_ONLY else "") + p.name + ("" if p.default is p.empty else f"={p.default!r}")
        for p in parameters
    )


def _same(one: Any, other: Any) -> bool:
    """Whether these are one function. Each look at `Kernel.apply` makes a new method, equal to the one before."""
    return one is other or (isinstance(one, MethodType) and isinstance(other, MethodType) and one == other)


def name_of(function: Any) -> str:
    """As it is called in messages: `FusedKL.apply`, `plain_kl`."""
    name = getattr(function, "__name__", None) or type(function).__name__
    owner = getattr(function, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, type) else str(name)
