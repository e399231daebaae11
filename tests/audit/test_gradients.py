"""A loss of the right value is no ELBO where the gradient is another: by a backward, a hook, or a cut of one's own."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from vaelid.auditor import audit

from .cases.case import kl_of, nets
from .witnessed import ball, unwitnessed

DATA = torch.rand(5, 7, generator=torch.Generator().manual_seed(0))


def own(forward, backward):
    """A function with a backward of its own."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, gradient):
            return backward(ctx.saved_tensors[0], gradient)

    return Own.apply


IDENTITY = own(lambda x: x.view_as(x), lambda x, g: g)
REVERSED = own(lambda x: x.view_as(x), lambda x, g: -g)
DOUBLED = own(lambda x: x.clone(), lambda x, g: 2 * g)
EXP = own(torch.exp, lambda x, g: g * x.exp())
WRONG_EXP = own(torch.exp, lambda x, g: g)


def same(x):
    """What it is given."""
    return x


def step_with(latent=same, hidden=same, exp=torch.exp, hook=None, output=same, divergence=same, whole=same):
    """A step with something of its own at one place."""
    torch.manual_seed(0)
    encoder, _ = nets(7, 3)
    first, last = nn.Linear(3, 6), nn.Linear(6, 7)

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = latent(mu + exp(0.5 * logvar) * torch.randn_like(mu))
        if hook is not None:
            z.register_hook(hook)
        x_hat = output(last(hidden(torch.tanh(first(z)))))
        return whole(0.5 * ((x_hat - x) ** 2).sum() + divergence(kl_of(mu, logvar)))

    return step


RIGHT = {
    "identity on z": {"latent": IDENTITY},
    "identity inside the decoder": {"hidden": IDENTITY},
    "identity on the output": {"output": IDENTITY},
    "identity on the loss": {"whole": IDENTITY},
    "exp with its own backward": {"exp": EXP},
    "a hook that looks": {"hook": lambda gradient: None},
    "what is added and detached is zero": {"output": lambda h: h + (h - h).detach()},
    "a checkpoint": {"hidden": lambda h: checkpoint(torch.sin, h, use_reentrant=False)},
    "a reentrant checkpoint": {"hidden": lambda h: checkpoint(torch.sin, h, use_reentrant=True)},
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.every(6)
def test_a_gradient_that_is_the_formulas_is_proved(name):
    found = audit(step_with(**RIGHT[name]), DATA)
    assert found.verdict == "PROVED", found
    assert found.beta_effective == 1


WRONG = {
    "reversed on z": {"latent": REVERSED},
    "doubled on z": {"latent": DOUBLED},
    "reversed inside the decoder": {"hidden": REVERSED},
    "reversed on the output": {"output": REVERSED},
    "reversed on the KL": {"divergence": REVERSED},
    "reversed on the loss": {"whole": REVERSED},
    "exp with a wrong backward": {"exp": WRONG_EXP},
    "a hook that doubles": {"hook": lambda gradient: 2 * gradient},
    "detached inside the decoder": {"hidden": lambda h: h.detach()},
    "detached, then an identity": {"hidden": lambda h: IDENTITY(h.detach())},
    "half of it detached": {"output": lambda h: 0.5 * h + 0.5 * h.detach()},
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.every(6)
def test_another_gradient_than_the_formulas_is_refuted(name):
    found = audit(step_with(**WRONG[name]), DATA)
    assert found.verdict == "REFUTED", found
    assert not unwitnessed(found)
    assert "detached" in {claim.bug for claim in found.claims}


def test_the_witness_of_a_reversed_gradient_has_the_other_sign():
    claims = audit(step_with(output=REVERSED), DATA).claims
    (witness,) = [claim.witness for claim in claims if claim.witness is not None]
    assert float(ball(witness.computed)) == pytest.approx(-float(ball(witness.expected)), rel=1e-5)


def test_a_hook_on_a_layer_that_changes_the_gradient_is_not_proved():
    encoder, decoder = nets(7, 3)
    decoder[0].register_full_backward_hook(lambda module, inputs, outputs: (3 * inputs[0],))

    def step(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return 0.5 * ((decoder(z) - x) ** 2).sum() + kl_of(mu, logvar)

    found = audit(step, DATA)
    assert found.verdict in ("REFUTED", "UNKNOWN")
    assert not any(claim.bug for claim in found.claims if claim.verdict == "UNKNOWN")


def one(run):
    """A step with these parts: from data, encoder and decoder to a loss."""
    encoder, decoder = nets(7, 3)
    return lambda x: run(x, encoder, decoder)


def drawn(mu, logvar):
    """A sample."""
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def half_squares(x_hat, x):
    """-log N(x; x_hat, 1), up to a constant."""
    return 0.5 * ((x_hat - x) ** 2).sum()


def test_a_decoder_without_gradient_is_refuted():
    def run(x, encoder, decoder):
        mu, logvar = encoder(x).chunk(2, -1)
        z = drawn(mu, logvar)
        with torch.no_grad():
            x_hat = decoder(z)
        return half_squares(x_hat, x) + kl_of(mu, logvar)

    found = audit(one(run), DATA)
    assert found.verdict == "REFUTED"
    assert found.claim("reconstruction").bug == "detached"
    assert not unwitnessed(found)


def test_a_kl_without_gradient_is_not_proved():
    def run(x, encoder, decoder):
        mu, logvar = encoder(x).chunk(2, -1)
        with torch.no_grad():
            again = encoder(x).chunk(2, -1)
        return half_squares(decoder(drawn(mu, logvar)), x) + kl_of(*again)

    assert audit(one(run), DATA).verdict in ("REFUTED", "UNKNOWN")


def test_a_loss_over_itself_detached_is_no_loss_without_a_kl():
    def run(x, encoder, decoder):
        mu, logvar = encoder(x).chunk(2, -1)
        terms = half_squares(decoder(drawn(mu, logvar)), x), kl_of(mu, logvar)
        return sum(term / term.detach() for term in terms)

    assert audit(one(run), DATA).verdict == "UNKNOWN"  # its gradient is not cut off: the weights are read as numbers


def test_a_detached_target_with_the_right_gradient_is_proved():
    def run(x, encoder, decoder):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(drawn(mu, logvar))
        target = x_hat.detach() + (x - x_hat).detach()
        return half_squares(x_hat, target) + kl_of(mu, logvar)

    assert audit(one(run), DATA).verdict == "PROVED"


def test_an_audit_that_is_asked_for_without_autograd_is_of_the_step_with_it():
    with torch.no_grad():
        assert audit(step_with(), DATA).verdict == "PROVED"
        assert audit(step_with(hidden=lambda h: h.detach()), DATA).verdict == "REFUTED"
