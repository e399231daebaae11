"""Samples and their posteriors: the mean and the deviation are those that autograd finds in the sampler."""

import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import element_of, names_in
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.model.deviations import log_variance_of
from vaelid.auditor.model.posterior import (
    Posterior,
    ancestors,
    drawn_from,
    inner_samples,
    mean_and_deviation,
    samples,
)
from vaelid.auditor.recording.record import record
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Term

from ..made import Nets, batch, kl, squares
from ..numbers_of_terms import value

MU, H = element_of("mu", (0, 1)), element_of("h", (0, 1))


def reading_of(sample, of_kl=kl, decoded=lambda decoder, z: decoder(z)):
    """The reading of a step with this sampler."""
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x)
        return squares(decoded(nets.decoder, sample(mu, logvar)), x) + of_kl(mu, logvar)

    x = batch()
    return lift(record(step, [x], {"x": x}))


def numbers_of(reading, **draws):
    """The recorded arrays, at the first row and the first coordinate, with other draws."""
    found = {name: leaf.tensor.detach().double().numpy() for name, leaf in reading.leaves.items()}
    found |= draws
    return found | {f"i{axis}": 0 for axis in range(len(reading.axes.lengths))}


AFFINE = {
    "usual": lambda mu, logvar: mu + torch.exp(0.5 * logvar) * torch.randn_like(mu),
    "addcmul": lambda mu, logvar: torch.addcmul(mu, torch.randn_like(mu), (logvar / 2).exp()),
    "root": lambda mu, logvar: mu + logvar.exp().sqrt() * torch.randn(*mu.shape),
    "softplus": lambda mu, logvar: mu + torch.nn.functional.softplus(logvar) * torch.randn_like(mu),
    "scaled": lambda mu, logvar: 2 * (mu + 3 * torch.randn_like(mu) * torch.exp(logvar)),
    "rsample": lambda mu, logvar: torch.distributions.Normal(mu, torch.exp(logvar / 2)).rsample(),
    "minus": lambda mu, logvar: mu - torch.exp(0.5 * logvar) * torch.randn_like(mu),
    "constant deviation": lambda mu, logvar: mu + 0.1 * torch.randn_like(mu),
}


@pytest.mark.parametrize("name", AFFINE)
def test_mean_and_deviation_are_those_of_the_sampler(name):
    reading = reading_of(AFFINE[name])
    (sample,) = samples(reading)
    drawn = drawn_from(sample, reading, 0)
    assert drawn is not None
    assert drawn.sample is sample
    (noise,) = sample.noise
    zero = torch.zeros(noise.tensor.shape).double().numpy()
    at_zero = value(sample.element, numbers_of(reading, **{noise.name: zero}))
    at_one = value(sample.element, numbers_of(reading, **{noise.name: zero + 1}))
    numbers = numbers_of(reading)
    assert value(drawn.posterior.mean, numbers) == pytest.approx(at_zero)
    assert value(drawn.deviation, numbers) == pytest.approx(at_one - at_zero)
    posterior = drawn.posterior
    if posterior.positive is None:
        assert value(xp.exp(posterior.log_variance), numbers) == pytest.approx((at_one - at_zero) ** 2)
    assert posterior.noise == noise.name
    assert posterior.draws == (noise.name,)


def test_the_posterior_has_the_axes_of_mean_and_deviation():
    reading = reading_of(lambda mu, logvar: mu + torch.exp(logvar / 2) * torch.randn(4, *mu.shape))
    (sample,) = samples(reading)
    drawn = drawn_from(sample, reading, 0)
    assert drawn is not None
    assert len(sample.axes) == 3
    assert len(drawn.posterior.axes) == 2


def test_two_draws_that_are_added_are_one_with_the_root_of_two_times_the_deviation():
    def sample(mu, logvar):
        return mu + torch.exp(logvar / 2) * (torch.randn_like(mu) + torch.randn_like(mu))

    reading = reading_of(sample)
    (found,) = samples(reading)
    drawn = drawn_from(found, reading, 0)
    assert drawn is not None
    assert len(drawn.posterior.more_noise) == 1
    numbers = numbers_of(reading)
    single = float(torch.exp(reading.leaves["h1"].tensor.detach()[0, 3] / 2))
    assert value(drawn.deviation, numbers) == pytest.approx(2**0.5 * single, rel=1e-6)


NOT_AFFINE = {
    "square": lambda mu, logvar: (mu + torch.randn_like(mu)) ** 2 + mu,
    "two laws": lambda mu, logvar: mu + torch.randn_like(mu) + torch.rand_like(mu),
    "two uniforms": lambda mu, logvar: mu + torch.rand_like(mu) + torch.rand_like(mu),
}


@pytest.mark.parametrize("name", NOT_AFFINE)
def test_what_is_no_mean_plus_deviation_times_noise_has_no_posterior(name):
    reading = reading_of(NOT_AFFINE[name])
    (sample,) = samples(reading)
    assert drawn_from(sample, reading, 0) is None


def test_a_uniform_draw_is_a_posteriors_too_and_is_judged_later():
    reading = reading_of(lambda mu, logvar: mu + torch.exp(logvar / 2) * torch.rand_like(mu))
    (sample,) = samples(reading)
    assert sample.noise[0].law == "uniform"
    assert drawn_from(sample, reading, 0) is not None


@pytest.mark.parametrize("function", [torch.tanh, torch.sigmoid, torch.nn.functional.softplus, lambda z: 1 + z.exp()])
def test_the_latent_may_be_inside_of_what_is_decoded(function):
    reading = reading_of(lambda mu, logvar: function(mu + torch.exp(logvar / 2) * torch.randn_like(mu)))
    (sample,) = samples(reading)
    assert mean_and_deviation(sample, reading) is None
    drawn = drawn_from(sample, reading, 0)
    assert drawn is not None
    assert drawn.sample is not sample
    mean = value(drawn.posterior.mean, numbers_of(reading))
    assert mean == pytest.approx(reading.leaves["h1"].tensor[0, 0].item(), rel=1e-6)


def test_of_an_affine_sample_parts_are_candidates_too():
    reading = reading_of(lambda mu, logvar: 1 + 2 * (mu + torch.exp(logvar / 2) * torch.randn_like(mu)))
    (sample,) = samples(reading)
    found = inner_samples(sample, reading)
    assert found
    sizes = [sum(1 for _ in _parts(s.element.term)) for s in found]
    assert sizes == sorted(sizes)


def _parts(term: Term):
    yield term
    for part in term.arguments:
        yield from _parts(part)


def test_noise_added_to_data_is_no_latent():
    nets = Nets()

    def step(x):
        mu, logvar = nets.posterior(x + 0.1 * torch.randn_like(x))
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + kl(mu, logvar)

    x = batch()
    reading = lift(record(step, [x], {"x": x}))
    (found,) = samples(reading)
    assert names_in(found.element) & {"h1"}


def test_a_sample_that_is_decoded_twice_is_one():
    reading = reading_of(AFFINE["usual"], decoded=lambda decoder, z: decoder(z) + decoder(z))
    assert len(samples(reading)) == 1


def test_what_is_drawn_by_dropout_alone_is_no_latent_beside_one_that_is():
    def decoded(decoder, z):
        return decoder(z) + decoder(torch.nn.functional.dropout(z * 0 + 1, 0.5))

    reading = reading_of(AFFINE["usual"], decoded=decoded)
    laws = [{noise.law for noise in sample.noise} for sample in samples(reading)]
    assert laws
    assert all("normal" in law for law in laws)


def test_ancestors_go_back_to_the_arguments_and_stop_at_a_detach():
    reading = reading_of(lambda mu, logvar: AFFINE["usual"](mu, logvar).tanh_().detach() + 0)
    found = ancestors(reading, reading.result.leaves)
    assert "x" in found
    assert ancestors(reading, reading.result.leaves, detached=False) <= found


DEVIATIONS = {
    "half": (xp.exp(H / 2), lambda h: h, False),
    "half by a product": (xp.exp(H * as_term(1) / 2), lambda h: h, False),
    "whole": (xp.exp(H), lambda h: 2 * h, False),
    "with a factor": (3 * xp.exp(H / 2), lambda h: h + 2 * torch.tensor(3.0).log().item(), False),
    "negative": (-xp.exp(H / 2), lambda h: h, False),
    "one": (as_term(1), lambda h: 0, False),
    "number": (as_term(2), lambda h: 2 * torch.tensor(2.0, dtype=torch.float64).log().item(), False),
    "array": (H, None, True),
    "root of an array": (xp.exp(xp.log(H) / 2), None, True),
    "twice an array": (2 * H, None, True),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_the_log_variance_of_a_deviation(name):
    deviation, expected, is_array = DEVIATIONS[name]
    found, positive = log_variance_of(deviation, "t")
    assert (positive is not None) is is_array
    numbers = {"h": [[0.7]], "i0": 0, "i1": 0}
    if expected is not None:
        assert value(found, numbers) == pytest.approx(expected(0.7), rel=1e-6)
        return
    assert positive is not None
    t = torch.tensor(value(positive, numbers), dtype=torch.float64).log().item()  # e^t is written for `positive`
    wanted = torch.tensor(value(deviation, numbers) ** 2, dtype=torch.float64).log().item()
    assert value(found, {**numbers, "t": [[t]]}) == pytest.approx(wanted)


def test_posteriors_are_the_same_by_mean_deviation_and_axes():
    one = Posterior((0, 1), MU, H, "eps1")
    assert one.is_that_of(Posterior((0, 1), MU, H, "eps2"))
    assert not one.is_that_of(Posterior((0, 1), MU, 2 * H))
    assert not one.is_that_of(Posterior((1, 0), MU, H))
    assert one.leaves == {"mu", "h"}
    assert Posterior((0,), MU, H, "a", again=("b", "c")).draws == ("a", "b", "c")
