"""The spine: one pipeline for step, loss, KL and sampler. Its stages follow each other, and none goes back."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.distributions import MultivariateNormal, Normal

from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler
from vaelid.auditor.doors import audited_now
from vaelid.auditor.pipeline import Asked, assess
from vaelid.auditor.recording.calls import call_of
from vaelid.spec.errors import InputError, UserCodeError

from .made import Nets, batch, kl, squares, textbook, usual_step


def roll(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu).roll(1, 0)


def index(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)[torch.arange(len(mu)).flip(0)]


def product(mu, logvar):
    eps = torch.randn_like(mu)
    return mu + torch.bmm(torch.diag_embed(torch.exp(0.5 * logvar)), eps.unsqueeze(-1)).squeeze(-1)


def product_of_the_inverse(mu, logvar):
    inverse = torch.linalg.inv(torch.diag_embed(torch.exp(-0.5 * logvar)))
    return mu + torch.bmm(inverse, torch.randn_like(mu).unsqueeze(-1)).squeeze(-1)


def numpys(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.from_numpy(np.random.normal(size=mu.shape))


UNREAD_NOISE = {  # each was REFUTED, "no noise from torch is in z": fault R2
    "MultivariateNormal": lambda mu, logvar: MultivariateNormal(
        mu, precision_matrix=torch.diag_embed((-logvar).exp())
    ).rsample(),
    "roll": roll,
    "index": index,
    "bmm": product_of_the_inverse,
    "numpy": numpys,
}


@pytest.mark.parametrize("name", UNREAD_NOISE)
@pytest.mark.every(3)
def test_a_sampler_whose_noise_is_not_read_is_unknown_with_its_line(name):
    found = audit_sampler(UNREAD_NOISE[name])
    assert found.verdict == "UNKNOWN"
    assert found.bug is None
    assert found.source is not None
    assert "test_pipeline.py:" in found.source
    said = "is drawn outside torch" if name == "numpy" else "which is not looked into"
    assert said in found.reason


@pytest.mark.parametrize(
    "sampler",
    [product, lambda mu, logvar: MultivariateNormal(mu, torch.diag_embed(logvar.exp())).rsample()],
    ids=["bmm", "MultivariateNormal"],
)
def test_a_diagonal_matrix_times_noise_is_read(sampler):
    assert audit_sampler(sampler).verdict == "PROVED"


CUT = {  # each with which of mean and deviation no gradient comes to
    "the deviation": (lambda mu, std: mu + std.detach() * torch.randn_like(mu), "deviation"),
    "the root of the variance": (lambda mu, var: mu + var.detach().sqrt() * torch.randn_like(mu), "deviation"),
    "normal": (lambda mu, std: torch.normal(mu, std), "mean and deviation"),
    "sample": (lambda mu, std: Normal(mu, std).sample(), "mean and deviation"),
    "sample of a logarithm": (lambda mu, logvar: Normal(mu, (logvar / 2).exp()).sample(), "mean and deviation"),
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.every(3)
def test_a_sampler_without_a_gradient_is_refuted(name):
    sampler, missed = CUT[name]
    found = audit_sampler(sampler)
    assert (found.verdict, found.bug) == ("REFUTED", "detached")
    assert found.reason == f"z has the right value, but no gradient goes back through it to the {missed}."


def test_a_sampler_without_noise_is_still_refuted():
    for sampler in (lambda mu, logvar: mu + torch.exp(logvar / 2), lambda mu, logvar: mu + FROZEN):
        found = audit_sampler(sampler)
        assert (found.verdict, found.bug) == ("REFUTED", "missing-noise")
        assert found.reason == "no noise from torch is in z."


FROZEN = torch.randn(5, 3, dtype=torch.float64)


@pytest.mark.parametrize("function", [torch.tanh, torch.sigmoid])
def test_a_function_of_a_gaussian_is_no_gaussian_sample(function):
    found = audit_sampler(lambda mu, std: function(mu + std * torch.randn_like(mu)))
    assert found.verdict == "UNKNOWN"
    assert found.reason == "z is not a mean plus a deviation times noise."
    assert found.theorems == ()


SAMPLERS = {
    "logvar": lambda mu, logvar: mu + torch.exp(0.5 * logvar) * torch.randn_like(mu),
    "var": lambda mu, var: mu + var.sqrt() * torch.randn_like(mu),
    "std": lambda mu, std: Normal(mu, std).rsample(),
    "logstd": lambda mu, logstd: mu + torch.exp(logstd) * torch.randn_like(mu),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_right_sampler_is_proved_with_a_theorem_for_each_moment(name):
    found = audit_sampler(SAMPLERS[name])
    assert found.verdict == "PROVED", found
    assert len(found.theorems) == 3


@pytest.mark.parametrize("name", ["logvar", "std"])
@pytest.mark.parametrize("said", ["var", "logstd"])
def test_a_sampler_of_another_variance_is_refuted(name, said):
    if {name, said} == {"logvar", "var"} or {name, said} == {"std", "logstd"}:
        return
    found = audit_sampler(SAMPLERS[name], roles={name: said})
    assert (found.verdict, found.bug) == ("REFUTED", "std-variance")
    assert found.witness is not None


@pytest.mark.slow
def test_a_kl_of_another_role_is_told_what_it_would_be_of():
    def of_deviation(mu, logvar):
        return 0.5 * (mu**2 + torch.exp(2 * logvar) - 1 - 2 * logvar).sum()

    found = audit_kl(of_deviation)
    assert found.reason.endswith("It is the KL if logvar is the log of the standard deviation.")
    assert audit_kl(of_deviation, roles={"logvar": "logstd"}).verdict == "PROVED"


@pytest.mark.slow
def test_a_kl_whose_clamp_does_something_is_not_proved_without_it():
    found = audit_kl(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar.clamp(-0.1, 0.1)).sum())
    assert found.verdict == "REFUTED"


@pytest.mark.parametrize(
    ("call", "target"),
    [
        (lambda: audit(usual_step(), batch()), "usual_step.<locals>.step"),
        (lambda: audit_loss(textbook), "textbook"),
    ],
)
def test_a_report_has_target_line_and_time(call, target):
    report = call()
    assert report.target == target
    assert report.source is not None
    assert "made.py:" in report.source
    assert report.seconds > 0


def test_a_step_that_is_not_read_has_target_line_and_time_too():
    report = audit(unread, batch())
    assert (report.verdict, report.target) == ("UNKNOWN", "unread")
    assert report.source is not None
    assert "test_pipeline.py:" in report.source
    assert report.seconds > 0


def unread(x):
    """Its formula has the number nan in it."""
    return (x.clamp(min=float("-inf")) * 2).sum() + x.sum() * 0


class Callable:
    """A loss as an object."""

    def __call__(self, x_hat, x, mu, logvar):
        return textbook(x_hat, x, mu, logvar)


def test_an_object_is_named_by_its_class():
    assert audited_now(Callable()).name == "Callable"
    assert audit_loss(Callable()).target == "Callable"


@pytest.mark.slow
def test_a_loss_is_tried_on_binary_data_then_on_images():
    def of_binary(x_hat, x, mu, logvar):
        assert bool(((x == 0) | (x == 1)).all())
        return F.binary_cross_entropy(x_hat, x, reduction="sum") + kl(mu, logvar)

    def of_images(x_hat, x, mu, logvar):
        return squares(x_hat.view(-1, 784), x.view(-1, 784)) + kl(mu, logvar)

    assert audit_loss(of_binary).verdict == "PROVED"
    assert audit_loss(of_images).verdict == "PROVED"


def test_the_error_of_the_first_try_is_said_if_none_does():
    def never(x_hat, x, mu, logvar):
        raise ValueError(f"not of shape {tuple(x.shape)}")

    with pytest.raises(UserCodeError, match=r"ValueError: not of shape \(5, 7\)"):
        audit_loss(never)


def test_a_loss_of_no_number_is_the_users_error_at_once():
    with pytest.raises(InputError, match="a loss is one number"):
        audit_loss(lambda x_hat, x, mu, logvar: (x - x_hat) ** 2)


def evaluated(evaluation, step=None):
    """The claim on evaluation."""
    return audit(step or usual_step(), batch(), evaluation=evaluation).claim("evaluation")


def test_evaluation_with_the_same_objective_is_proved():
    step = usual_step()
    claim = evaluated(torch.no_grad()(step), step)
    assert claim.verdict == "PROVED"
    assert claim.theorems


def test_evaluation_that_decodes_the_mean_is_refuted():
    claim = evaluated(usual_step(lambda mu, logvar: mu))
    assert (claim.verdict, claim.bug) == ("REFUTED", "evaluation")
    assert "does not sample z" in claim.reason


@pytest.mark.slow
def test_evaluation_with_another_beta_is_refuted_and_is_a_note():
    report = audit(usual_step(), batch(), evaluation=usual_step(of_kl=lambda mu, logvar: 2 * kl(mu, logvar)))
    claim = report.claim("evaluation")
    assert claim.verdict == "REFUTED"
    assert "evaluation has beta = 2" in claim.reason
    assert report.verdict == "PROVED"
    assert any(note.startswith("warning: evaluation has") for note in report.notes)


def test_evaluation_that_is_not_read_is_unknown():
    claim = evaluated(unread)
    assert claim.verdict == "UNKNOWN"


def test_the_claim_on_evaluation_leaves_the_rest_of_the_report():
    step = usual_step()
    report, found = (audit(step, batch(), evaluation=other) for other in (None, step))
    assert [str(claim) for claim in found.claims[:-1]] == [str(claim) for claim in report.claims]
    assert found.claims[-1].verdict == "PROVED"
    assert (found.verdict, found.notes, found.source) == (report.verdict, report.notes, report.source)


def test_a_step_is_assessed_from_one_run_as_well():
    found = assess(Asked(usual_step(), (call_of(batch()),)))
    assert found.objective.theorem is not None
    assert found.names.sizes["B"] == 5
    assert all(weight is not None for weight in found.weights.values())


def two_heads(detached=False, beside=False):
    """A step with a network for the mean and one for the deviation, which is a softplus and no exponential."""
    torch.manual_seed(0)
    mean, spread, decoder = (torch.nn.Linear(n, m) for n, m in ((7, 3), (7, 3), (6 if beside else 3, 7)))

    def step(x):
        mu, std = mean(x), F.softplus(spread(x))
        z = mu + (std.detach() if detached else std) * torch.randn_like(mu)
        divergence = ((mu**2 + std**2 - 1) / 2 - torch.log(std)).sum()
        return squares(decoder(torch.cat([z, std], 1) if beside else z), x) + divergence

    return step


@pytest.mark.parametrize(
    ("options", "verdict"), [({}, "PROVED"), ({"detached": True}, "REFUTED"), ({"beside": True}, "UNKNOWN")]
)
def test_a_deviation_of_a_network_of_its_own_is_the_posteriors(options, verdict):
    """It was taken for data that the decoder sees besides z: another array stands for it in the log-variance."""
    report = audit(two_heads(**options), batch())
    assert report.verdict == verdict
    assert report.claim("divergence").verdict == "PROVED"
    sees = "the decoder sees the data besides z" in str(report)
    assert sees == bool(options.get("beside"))
    if options.get("detached"):
        assert "no gradient goes back through it to the deviation." in report.claim("sampler").reason


def test_latents_and_places_are_named():
    found = assess(Asked(usual_step(), (call_of(batch()),)))
    assert {letter: found.names.sizes[letter] for letter in "BLD"} == {"B": 5, "L": 3, "D": 7}
    assert [claim.verdict for claim in found.samplers] == ["PROVED"]


def test_gradients_of_an_evaluation_do_not_count():
    nets = Nets()

    @torch.no_grad()
    def step(x):
        mu, logvar = nets.posterior(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return squares(nets.decoder(z), x) + kl(mu, logvar)

    calls = (call_of(batch()),)
    formulas = [Asked(step, calls, gradients=gradients).formula() for gradients in (False, True)]
    detached = [any(name.startswith("detached") for name in formula.reading.result.leaves) for formula in formulas]
    assert detached == [False, True]
