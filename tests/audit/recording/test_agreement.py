"""Two sides of a twin in one call: how far apart they are, relative to what the slow side adds up."""

import numpy as np
import pytest
import torch

import vaelid
from vaelid.auditor.findings.twins import TwinAgreement, TwinDifference, of_all_calls
from vaelid.auditor.recording.agreement import agreements, compared
from vaelid.auditor.recording.magnitudes import Magnitudes
from vaelid.readings.twins import by_slow_sides


def call_of(fast, slow, *arguments, bound=1e-6):
    """One call of a twin of these."""
    either = vaelid.register_twin(fast, slow, bound)
    with by_slow_sides() as calls:
        either(*arguments)
    return calls[-1]


def difference(a, b):
    return (a - b).sum(-1)


def nearly(by):
    """The same, off by a part of what is subtracted."""
    return lambda a, b: (a - b * (1 + by)).sum(-1)


A, B = torch.tensor([[1e4, 1.0]]), torch.tensor([[1e4, 2.0]])


@pytest.mark.parametrize(("by", "agrees"), [(0.0, True), (5e-7, True), (5e-6, False)])
def test_the_bound_is_relative_to_the_terms_and_not_to_what_is_left_of_them(by: float, agrees: bool):
    """1e4 - 1e4 + 1 - 2 is -1, and the terms add up to 20,003: 5e-7 of them is 0.01."""
    found = compared(call_of(nearly(by), difference, A, B))
    assert isinstance(found, TwinAgreement) is agrees


def test_gradients_are_compared_where_the_caller_wanted_them():
    def fast(a, b):
        return (a.detach() - b).sum(-1)

    either = vaelid.register_twin(fast, difference, 1e-6)
    with by_slow_sides() as calls:
        either(A, B)
        either(A.clone().requires_grad_(), B)
        with torch.no_grad():
            either(A.clone().requires_grad_(), B)
    assert isinstance(compared(calls[0]), TwinAgreement)
    assert isinstance(compared(calls[2]), TwinAgreement)
    found = compared(calls[1])
    assert isinstance(found, TwinDifference)
    assert found.meaning.startswith("the gradient of fast, 1.0e+00 of its terms off")
    assert float(found.computed) == 0


def test_an_exception_of_the_kernel_is_a_difference():
    def fast(a, b):
        raise RuntimeError("no GPU")

    found = compared(call_of(fast, difference, A, B))
    assert str(found) == "fast gave: an error, RuntimeError: no GPU, where difference has a value"


@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
def test_numbers_that_are_not_finite_agree_with_themselves_alone(special: float):
    a = torch.tensor([special, 1.0])
    assert isinstance(compared(call_of(lambda a: 1 * a, lambda a: a + 0, a)), TwinAgreement)
    found = compared(call_of(lambda a: torch.nan_to_num(a, 0, 0, 0), lambda a: a + 0, a))
    assert isinstance(found, TwinDifference)


def test_what_float32_cannot_hold_is_no_difference():
    x = torch.tensor([200.0, -200.0], requires_grad=True)
    found = compared(call_of(lambda x: torch.exp(x), lambda x: x.exp(), x))
    assert isinstance(found, TwinAgreement)
    assert found.value == 0


def test_random_generators_are_as_they_were():
    call = call_of(lambda a: a + 0 * torch.randn(2), lambda a: a + 0, torch.ones(2))
    before = torch.get_rng_state()
    compared(call)
    assert torch.equal(torch.get_rng_state(), before)


def test_results_in_a_tuple_and_arguments_by_name_and_in_lists():
    def fast(parts, *, weight):
        return {"sum": weight * (parts[0] + parts[1]), "count": 2}

    def slow(parts, *, weight):
        return {"sum": weight * parts[0] + weight * parts[1], "count": 2}

    either = vaelid.register_twin(fast, slow, 1e-6)
    with by_slow_sides() as calls:
        either([A.clone().requires_grad_(), B], weight=torch.tensor(0.3, requires_grad=True))
        either([A, B], weight=0.3)
    found = agreements(calls)
    assert isinstance(found, tuple)
    assert [(one.calls, one.gradient is not None) for one in found] == [(2, True)]


def test_agreements_are_joined_by_twin():
    one = TwinAgreement("fast", "slow", 1e-6, 1, 2e-8, None)
    other = TwinAgreement("fast", "slow", 1e-6, 3, 1e-8, 5e-7)
    third = TwinAgreement("other", "slow", 1e-6, 1, 0.0, None)
    assert of_all_calls([one, third, other]) == (TwinAgreement("fast", "slow", 1e-6, 4, 2e-8, 5e-7), third)
    assert str(one) == "fast and slow differ by at most 2e-08 of their terms, in 1 call (bound 1e-06)"


# ---- magnitudes


def size_of(function, *arguments):
    leaves = [torch.tensor(a, dtype=torch.float64) for a in arguments]
    with Magnitudes() as sizes:
        result = function(*leaves)
    return sizes.of(result).tolist()


@pytest.mark.parametrize(
    ("function", "arguments", "size"),
    [
        (lambda a, b: a - b, (3.0, 3.0), 6.0),
        (lambda a, b: torch.sub(a, b, alpha=2), (3.0, 3.0), 9.0),
        (lambda a, b: 2 - a + b, (3.0, 1.0), 6.0),
        (lambda a, b: -(a - b) * 0.5, (3.0, 3.0), 3.0),
        (lambda a, b: (a - b) / -b, (3.0, 2.0), 2.5),
        (lambda a: (a - 1).sum(-1), ([3.0, -3.0],), 8.0),
        (lambda a: (a - 1).mean(), ([3.0, -3.0],), 4.0),
        (lambda a: torch.exp(a - a), (3.0,), 1.0),
        (lambda a: (a - a) ** 2, (3.0,), 0.0),
        (lambda a: torch.where(a > 0, a - a, a), (3.0,), 6.0),
        (lambda a: torch.stack([a - a, a])[0], (3.0,), 6.0),
        (lambda a: a.clone().sub_(1), (3.0,), 4.0),
        (lambda a: a.clone().sub_(1).exp_(), (1.0,), 2.0),
    ],
)
def test_a_magnitude_is_what_is_added_up_without_signs(function, arguments, size: float):
    assert size_of(function, *arguments) == size
