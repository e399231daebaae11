"""The VAE module: its terms are those of the spec, and what it refuses."""

import array_api_strict
import numpy as np
import pytest
import torch
from torch import nn

import vaelid.spec as spec
from vaelid.spec.errors import InputError
from vaelid.train.model import VAE
from vaelid.train.twins import TWINS

LIKELIHOODS = (
    "bernoulli",
    "continuous_bernoulli",
    "gaussian",
    "gaussian_diag",
    "laplace",
    "poisson",
    "negative_binomial",
    "binomial:16",
    "gaussian:0.5",
    "categorical:3",
)
SHAPES = {
    "mlp": {"obs": (2, 5, 4), "hidden": (7, 6), "arch": "mlp"},
    "linear": {"obs": (6,), "hidden": (), "arch": "mlp"},
    "conv": {"obs": (2, 5, 4), "hidden": (3, 4), "arch": "conv"},
    "conv without stages": {"obs": (1, 3, 2), "hidden": (), "arch": "conv"},
}
ROWS, LATENT = 5, 3


def model_of(shape: str, likelihood: str, dtype: torch.dtype = torch.float64) -> VAE:
    """A model of random weights, biases and learned numbers among them."""
    model = VAE(latent=LATENT, likelihood=likelihood, **SHAPES[shape])
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        scale = 1 / np.sqrt(max(1, parameter[0].numel() if parameter.ndim > 1 else 4))
        parameter.data = scale * torch.randn(parameter.shape, generator=generator)
    return model.to(dtype)


def data_of(model: VAE) -> torch.Tensor:
    """Observations on the likelihood's support, in the model's own type."""
    rng = np.random.default_rng(1)
    size = (ROWS, *model.obs)
    match model.likelihood.family:
        case "bernoulli":
            x = rng.integers(0, 2, size)
        case "binomial":
            x = rng.integers(0, 17, size)
        case "categorical":
            x = rng.integers(0, 3, size)
        case "poisson" | "negative_binomial":
            x = rng.poisson(4, size)
        case "continuous_bernoulli":
            x = rng.random(size)
        case _:
            x = rng.normal(size=size)
    return torch.tensor(x, dtype=next(model.parameters()).dtype)


def noise(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(ROWS, LATENT, generator=torch.Generator().manual_seed(2), dtype=dtype)


def message(function, *arguments, **named) -> str:
    with pytest.raises(InputError) as error:
        function(*arguments, **named)
    return str(error.value)


# ------------------------------------------------------------------------------------------------ against the spec


@pytest.mark.parametrize("reading", [np.asarray, array_api_strict.asarray], ids=["numpy", "strict"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float64, 1e-13), (torch.float32, 3e-6)], ids=["float64", "float32"]
)
@torch.no_grad()
def test_the_specs_model_read_by_numpy_in_float64_is_the_torch_module(reading, shape, likelihood, dtype, bound):
    """To `bound` times (1 + |value|): the rounding of the torch side's own type."""
    model = model_of(shape, likelihood, dtype)
    x, eps = data_of(model), noise(dtype)
    given = [reading(tensor.double().flatten(1).numpy()) for tensor in (x, eps)]
    definition = model.spec()
    pairs = [
        (spec.encode(definition, given[0])[0], model.encode(x)[0]),
        (spec.encode(definition, given[0])[1], model.encode(x)[1]),
        (spec.sample_latent(definition, *given), model.sample_latent(x, eps)),
        (spec.forward(definition, *given), model(x, eps)),
    ]
    if model.likelihood.outputs == 1:  # the decoder gives an observation, as TorchLean's does
        pairs.append((spec.forward(definition, *given), model(x, eps)))
    for defined, computed in pairs:
        defined = np.asarray(defined)
        assert defined.dtype == np.float64
        computed = computed.double().numpy().reshape(defined.shape)
        assert np.all(np.abs(computed - defined) <= bound * (1 + np.abs(defined)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@torch.no_grad()
def test_elbo_terms_are_the_specs_to_the_twins_bound(shape, likelihood):
    """At the float32 network's own outputs, log_prob and KL in float64."""
    model = model_of(shape, likelihood, torch.float32)
    x, eps = data_of(model), noise(torch.float32)
    terms = model.elbo_terms(x, eps)
    mu, logvar = (tensor.double() for tensor in model.encode(x))
    kl = spec.diagonal_gaussian_kl_to_standard_sum(mu, logvar)
    twin = TWINS["kl_sum"]
    assert torch.all((terms.kl_posterior_prior - kl).abs() <= twin.relative * twin.scale(mu, logvar))

    output = model(x, eps).double().flatten(-len(model.obs))
    learned = {name: value.double() for name, value in model.learned.items()}
    nll = -model.likelihood.log_prob(x.double().flatten(1), output, **learned)
    match model.likelihood.family:
        case "bernoulli" | "binomial" as family:
            twin = TWINS["logistic_nll"]
            size = twin.scale(x.flatten(1), output, 1 if family == "bernoulli" else 16)
        case "gaussian":
            twin = TWINS["gaussian_nll"]
            log_variance = learned.get("log_variance", torch.log(torch.tensor(0.5)).double())
            size = twin.scale(x.flatten(1), output, log_variance)
        case _:  # no twin: the definition itself, in float32
            twin = None
            size = model.likelihood.log_density(x.double().flatten(1), output, **learned).abs().sum(-1) + x[0].numel()
    relative = twin.relative if twin else 1e-6
    assert torch.all((terms.reconstruction_nll - nll).abs() <= relative * size)
    assert torch.equal(model.reconstruction_nll(x, model.sample_latent(x, eps)), terms.reconstruction_nll)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@torch.no_grad()
def test_forward_decodes_a_sampled_latent(shape, likelihood):
    model = model_of(shape, likelihood)
    x, eps = data_of(model), noise()
    output = model(x, eps)
    planes = () if model.likelihood.outputs == 1 else (model.likelihood.outputs,)
    assert output.shape == (ROWS, *planes, *model.obs)
    assert torch.equal(output, model.decode(model.sample_latent(x, eps)))
    mu, logvar = model.encode(x)
    assert torch.equal(model.sample_latent(x, eps), mu + torch.exp(logvar / 2) * eps)
    torch.manual_seed(5)
    drawn = model(x)
    torch.manual_seed(5)
    assert torch.equal(drawn, model(x, torch.randn(ROWS, LATENT, dtype=torch.float64)))


@torch.no_grad()
def test_loss_is_the_mean_of_nll_plus_beta_kl():
    model = model_of("mlp", "bernoulli")
    x, eps = data_of(model), noise()
    terms = model.elbo_terms(x, eps)
    for beta in (0.0, 1.0, 2.5):
        expected = np.mean(terms.reconstruction_nll.numpy() + beta * terms.kl_posterior_prior.numpy())
        assert float(model.loss(x, eps, beta=beta)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
@torch.no_grad()
def test_the_mean_convention_is_the_nats_convention_at_the_effective_beta(beta):
    """TorchLean's loss = (2 s2 / D) (NLL + b KL) + const, b = `effective_beta`, for every variance s2."""
    model = model_of("mlp", "gaussian:0.5")
    x, eps = data_of(model), noise()
    size, variance = model.observation_size, 0.5
    mean_convention = spec.loss(model.spec(), beta, x.flatten(1), eps)
    b = spec.effective_beta(loss="mse-mean", kl="mean", D=size, L=LATENT, beta=beta, variance=variance)
    nats = spec.beta_negative_elbo(b, model.elbo_terms(x, eps))
    constant = size * np.log(2 * np.pi * variance) / 2
    assert torch.allclose(mean_convention, (2 * variance / size) * (nats - constant), rtol=1e-12)


# ------------------------------------------------------------------------------------------------ means and samples


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@torch.no_grad()
def test_observations_and_their_means_have_the_datas_shape(likelihood):
    model = model_of("mlp", likelihood)
    z = noise()
    mean = model.mean(model.decode(z))
    if model.likelihood.family == "categorical":
        assert mean.shape == (ROWS, 3, 2, 5, 4)
        assert torch.allclose(mean.sum(1), torch.ones(ROWS, 2, 5, 4, dtype=torch.float64))
    else:
        assert mean.shape == (ROWS, 2, 5, 4)
    drawn = model.sample_observation(z, np.random.default_rng(0))
    assert drawn.shape == (ROWS, 2, 5, 4)
    assert bool(np.all(model.likelihood.contains(drawn.numpy())))


@pytest.mark.parametrize(
    ("likelihood", "mean_of"),
    [
        ("bernoulli", lambda output, learned: torch.distributions.Bernoulli(logits=output).mean),
        ("continuous_bernoulli", lambda output, learned: torch.distributions.ContinuousBernoulli(logits=output).mean),
        ("gaussian", lambda output, learned: output),
        ("gaussian_diag", lambda output, learned: output[:, 0]),
        ("laplace", lambda output, learned: output),
        ("poisson", lambda output, learned: torch.distributions.Poisson(output.exp()).mean),
        ("binomial:16", lambda output, learned: torch.distributions.Binomial(16, logits=output).mean),
        ("categorical:3", lambda output, learned: torch.softmax(output, 1)),
        ("negative_binomial", lambda output, learned: output.exp()),
    ],
)
@torch.no_grad()
def test_means_are_those_of_torchs_distributions(likelihood, mean_of):
    model = model_of("mlp", likelihood)
    output = model.decode(noise())
    assert torch.allclose(model.mean(output), mean_of(output, model.learned), rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_sampled_observations_have_the_decoded_mean():
    model = model_of("linear", "poisson")
    z = noise()[:1].expand(20_000, -1)
    drawn = model.sample_observation(z, np.random.default_rng(0))
    mean = model.mean(model.decode(z[:1]))[0]
    assert torch.all((drawn.mean(0) - mean).abs() < 5 * torch.sqrt(mean / 20_000))


# ------------------------------------------------------------------------------------------------ your own networks


class Pair(nn.Module):
    """An encoder of two maps."""

    def __init__(self, mean: nn.Module, logvar: nn.Module):
        super().__init__()
        self.mean, self.logvar = mean, logvar

    def forward(self, x):
        return self.mean(x), self.logvar(x)


@torch.no_grad()
def test_an_encoder_may_give_a_pair_or_both_in_one():
    whole, decoder = nn.Linear(6, 6), nn.Linear(3, 6)
    pair = Pair(nn.Linear(6, 3), nn.Linear(6, 3))
    pair.mean.weight.copy_(whole.weight[:3])
    pair.mean.bias.copy_(whole.bias[:3])
    pair.logvar.weight.copy_(whole.weight[3:])
    pair.logvar.bias.copy_(whole.bias[3:])
    x, eps = torch.randn(ROWS, 6), torch.randn(ROWS, 3)
    one = VAE(6, 3, encoder=whole, decoder=decoder).elbo_terms(x, eps)
    other_model = VAE(6, 3, encoder=pair, decoder=decoder)
    other = other_model.elbo_terms(x, eps)
    assert torch.allclose(one.reconstruction_nll, other.reconstruction_nll, rtol=1e-6)
    assert torch.allclose(one.kl_posterior_prior, other.kl_posterior_prior, rtol=1e-5)
    assert torch.equal(spec.encode(other_model.spec(), x)[1], pair.logvar(x))
    with pytest.raises(TypeError) as error:
        spec.encode(other_model.spec(), x.numpy())
    assert str(error.value) == (
        "Pair is not made of layers that the spec knows, so it reads torch tensors only, not ndarray."
    )


class Doubled(nn.Linear):
    """A layer that is not what its parent class is."""

    def forward(self, x):
        return 2 * super().forward(x)


@torch.no_grad()
def test_a_layer_that_overrides_a_known_one_is_not_taken_for_it():
    model = VAE(6, 3, encoder=nn.Linear(6, 6), decoder=Doubled(3, 6), likelihood="gaussian:1")
    x, eps = torch.randn(ROWS, 6), torch.randn(ROWS, 3)
    assert torch.equal(spec.forward(model.spec(), x, eps), model(x, eps))
    assert not model.is_linear_gaussian
    assert "needs a linear decoder" in message(model.log_evidence, x)


@torch.no_grad()
def test_a_linear_decoder_without_bias_is_linear_gaussian():
    from scipy.stats import multivariate_normal

    model = VAE(4, 2, encoder=nn.Linear(4, 4), decoder=nn.Linear(2, 4, bias=False), likelihood="gaussian:0.5")
    x = torch.randn(ROWS, 4)
    weight = model.decoder.weight.double().numpy()
    exact = multivariate_normal(np.zeros(4), weight @ weight.T + 0.5 * np.eye(4)).logpdf(x.numpy())
    assert np.allclose(model.log_evidence(x).numpy(), exact, rtol=1e-5)
    assert bool(model.elbo_terms(x, expectation="exact").reconstruction_nll.isfinite().all())


def test_an_encoder_of_the_wrong_width_is_told_what_is_needed(unchecked):
    x = torch.zeros(ROWS, 6)
    assert message(VAE(6, 3, encoder=nn.Linear(6, 8), decoder=nn.Linear(3, 6)).encode, x) == (
        "the encoder gave mu (5, 4) and logvar (5, 4) for 5 observations: both must be (5, 3)."
    )
    pair = Pair(nn.Linear(6, 3), nn.Linear(6, 2))
    assert message(VAE(6, 3, encoder=pair, decoder=nn.Linear(3, 6)).encode, x) == (
        "the encoder gave mu (5, 3) and logvar (5, 2) for 5 observations: both must be (5, 3)."
    )


def test_a_decoder_of_the_wrong_size_is_told_what_is_needed(unchecked):
    model = VAE((2, 3), 3, likelihood="gaussian_diag", encoder=nn.Flatten(), decoder=nn.Linear(3, 6))
    assert message(model.decode, torch.zeros(ROWS, 3)) == (
        "the decoder gave (5, 6) for 5 latents: gaussian_diag needs (5, 2, 2, 3)."
    )


@pytest.mark.parametrize("given", [{"encoder": nn.Linear(6, 6)}, {"decoder": nn.Linear(3, 6)}], ids=["enc", "dec"])
def test_own_networks_come_in_pairs(given):
    assert message(VAE, 6, 3, **given) == "encoder and decoder are given together: pass both modules, or neither."


def test_observations_of_another_shape_are_refused():
    assert message(VAE((1, 8, 8), 2).encode, torch.zeros(3, 64)) == (
        "observations of shape (64,) were given to a model of observations of shape (1, 8, 8): reshape the data to "
        "(rows, 1, 8, 8)."
    )


# ------------------------------------------------------------------------------------------------ construction


@torch.no_grad()
def test_no_hidden_layer_makes_both_maps_affine():
    model = VAE(6, 3, hidden=(), seed=0).double()
    a, b = torch.randn(2, ROWS, 6, dtype=torch.float64)
    mixed = [torch.cat(model.encode(x), 1) for x in (a, b, 0.3 * a + 0.7 * b)]
    assert torch.allclose(mixed[2], 0.3 * mixed[0] + 0.7 * mixed[1], rtol=1e-12)
    y, z = torch.randn(2, ROWS, 3, dtype=torch.float64)
    assert torch.allclose(model.decode(0.3 * y + 0.7 * z), 0.3 * model.decode(y) + 0.7 * model.decode(z), rtol=1e-12)
    assert model.is_linear_gaussian
    assert not VAE(6, 3, hidden=(4,)).is_linear_gaussian
    assert not VAE(6, 3, hidden=(), likelihood="laplace").is_linear_gaussian


def test_weights_are_a_function_of_the_seed_and_leave_the_global_generator_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    models = [VAE(6, 3, seed=seed).state_dict() for seed in (7, 7, 8)]
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])
    assert not torch.equal(models[0]["encoder.0.weight"], models[2]["encoder.0.weight"])


def test_without_a_seed_weights_come_from_the_global_generator():
    weights = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        weights.append(VAE(6, 3).state_dict()["encoder.0.weight"])
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


NAMES = {
    ("mlp", "gaussian"): {
        "encoder.0.weight": (7, 40), "encoder.0.bias": (7,), "encoder.2.weight": (6, 7), "encoder.2.bias": (6,),
        "encoder.4.weight": (6, 6), "encoder.4.bias": (6,),
        "decoder.0.weight": (6, 3), "decoder.0.bias": (6,), "decoder.2.weight": (7, 6), "decoder.2.bias": (7,),
        "decoder.4.weight": (40, 7), "decoder.4.bias": (40,), "learned.log_variance": (),
    },
    ("linear", "negative_binomial"): {
        "encoder.0.weight": (6, 6), "encoder.0.bias": (6,), "decoder.0.weight": (6, 3), "decoder.0.bias": (6,),
        "learned.log_dispersion": (6,),
    },
    ("conv", "laplace"): {
        "encoder.0.weight": (3, 2, 3, 3), "encoder.0.bias": (3,), "encoder.2.weight": (4, 3, 3, 3),
        "encoder.2.bias": (4,), "encoder.5.weight": (6, 8), "encoder.5.bias": (6,),
        "decoder.0.weight": (8, 3), "decoder.0.bias": (8,), "decoder.4.weight": (3, 4, 3, 3), "decoder.4.bias": (3,),
        "decoder.7.weight": (2, 3, 3, 3), "decoder.7.bias": (2,), "learned.log_scale": (),
    },
}  # fmt: skip


@pytest.mark.parametrize("case", NAMES, ids="-".join)
def test_names_and_shapes_of_the_weights_are_part_of_the_run_format(case):
    shape, likelihood = case
    model = VAE(latent=LATENT, likelihood=likelihood, **{**SHAPES[shape]})
    found = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert found == {**NAMES[case]}
    assert all(torch.all(value == 0) for value in model.learned.values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"obs": 0}, "obs=0 must be made of whole numbers of at least 1."),
        ({"obs": ()}, "obs=() must be made of whole numbers of at least 1."),
        ({"obs": (3, -1)}, "obs=(3, -1) must be made of whole numbers of at least 1."),
        ({"obs": 2.5}, "obs=2.5 must be made of whole numbers of at least 1."),
        ({"latent": 0}, "latent=0 must be made of whole numbers of at least 1."),
        ({"latent": 2.0}, "latent=2.0 must be made of whole numbers of at least 1."),
        ({"hidden": (8, 0)}, "hidden=(8, 0) must be made of whole numbers of at least 1."),
        ({"hidden": "256"}, "hidden=('2', '5', '6') must be made of whole numbers of at least 1."),
        ({"arch": "cnn"}, 'arch=\'cnn\' is not known: give "mlp" or "conv".'),
        (
            {"obs": 6, "arch": "conv"},
            'arch="conv" needs observations of shape (channels, height, width), not (6,): reshape the data, or use '
            'arch="mlp".',
        ),
        (
            {"likelihood": "normal"},
            "likelihood 'normal' is not known. Did you mean 'binomial'? Known: bernoulli, continuous_bernoulli, "
            "gaussian, gaussian_diag, laplace, poisson, negative_binomial, binomial:N, gaussian:V, categorical:K.",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_refused_by_name_and_value(unchecked, arguments, says):
    assert message(VAE, **{"obs": 6, "latent": 3, **arguments}) == says


def test_one_width_may_stand_alone():
    assert VAE(6, 3, hidden=8).hidden == VAE(6, 3, hidden=(8,)).hidden == (8,)


def test_exact_terms_are_of_linear_gaussian_models_only():
    wanted = (
        ' needs a linear decoder and a Gaussian likelihood of one variance: VAE(..., hidden=(), likelihood="gaussian").'
    )
    x = torch.zeros(2, 6)
    assert message(VAE(6, 3, hidden=(4,)).elbo_terms, x, expectation="exact") == 'expectation="exact"' + wanted
    assert message(VAE(6, 3, hidden=(), likelihood="gaussian_diag").log_evidence, x) == "log_evidence" + wanted


def test_a_model_says_what_it_is():
    assert "obs=(1, 8, 8), latent=2, likelihood='binomial:16'" in repr(VAE((1, 8, 8), 2, likelihood="binomial:16"))
