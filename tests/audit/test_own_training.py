"""Steps that train themselves: what they return is only shown, and is judged beside the gradient that is used."""

import pytest
import torch
from torch import nn

from vaelid import audit
from vaelid.spec.errors import InputError

from .cases.case import kl_of


class Vae:
    """A VAE with its optimizer, and a batch."""

    def __init__(self, rows=4):
        torch.manual_seed(0)
        self.encoder, self.decoder = nn.Linear(6, 6), nn.Linear(3, 6)
        self.weights = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimizer = torch.optim.SGD(self.weights, 1e-3)
        self.x = torch.randn(rows, 6)

    def parts(self, x, change=lambda z: z):
        """NLL and KL, summed."""
        mu, logvar = self.encoder(x).chunk(2, -1)
        z = change(mu + (0.5 * logvar).exp() * torch.randn_like(mu))
        return 0.5 * ((self.decoder(z) - x) ** 2).sum(), kl_of(mu, logvar)

    def loss(self, x, change=lambda z: z):
        """Their sum."""
        return sum(self.parts(x, change))

    def train(self, loss):
        """One update."""
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def in_chunks(vae, scaled=lambda loss, rows: loss, kept=lambda k: True, between=lambda: None, of=1.0):
    """Gradient accumulation over chunks of two rows; what is returned is detached."""

    def step(x):
        vae.optimizer.zero_grad()
        whole = torch.zeros(())
        for k, chunk in enumerate(x.split(2)):
            loss = scaled(vae.loss(chunk), len(chunk))
            if kept(k):
                loss.backward()
            whole += loss.detach()
            between()
        vae.optimizer.step()
        return whole * of

    return step


def once(vae, back=lambda rec, kl: rec + kl, shown=lambda rec, kl: (rec + kl).detach(), change=lambda z: z):
    """One update with `back`, and what is returned."""

    def step(x):
        rec, kl = vae.parts(x, change)
        vae.train(back(rec, kl))
        return shown(rec, kl)

    return step


def by_hand(vae, of=lambda rec, kl: rec + kl):
    """Gradients by `torch.autograd.grad`, given to the optimizer."""

    def step(x):
        rec, kl = vae.parts(x)
        for weight, slope in zip(vae.weights, torch.autograd.grad(of(rec, kl), vae.weights), strict=True):
            weight.grad = slope
        vae.optimizer.step()
        return (rec + kl).detach()

    return step


RIGHT = {
    "sums of chunks": lambda vae: in_chunks(vae),
    "means of chunks of one length": lambda vae: in_chunks(vae, lambda loss, rows: loss / rows),
    "the mean of what is trained with": lambda vae: in_chunks(vae, of=0.5),
    "detached": lambda vae: once(vae),
    "its data": lambda vae: once(vae, shown=lambda rec, kl: (rec + kl).data),
    "its KL detached": lambda vae: once(vae, shown=lambda rec, kl: rec + kl.detach()),
    "a clone": lambda vae: once(vae, shown=lambda rec, kl: rec.detach().clone() + kl.detach()),
    "what cancels": lambda vae: once(vae, change=lambda z: z + (z.detach() - z).detach()),
    "gradients by hand": lambda vae: by_hand(vae),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.every(10)
def test_a_right_gradient_of_what_is_only_shown_is_proved(name):
    vae = Vae()
    found = audit(RIGHT[name](vae), vae.x)
    assert found.verdict == "PROVED", found
    assert found.beta_effective == 1
    assert {premise.name: premise.evidence for premise in found.premises}["gradient"] == "examined"


def test_a_multiple_is_noted():
    vae = Vae()
    assert "what is back-propagated is 2 times what is returned" in audit(in_chunks(vae, of=0.5), vae.x).notes


@pytest.mark.slow
def test_chunks_of_several_lengths_are_proved_as_sums_and_not_refuted_as_means():
    vae = Vae(rows=5)
    assert audit(in_chunks(vae), vae.x).verdict == "PROVED"
    assert audit(in_chunks(vae, lambda loss, rows: loss / rows), vae.x).verdict in ("OTHER", "UNKNOWN")


REFUTED = {
    "the last chunk is not used": lambda vae: in_chunks(vae, kept=lambda k: k == 0),
    "set to zero between chunks": lambda vae: in_chunks(vae, between=lambda: vae.optimizer.zero_grad()),
    "the reconstruction alone": lambda vae: once(vae, back=lambda rec, kl: rec + 0 * kl),
    "another beta": lambda vae: once(vae, back=lambda rec, kl: rec + 0.99 * kl),
    "the other sign": lambda vae: once(vae, back=lambda rec, kl: -rec - kl),
    "a KL without gradient": lambda vae: once(vae, back=lambda rec, kl: rec + kl.detach()),
    "a function of the loss": lambda vae: once(vae, back=lambda rec, kl: (rec + kl).log()),
    "z without gradient": lambda vae: once(vae, change=lambda z: z.detach()),
    "another gradient by hand": lambda vae: by_hand(vae, lambda rec, kl: rec + 2 * kl),
}


@pytest.mark.parametrize("name", REFUTED)
@pytest.mark.every(10)
def test_another_gradient_than_that_of_what_is_shown_is_refuted(name):
    vae = Vae()
    found = audit(REFUTED[name](vae), vae.x)
    assert found.verdict == "REFUTED", found
    assert any(claim.witness for claim in found.claims)


def tampered(vae, change, step=True):
    """With something done between backward and the optimizer's step."""

    def run(x):
        vae.optimizer.zero_grad()
        loss = vae.loss(x)
        loss.backward()
        change()
        vae.optimizer.step()
        return loss.detach()

    return run


@pytest.mark.slow
def test_gradients_may_be_clipped_and_not_turned_round_or_dropped():
    vae = Vae()
    clipped = tampered(vae, lambda: nn.utils.clip_grad_norm_(vae.weights, 1.0))
    assert audit(clipped, vae.x).verdict == "PROVED"
    assert audit(tampered(vae, lambda: [w.grad.neg_() for w in vae.weights]), vae.x).verdict == "REFUTED"
    assert audit(tampered(vae, vae.optimizer.zero_grad), vae.x).verdict == "REFUTED"


def test_a_loss_that_is_detached_and_trained_by_nobody_is_refuted():
    vae = Vae()
    assert audit(lambda x: vae.loss(x).detach(), vae.x).verdict == "REFUTED"


def several(vae, count=2):
    """Several updates in one step, of which the last loss is returned."""

    def step(x):
        for _ in range(count):
            loss = vae.loss(x)
            vae.train(loss)
        return loss

    return step


def in_turns(vae):
    """The encoder and the decoder, one after the other."""
    optimizers = [torch.optim.SGD(part.parameters(), 1e-3) for part in (vae.encoder, vae.decoder)]

    def step(x):
        for optimizer in optimizers:
            vae.optimizer.zero_grad()
            loss = vae.loss(x)
            loss.backward()
            optimizer.step()
        return loss.detach()

    return step


@pytest.mark.parametrize("made", [several, in_turns])
@pytest.mark.every(4)
def test_several_updates_are_neither_proved_nor_refuted_and_the_reason_is_given(made):
    vae = Vae()
    found = audit(made(vae), vae.x)
    assert found.verdict == "UNKNOWN"
    assert "it updates weights several times" in found.summary


@pytest.mark.slow
def test_a_prior_that_is_set_to_the_means_of_the_batch_is_not_proved():
    vae, center = Vae(), nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.SGD([center], 1.0)

    def step(x):
        mu, logvar = vae.encoder(x).chunk(2, 1)
        optimizer.zero_grad()
        (0.5 * (center - mu.detach().mean(0)) ** 2).sum().backward()
        optimizer.step()
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        kl = 0.5 * ((mu - center) ** 2 + logvar.exp() - 1 - logvar).sum()
        loss = 0.5 * ((vae.decoder(z) - x) ** 2).sum() + kl
        vae.train(loss)
        return loss.detach()

    assert audit(step, vae.x).verdict == "UNKNOWN"


@pytest.mark.slow
def test_a_discriminator_that_is_trained_inside_leaves_the_loss_to_the_caller():
    vae, other = Vae(), nn.Linear(3, 1)
    optimizer = torch.optim.SGD(other.parameters(), 1e-3)

    def step(x, stopped=lambda z: z.detach()):
        mu, logvar = vae.encoder(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        optimizer.zero_grad()
        other(stopped(z)).mean().backward(retain_graph=True)
        optimizer.step()
        return 0.5 * ((vae.decoder(z) - x) ** 2).sum() + kl_of(mu, logvar)

    assert audit(step, vae.x).verdict == "PROVED"
    assert audit(lambda x: step(x, lambda z: z), vae.x).verdict == "REFUTED"  # it trains the encoder, too


def test_numbers_of_python_are_told_apart_from_losses():
    vae = Vae()
    with pytest.raises(InputError, match=r"return `loss\.detach\(\)`"):
        audit(once(vae, shown=lambda rec, kl: (rec + kl).item()), vae.x)
    found = audit(once(vae, shown=lambda rec, kl: torch.tensor((rec + kl).item())), vae.x)
    assert found.verdict == "UNKNOWN"
    assert "add up detached losses" in found.summary


SAME = {
    "z and nothing": lambda z: z + (z.detach() - z).detach(),
    "forth and back": lambda z: z.detach() + z - z.detach(),
    "back and forth": lambda z: z.detach() + (z - z.detach()),
    "straight through the identity": lambda z: z + (1.0 * z - z).detach(),
    "nothing without autograd": lambda z: z + torch.no_grad()(lambda: z.clone() - z)(),
}
OTHER_SLOPES = {
    "half": lambda z: 0.5 * z + (0.5 * z).detach(),
    "double": lambda z: 2 * z - z.detach(),
    "none": lambda z: z + (z.detach() - z),
    "a thousandth less": lambda z: z + 0.0005 * (z.detach() - z),
    "one column": lambda z: torch.cat([z[:, :1], z[:, 1:].detach()], 1),
    "straight through a hyperbolic tangent": lambda z: z + (torch.tanh(z) - z).detach(),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.every(3)
def test_a_detached_zero_changes_nothing(name):
    vae = Vae()
    assert audit(lambda x: vae.loss(x, SAME[name]), vae.x).verdict == "PROVED"


def test_a_detached_zero_changes_nothing_where_z_is_joined_with_a_condition():
    vae, decoder = Vae(), nn.Linear(5, 6)

    def step(batch, change=SAME["z and nothing"]):
        x, condition = batch
        mu, logvar = vae.encoder(x).chunk(2, 1)
        z = change(torch.addcmul(mu, (0.5 * logvar).exp(), torch.randn_like(mu)))
        x_hat = decoder(torch.cat([z, condition], dim=1))
        return 0.5 * ((x_hat - x) ** 2).sum() + kl_of(mu, logvar)

    batch = vae.x, torch.randn(4, 2)
    assert audit(step, batch).verdict == "PROVED"
    assert audit(lambda batch: step(batch, SAME["forth and back"]), batch).verdict == "PROVED"
    assert audit(lambda batch: step(batch, OTHER_SLOPES["none"]), batch).verdict == "REFUTED"


@pytest.mark.parametrize("name", OTHER_SLOPES)
@pytest.mark.every(3)
def test_a_detached_part_of_z_changes_its_gradient(name):
    vae = Vae()
    assert audit(lambda x: vae.loss(x, OTHER_SLOPES[name]), vae.x).verdict == "REFUTED"


def test_a_gradient_set_to_zero_before_the_optimizer_steps_is_refuted():
    torch.manual_seed(0)
    encoder, decoder = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6)
    optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=1e-3)

    def step(x):
        mu, logvar = encoder(x).chunk(2, dim=1)
        x_hat = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        loss = ((x_hat - x) ** 2 / 2).sum(1).mean() + ((mu**2 + logvar.exp() - logvar - 1) / 2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        encoder.weight.grad.zero_()
        optimizer.step()
        return loss

    assert audit(step, torch.randn(5, 6)).verdict in ("REFUTED", "UNKNOWN")


def test_what_a_hook_raises_in_an_audit_is_not_called_our_defect():
    torch.manual_seed(0)
    encoder, decoder, seen = torch.nn.Linear(6, 4), torch.nn.Linear(2, 6), {}
    encoder.weight.register_hook(lambda slope: slope * (1.0 if seen["rows"] < 1000 else 0.0))

    def step(x):
        seen["rows"] = len(x)
        mu, logvar = encoder(x).chunk(2, dim=1)
        x_hat = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        return ((x_hat - x) ** 2 / 2).sum(1).mean() + ((mu**2 + logvar.exp() - logvar - 1) / 2).sum(1).mean()

    assert audit(step, torch.randn(5, 6)).verdict in ("PROVED", "UNKNOWN")
