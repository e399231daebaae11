"""What every array type is owed besides right numbers: its dtype, its device, its namespace, the same messages."""

import numpy as np
import pytest
import torch
from array_api_compat import array_namespace, device

from vaelid import spec

from .case import Case, many
from .cases import CASES
from .densities import DENSITIES, Density
from .readings import JAX, READINGS, Reading, needs_jax


def _learned(density: Density, array) -> dict:
    """The likelihood's learned numbers, for observations of three coordinates."""
    extents = {"scalar": (), "coordinate": (3,)}
    model = spec.likelihood(density.name)
    return {name: array(np.full(extents[kind], -0.5)) for name, kind in model.learned.items()}


def _output(density: Density, array, *batch: int):
    planes = (density.outputs,) if density.outputs > 1 else ()
    shape = (*batch, *planes, 3)
    return array(np.linspace(-1, 1.5, int(np.prod(shape))).reshape(shape))


@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
@pytest.mark.parametrize("reading", READINGS, ids=repr)
def test_sample_keeps_namespace_dtype_and_device_and_lies_in_the_support(reading: Reading, density: Density):
    model = spec.likelihood(density.name)
    with reading.active():
        output = _output(density, reading.array, 4, 2)
        drawn = model.sample(np.random.default_rng(0), output, **_learned(density, reading.array))
        assert array_namespace(drawn) is array_namespace(output)
        assert drawn.dtype == reading.dtype
        assert device(drawn) == device(output)
        assert tuple(drawn.shape) == (4, 2, 3)
        assert np.all(reading.numpy(model.contains(drawn)))
        again = model.sample(np.random.default_rng(0), output, **_learned(density, reading.array))
        assert np.array_equal(reading.numpy(drawn), reading.numpy(again))


FEATURES = {
    "bernoulli": ([0, 1, 1], [0, 1, 1]),
    "continuous_bernoulli": ([0, 0.25, 1], [0, 0.25, 1]),
    "binomial:16": ([0, 4, 16], [0, 0.25, 1]),
    "categorical:3": ([0, 2, 1], [[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
    "gaussian": ([-3, 0, 8], [-3, 0, 8]),
    "gaussian:0.3": ([-3, 0, 8], [-3, 0, 8]),
    "gaussian_diag": ([-3, 0, 8], [-3, 0, 8]),
    "laplace": ([-3, 0, 8], [-3, 0, 8]),
    "poisson": ([0, 1, 7], [0, 0.6931471805599453, 2.0794415416798357]),
    "negative_binomial": ([0, 1, 7], [0, 0.6931471805599453, 2.0794415416798357]),
}


@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
@pytest.mark.parametrize("reading", READINGS, ids=repr)
def test_features_are_those_of_the_documentation(reading: Reading, density: Density):
    model = spec.likelihood(density.name)
    x, expected = FEATURES[density.name]
    with reading.active():
        batch = reading.array([x, x])
        features = model.features(batch)
    assert features.dtype == reading.dtype
    assert tuple(features.shape) == ((2, 3) if model.inputs == 1 else (2, model.inputs, 3))
    np.testing.assert_allclose(reading.numpy(features), [expected, expected], rtol=2 * reading.eps)


DISCRETE = tuple(density for density in DENSITIES if spec.likelihood(density.name).discrete)


@pytest.mark.parametrize("kind", ["bool", "uint8", "int16", "int64"])
@pytest.mark.parametrize("density", DISCRETE, ids=lambda density: density.name)
@pytest.mark.parametrize("reading", READINGS, ids=repr)
def test_whole_numbers_have_one_log_prob_whatever_their_dtype(reading: Reading, density: Density, kind: str):
    if reading in JAX and kind == "int64" and reading.precision == "float32":
        kind = "int32"  # jax has no int64 without x64
    model = spec.likelihood(density.name)
    top = {"bernoulli": 1, "binomial:16": 16, "categorical:3": 2}.get(density.name, 255)
    counts = np.array([0, 1, 1 if kind == "bool" else top])
    with reading.active():
        output, learned = _output(density, reading.array), _learned(density, reading.array)
        xp = array_namespace(output)
        whole = xp.asarray(counts.astype(kind), dtype=getattr(xp, kind, None))
        assert "float" not in str(whole.dtype)
        got = model.log_prob(whole, output, **learned)
        expected = model.log_prob(reading.array(counts), output, **learned)
    assert got.dtype == reading.dtype
    assert reading.numpy(got) == reading.numpy(expected)


@pytest.mark.parametrize("reading", READINGS, ids=repr)
def test_data_off_the_support_are_named_in_the_same_words(reading: Reading):
    with reading.active(), pytest.raises(spec.SupportError) as caught:
        spec.likelihood("bernoulli").log_prob(
            reading.array([[0, 1, 0], [1, 0.5, 0.25]]), reading.array(np.zeros((2, 3)))
        )
    assert str(caught.value) == (
        "bernoulli accepts 0 or 1, but row 1, column 1 is 0.5 (and 1 more value). "
        "Use a likelihood that fits these data: continuous_bernoulli or gaussian."
    )


def _on_meta(case: Case) -> list[torch.Tensor]:
    return [torch.tensor(values, device="meta") for values in case.inputs]


@pytest.mark.parametrize("case", [case for case in CASES if case.function != "likelihood"], ids=repr)
def test_nothing_is_brought_in_from_another_device(case: Case):
    for result, value in zip(many(case.call(*_on_meta(case))), case.values, strict=True):
        assert result.device.type == "meta"
        assert result.dtype == torch.float64
        assert tuple(result.shape) == value.shape


@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
def test_likelihoods_bring_nothing_in_from_another_device(density: Density):
    def meta(values) -> torch.Tensor:
        return torch.tensor(values, device="meta")

    model = spec.likelihood(density.name)
    x, output = meta(np.zeros((2, 3))), _output(density, meta, 2)
    learned = _learned(density, meta)
    for result in (model.log_density(x, output, **learned), model.mean(output, **learned), model.features(x)):
        assert result.device.type == "meta"
        assert result.dtype == torch.float64
    assert model.contains(x).device.type == "meta"


@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
def test_tensors_that_require_gradients_are_checked_and_sampled(density: Density):
    model = spec.likelihood(density.name)
    learned = {name: value.requires_grad_() for name, value in _learned(density, torch.tensor).items()}
    output = _output(density, torch.tensor).requires_grad_()
    drawn = model.sample(np.random.default_rng(0), output, **learned)
    assert not drawn.requires_grad
    with pytest.raises(spec.SupportError):
        model.log_prob(torch.full((3,), torch.inf, dtype=torch.float64, requires_grad=True), output, **learned)


@needs_jax
@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
@pytest.mark.parametrize("reading", JAX, ids=repr)
def test_log_density_is_traced_by_jax(reading: Reading, density: Density):
    import jax

    model = spec.likelihood(density.name)
    with reading.active():
        x = reading.array([0.0, 1.0, 1.0])
        output, learned = _output(density, reading.array), _learned(density, reading.array)
        traced = jax.jit(model.log_density)(x, output, **learned).sum()
        assert traced.dtype == reading.dtype
        eager = model.log_prob(x, output, **learned)
    assert float(traced) == pytest.approx(float(eager), rel=8 * reading.eps)
