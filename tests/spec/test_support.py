"""Data off the support are refused in words that name the value, where it is and what would fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaelid import spec
from vaelid.spec.likelihoods import check_support, fitting_likelihoods

NOT_FINITE = "No likelihood accepts NaN or infinity: remove those rows, or fill the values in."
nan, inf = float("nan"), float("inf")

REFUSED = [
    (
        "bernoulli",
        [[0, 1], [0.5, 1]],
        "bernoulli accepts 0 or 1, but row 1, column 0 is 0.5. "
        "Use a likelihood that fits these data: continuous_bernoulli or gaussian.",
    ),
    (
        "bernoulli",
        [[0, 255, 3], [128, 0, 1]],
        "bernoulli accepts 0 or 1, but row 0, column 1 is 255 (and 2 more values). "
        "Use a likelihood that fits these data: binomial:255 or negative_binomial or poisson.",
    ),
    (
        "bernoulli",
        [[0, 1], [1, nan]],
        f"bernoulli accepts 0 or 1, but row 1, column 1 is nan. {NOT_FINITE}",
    ),
    (
        "continuous_bernoulli",
        [[0.5, 1.25]],
        "continuous_bernoulli accepts numbers in [0, 1], but row 0, column 1 is 1.25. "
        "Use a likelihood that fits these data: gaussian or laplace.",
    ),
    (
        "continuous_bernoulli",
        [[0.5, 1], [-1e-9, 1]],
        "continuous_bernoulli accepts numbers in [0, 1], but row 1, column 0 is -1e-09. "
        "Use a likelihood that fits these data: gaussian or laplace.",
    ),
    (
        "binomial:16",
        [[0, 16, 17]],
        "binomial:16 accepts whole numbers from 0 to 16, but row 0, column 2 is 17. "
        "Use a likelihood that fits these data: negative_binomial or poisson or binomial:17.",
    ),
    (
        "binomial:16",
        [[0, 2.5]],
        "binomial:16 accepts whole numbers from 0 to 16, but row 0, column 1 is 2.5. "
        "Use a likelihood that fits these data: gaussian or laplace.",
    ),
    (
        "categorical:3",
        [[0, 2], [3, 1]],
        "categorical:3 accepts class numbers from 0 to 2, but row 1, column 0 is 3. "
        "Use a likelihood that fits these data: categorical:4.",
    ),
    (
        "categorical:3",
        [[0, -1]],
        "categorical:3 accepts class numbers from 0 to 2, but row 0, column 1 is -1. "
        "Use a likelihood that fits these data: gaussian or laplace.",
    ),
    (
        "poisson",
        [[3, -2], [0, 1]],
        "poisson accepts counts 0, 1, 2, ..., but row 0, column 1 is -2. "
        "Use a likelihood that fits these data: gaussian or laplace.",
    ),
    (
        "poisson",
        [[3, 0.5]],
        "poisson accepts counts 0, 1, 2, ..., but row 0, column 1 is 0.5. "
        "Use a likelihood that fits these data: gaussian or laplace.",
    ),
    (
        "negative_binomial",
        [[inf, 0], [0, inf]],
        f"negative_binomial accepts counts 0, 1, 2, ..., but row 0, column 0 is inf (and 1 more value). {NOT_FINITE}",
    ),
    *(
        (
            name,
            [[0.0, 1.0], [-inf, nan]],
            f"{name} accepts any finite real number, but row 1, column 0 is -inf (and 1 more value). {NOT_FINITE}",
        )
        for name in ("gaussian", "gaussian:0.3", "gaussian_diag", "laplace")
    ),
]


@pytest.mark.parametrize(("name", "data", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_log_prob_refuses_data_off_the_support(name: str, data: list, message: str):
    model = spec.likelihood(name)
    x = np.asarray(data, dtype=np.float64)
    output = np.zeros((len(x), *([model.outputs] if model.outputs > 1 else []), x.shape[1]))
    learned = {key: np.zeros(() if kind == "scalar" else x.shape[1]) for key, kind in model.learned.items()}
    with pytest.raises(spec.SupportError) as caught:
        model.log_prob(x, output, **learned)
    assert str(caught.value) == message


def test_every_likelihood_refuses_something():
    families = {name.partition(":")[0] for name in spec.LIKELIHOOD_NAMES}
    assert {name.partition(":")[0] for name, *_ in REFUSED} == families


def test_a_support_error_is_an_input_error_and_a_value_error():
    assert issubclass(spec.SupportError, spec.InputError)
    assert issubclass(spec.InputError, spec.VaelidError)
    assert issubclass(spec.InputError, ValueError)


def test_rows_go_by_the_numbers_given():
    with pytest.raises(spec.SupportError) as caught:
        check_support(spec.likelihood("poisson"), np.array([[1.0], [-1.0]]), row_numbers=[40, 17])
    assert str(caught.value).startswith("poisson accepts counts 0, 1, 2, ..., but row 17, column 0 is -1.")


def test_rows_are_counted_over_all_batch_axes():
    x = np.zeros((2, 3, 4))
    x[1, 2, 3] = 0.5
    with pytest.raises(spec.SupportError, match=r"row 5, column 3 is 0\.5\. "):
        check_support(spec.likelihood("bernoulli"), x)


def test_many_values_are_counted_in_thousands():
    with pytest.raises(spec.SupportError, match=r"row 0, column 0 is 0\.5 \(and 1,999 more values\)\. "):
        check_support(spec.likelihood("bernoulli"), np.full((1000, 2), 0.5))


FITTING = [
    ([], ()),
    ([0.0, nan], ()),
    ([0.0, inf], ()),
    ([0, 1, 1], ("bernoulli",)),
    ([0, 0], ("bernoulli",)),
    ([True, False], ("bernoulli",)),
    ([0, 7], ("binomial:7", "negative_binomial", "poisson")),
    ([0, 255], ("binomial:255", "negative_binomial", "poisson")),
    ([0, 300], ("negative_binomial", "poisson", "binomial:300")),
    ([0, 65535], ("negative_binomial", "poisson", "binomial:65535")),
    ([0, 65536], ("negative_binomial", "poisson")),
    ([0, 0.5, 1], ("continuous_bernoulli", "gaussian")),
    ([0, 1.5], ("gaussian", "laplace")),
    ([-1, 1], ("gaussian", "laplace")),
]


@pytest.mark.parametrize(("values", "names"), FITTING, ids=str)
def test_fitting_likelihoods_are_those_of_the_range(values: list, names: tuple[str, ...]):
    assert fitting_likelihoods(np.asarray(values)) == names


VALUES = st.one_of(
    st.lists(st.integers(-3, 20), min_size=1, max_size=6),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    st.lists(st.floats(-2, 2), min_size=1, max_size=6),
    st.lists(st.floats(0, 1), min_size=1, max_size=6),
)


@given(VALUES)
def test_every_likelihood_that_is_advised_exists_and_accepts_the_data(values: list):
    x = np.asarray(values, dtype=np.float64)
    names = fitting_likelihoods(x)
    assert names
    for name in names:
        assert np.all(spec.likelihood(name).contains(x))
