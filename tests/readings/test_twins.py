"""What `register_twin` takes and refuses, and which side runs where."""

import functools
import inspect
import pickle
import threading

import pytest
import torch
from torch import nn

import vaelid
from vaelid.readings.twins import by_slow_sides, twin_behind
from vaelid.spec.errors import InputError
from vaelid.train.losses import kl_sum


def fast_square(x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    """The square, fast."""
    return x * x * scale


def slow_square(x: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    """The square, slowly."""
    return x**2 * scale


def of_other_parameters(y: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
    return y**2 * scale


class _Kernel(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x


square = vaelid.register_twin(fast_square, slow_square, 1e-6)
register = inspect.unwrap(vaelid.register_twin)  # as users have it: the tests' own type checks would answer first


def fresh():
    """A function of its own, so that each case registers one that has no twin."""

    def fused(x, scale=1.0):
        return x * x * scale

    return fused


WRONG = {
    "no function": (
        lambda: register(3, slow_square, 1e-6),
        "`fast` of register_twin is 3: expected a function of tensors. Give the function itself.",
    ),
    "no slow function": (
        lambda: register(fresh(), None, 1e-6),
        "`slow` of register_twin is None: expected a function of tensors. Give the function itself.",
    ),
    "a class of a function": (
        lambda: register(_Kernel, slow_square, 1e-6),
        "`fast` of register_twin is the class _Kernel: expected a function of tensors. Give _Kernel.apply.",
    ),
    "another class": (
        lambda: register(dict, slow_square, 1e-6),
        "`fast` of register_twin is the class dict: expected a function of tensors. Give the function itself.",
    ),
    "a module": (
        lambda: register(nn.Linear(2, 2), slow_square, 1e-6),
        "`fast` of register_twin is a module, Linear, which has tensors beside its arguments: expected a function of "
        "tensors. Write one that takes the module's parameters as arguments.",
    ),
    **{
        f"the bound {bound!r}": (
            lambda bound=bound: register(fresh(), slow_square, bound),
            f"bound={bound!r} is no bound for a twin: expected a number above 0 and at most 0.05, how far fused may be "
            "from its definition, relative to the terms that are added up. Give 1e-6 for float32.",
        )
        for bound in (0, -1e-6, float("nan"), float("inf"), 0.5, True, "1e-6", None)
    },
    "a second twin": (
        lambda: register(fast_square, slow_square, 1e-6),
        "fast_square has a twin already, slow_square: a function has one definition. Call what the first register_twin "
        "returned, or register a function of another definition under its own name.",
    ),
    "a twin of a twin": (
        lambda: register(square, slow_square, 1e-6),
        "fast_square has a twin already, slow_square: a function has one definition. Call what the first register_twin "
        "returned, or register a function of another definition under its own name.",
    ),
    "itself": (
        lambda: register(slow_square, slow_square, 1e-6),
        "slow_square was given as its own twin: expected for `slow` its definition in PyTorch's own operations.",
    ),
    "other parameters": (
        lambda: register(fresh(), of_other_parameters, 1e-6),
        "fused(x, scale=1.0) and of_other_parameters(y, scale=1.0) take other arguments: expected the same names, "
        "order and defaults, since an audit calls one in place of the other. Give `slow` the parameters of `fast`.",
    ),
    "another default": (
        lambda: register(fresh(), lambda x, scale=2.0: x**2 * scale, 1e-6),
        "fused(x, scale=1.0) and <lambda>(x, scale=2.0) take other arguments: expected the same names, order and "
        "defaults, since an audit calls one in place of the other. Give `slow` the parameters of `fast`.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused_and_in_which_words(name: str):
    call, words = WRONG[name]
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value) == words


def test_each_look_at_apply_is_the_same_function():
    applied = vaelid.register_twin(_Kernel.apply, lambda x: x**2, 1e-6)
    assert twin_behind(applied).name == "_Kernel.apply"
    with pytest.raises(InputError, match=r"^_Kernel\.apply has a twin already, <lambda>: "):
        vaelid.register_twin(_Kernel.apply, lambda x: x**2, 1e-6)


def test_functions_without_a_signature_are_taken():
    def any_arguments(*arguments):
        return arguments[0] ** 2

    assert twin_behind(vaelid.register_twin(any_arguments, slow_square, 1e-6)).slow is slow_square
    partial = functools.partial(fast_square, scale=2.0)
    assert twin_behind(vaelid.register_twin(partial, lambda x, *, scale=2.0: x**2 * scale, 1e-6)).name == "partial"


def test_outside_it_is_the_fast_side_and_inside_the_slow_one():
    x = torch.tensor([3.0], requires_grad=True)
    ran = []

    def fast(x):
        ran.append("fast")
        return x * x

    def slow(x):
        ran.append("slow")
        return x**2

    either = vaelid.register_twin(fast, slow, 1e-6)
    either(x)
    with by_slow_sides() as calls:
        either(x)
        x.data.zero_()  # what is written later does not change what was collected
    either(x)
    assert ran == ["fast", "slow", "fast"]
    (call,) = calls
    assert call.twin is twin_behind(either)
    assert call.arguments[0].tolist() == [3.0]
    assert call.arguments[0].requires_grad
    assert call.arguments[0].is_leaf


def test_it_is_of_one_thread_and_ends_with_an_exception():
    ran = []
    either = vaelid.register_twin(lambda: ran.append("fast"), lambda: ran.append("slow"), 1e-6)

    def interrupted():
        with by_slow_sides():
            thread = threading.Thread(target=either)
            thread.start()
            thread.join()
            either()
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    either()
    assert ran == ["fast", "slow", "fast"]


def test_what_is_returned_has_the_name_signature_and_docstring_of_the_fast_side():
    assert square.__name__ == "fast_square"
    assert square.__doc__ == "The square, fast."
    assert inspect.signature(square) == inspect.signature(fast_square)
    assert square(torch.tensor(3.0), scale=2.0) == 18


def test_the_kernels_of_the_package_are_twins_and_can_be_pickled():
    assert twin_behind(kl_sum).bound == 1e-6
    assert pickle.loads(pickle.dumps(kl_sum)) is kl_sum
    with pytest.raises(LookupError, match=r"^slow_square was not returned by register_twin$"):
        twin_behind(slow_square)
