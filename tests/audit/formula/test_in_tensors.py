"""Terms on tensors: their values are numpy's, and autograd goes through them."""

import numpy as np
import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, index_names, index_of, length_of, placed, sizes_of, total
from vaelid.auditor.formula.in_tensors import OnDemand, values_of
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, index, real
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Operator, Variable
from vaelid.spec.arrays import lgamma, softplus
from vaelid.spec.latent import coordinate_kl_to_standard

GENERATOR = np.random.default_rng(0)
A, B = GENERATOR.normal(size=(3, 4)), GENERATOR.normal(size=3)
ARRAYS = {"a": torch.tensor(A), "b": torch.tensor(B), "c": torch.tensor(0.7, dtype=torch.float64)}
SIZES = sizes_of([3, 4, 2])
a, b = element_of("a", (0, 1)), element_of("b", (0,))
c = TermArray((), make(Variable("c", REAL)))


def value(term, *axes):
    return values_of(term.term, ARRAYS, SIZES, index_names(axes)).numpy()


OPERATIONS = {
    "add": (a + b, A + B[:, None]),
    "subtract": (b - a, B[:, None] - A),
    "multiply": (a * c, A * 0.7),
    "divide": (a / (1 + b**2), A / (1 + B[:, None] ** 2)),
    "negative": (-a, -A),
    "power": (a**3, A**3),
    "exp": (xp.exp(a), np.exp(A)),
    "log": (xp.log(abs(a)), np.log(np.abs(A))),
    "sqrt": (xp.sqrt(a**2 + 1), np.sqrt(A**2 + 1)),
    "abs": (abs(a - b), np.abs(A - B[:, None])),
    "tanh": (xp.tanh(a), np.tanh(A)),
    "pi": (a * xp.pi, A * np.pi),
    "a defined symbol": (softplus(a), np.logaddexp(0, A)),
    "a definition of the spec": (coordinate_kl_to_standard(a, b), (np.exp(B)[:, None] + A**2 - 1 - B[:, None]) / 2),
    "a length": (a / real(length_of(1)), A / 4),
    "an index": (a * real(index_of(1)), A * np.arange(4)),
    "a fraction": (a * as_term(3) / 7, A * 3 / 7),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_values_are_numpys(name):
    term, expected = OPERATIONS[name]
    np.testing.assert_allclose(value(term, 0, 1), expected, rtol=1e-13)
    np.testing.assert_allclose(value(term, 1, 0), expected.T, rtol=1e-13)


def test_the_logarithm_of_two_exponentials_does_not_underflow():
    """log(e^-800 + e^-801) is -799.7; by way of the exponentials it is minus infinity."""
    found = value(xp.log(xp.exp(a - 800) + xp.exp(a - 801)), 0, 1)
    np.testing.assert_allclose(found, np.logaddexp(A - 800, A - 801), rtol=1e-13)


def test_lgamma_is_torchs():
    np.testing.assert_array_equal(value(lgamma(a**2 + 1), 0, 1), torch.lgamma(ARRAYS["a"] ** 2 + 1).numpy())


SUMS = {
    "rows": (total(a, 1), (0,), A.sum(1)),
    "columns": (total(a, 0), (1,), A.sum(0)),
    "all": (total(total(a, 1), 0), (), A.sum()),
    "what is the same along it": (total(b, 1), (0,), 4 * B),
    "inside a function": (total(xp.exp(total(a, 1)), 0), (), np.exp(A.sum(1)).sum()),
    "twice the same": (total(total(a, 1) * total(a, 1), 0), (), (A.sum(1) ** 2).sum()),
    "of an index": (total(a * real(index_of(1)), 1), (0,), (A * np.arange(4)).sum(1)),
    "a product of parts": (total(placed(a, {0: index(0)}) * placed(a, {0: index(2)}), 1), (), A[0] @ A[2]),
}


@pytest.mark.parametrize("name", SUMS)
def test_sums_are_numpys(name):
    term, axes, expected = SUMS[name]
    np.testing.assert_allclose(value(term, *axes), expected, rtol=1e-12)


def test_parts_of_arrays():
    np.testing.assert_array_equal(value(placed(a, {1: index(3)}), 0), A[:, 3])
    shifted = make(Operator("index_add"), index_of(2), index(1))
    np.testing.assert_array_equal(value(placed(a, {1: shifted}), 0, 2), A[:, 1:3])
    other_way = make(Operator("index_add"), index(2), index_of(2))
    np.testing.assert_array_equal(value(placed(a, {1: other_way}), 0, 2), A[:, 2:4])


def test_an_index_that_is_asked_for_and_not_in_the_term_is_laid_out():
    np.testing.assert_array_equal(value(b, 0, 1), np.repeat(B[:, None], 4, 1))


def test_autograd_goes_through():
    leaf = torch.tensor(A, requires_grad=True)
    values_of(total(total(a**2, 1), 0).term, {"a": leaf}, SIZES).backward()
    np.testing.assert_allclose(leaf.grad.numpy(), 2 * A)


@pytest.mark.parametrize(
    ("term", "complaint"),
    [
        (a, "other indices than the axes"),
        (placed(b, {0: make(Operator("index_add"), index_of(0), index(1))}), "beyond an array's length"),
        (placed(a, {1: index_of(0)}), "at one index twice|beyond"),
    ],
)
def test_what_has_no_array_is_refused(term, complaint):
    with pytest.raises(ReadingError, match=complaint):
        values_of(term.term, ARRAYS, SIZES, () if "other" in complaint else ("i0",))


def test_an_array_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="z"):
        values_of(element_of("z", (0,)).term, ARRAYS, SIZES, ("i0",))


# values on demand


def test_values_are_made_once_and_only_when_asked_for():
    made = []

    def make_(name):
        made.append(name)
        return torch.ones(2)

    found = OnDemand(["x", "y", "x"], make_)
    assert (list(found), len(found), "y" in found, "z" in found, made) == (["x", "y"], 2, True, False, [])
    assert found["y"] is found["y"]
    assert made == ["y"]
    with pytest.raises(KeyError):
        found["z"]
