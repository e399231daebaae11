"""Small steps that programs of known truth (`tests/programs`) showed to be undecided or misjudged."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Beta, Categorical, ContinuousBernoulli, Normal, kl_divergence

from vaelid.auditor import audit

D, L, ROWS = 6, 2, 4
torch.manual_seed(5)
ENCODER, DECODER, OF_PRIOR = nn.Linear(D, 2 * L), nn.Linear(L, D), nn.Linear(2, 2 * L)
OF_CLASSES, SCALE = nn.Linear(L, 3 * D), nn.Parameter(0.1 * torch.randn(L))
OPTIMIZER = torch.optim.SGD([*ENCODER.parameters(), *DECODER.parameters(), SCALE], lr=0.0)
X, BITS, CLASSES = torch.randn(ROWS, D), (torch.rand(ROWS, D) > 0.5).float(), torch.randint(0, 3, (ROWS, D))
UNIT = 0.05 + 0.9 * torch.rand(ROWS, D)


def posterior(x):
    mu, logvar = ENCODER(x).chunk(2, dim=-1)
    return mu, logvar, mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()


def squares(x, z):
    return 0.5 * (x - DECODER(z)).pow(2).sum()


def chunks_of_rows_with_one_learned_scale(x):
    """The deviation of every chunk's posterior is one parameter, and no logarithm of it is written in any."""
    whole = 0.0
    for part in x.split(2):
        mu = ENCODER(part)[:, :L]
        std = F.softplus(SCALE).expand_as(mu)
        z = mu + std * torch.randn_like(mu)
        whole = whole + squares(part, z) + kl_divergence(Normal(mu, std), Normal(0.0, 1.0)).sum()
    return whole / len(x)


def a_loop_over_latents_and_a_backward_pass(x):
    """The backward pass takes each draw of the loop by itself."""
    mu, logvar = ENCODER(x).chunk(2, dim=-1)
    std = torch.exp(0.5 * logvar)
    z = torch.stack([mu[:, j] + std[:, j] * torch.randn(len(mu)) for j in range(L)], dim=1)
    loss = (squares(x, z) + kl(mu, logvar)) / len(x)
    OPTIMIZER.zero_grad()
    loss.backward()
    OPTIMIZER.step()
    return loss


def a_scale_that_is_added_and_taken_away(x):
    """A residual that is 0 makes z and its deviation longer to write."""
    mu = ENCODER(x)[:, :L]
    z = mu + SCALE.exp() * torch.randn_like(mu)
    z = z + (z - z)
    log_q, log_p = Normal(mu, SCALE.exp()).log_prob(z), Normal(0.0, 1.0).log_prob(z)
    return (squares(x, z) + (log_q - log_p).sum()) / len(x)


def a_prior_whose_bias_is_added_apart(batch):
    """As vmap makes a layer of one row: its mean over draws multiplies h + w out."""
    x, c = batch
    mu, logvar, z = posterior(x)
    mean, spread = (c @ OF_PRIOR.weight.T + OF_PRIOR.bias).chunk(2, dim=-1)
    log_q = -0.5 * ((z - mu) / torch.exp(0.5 * logvar)) ** 2 - 0.5 * logvar
    log_p = -0.5 * (z - mean) ** 2 / spread.exp() - 0.5 * spread
    return (squares(x, z) + (log_q - log_p).sum()) / len(x)


def columns_of_two_kinds_by_a_loop(x):
    """Joined by `cat`, then taken apart column by column."""
    mu, logvar, z = posterior(x)
    out = DECODER(z)
    numbers = 0.5 * (x[:, :-1] - out[:, :-1]) ** 2
    flag = F.softplus(out[:, -1:]) - (x[:, -1:] > 0).float() * out[:, -1:]
    nll = sum(column.sum() for column in torch.cat([numbers, flag], dim=-1).unbind(-1))
    return (nll + kl(mu, logvar)) / len(x)


def a_mask_of_which_one_column_is_full(batch):
    x, mask = batch
    mu, logvar, z = posterior(x)
    each = mask * F.binary_cross_entropy_with_logits(DECODER(z), x, reduction="none")
    return (sum(each[:, j].sum() for j in range(D)) + kl(mu, logvar)) / len(x)


def classes_at_several_draws(x):
    mu, logvar = ENCODER(F.one_hot(x, 3).float()[..., 0]).chunk(2, dim=-1)
    z = Normal(mu, torch.exp(0.5 * logvar)).rsample((3,))
    nll = -Categorical(logits=OF_CLASSES(z).unflatten(-1, (D, 3))).log_prob(x)
    return (nll.mean(0).sum() + kl(mu, logvar)) / len(x)


def chunks_of_a_density_without_a_name(x):
    """Each chunk's datum is x[i + 2, j]."""
    whole = 0.0
    for part in x.split(2):
        mu, logvar, z = posterior(part)
        a = F.softplus(DECODER(z)) + 0.5
        whole = whole - Beta(a, 1.5).log_prob(part).sum() + kl(mu, logvar)
    return whole / len(x)


def a_clamped_log_variance_at_the_draw(batch):
    """The solvers find no proof for absolute values inside exponentials, and need none."""
    x, c = batch
    mu, logvar = ENCODER(x).chunk(2, dim=-1)
    logvar = logvar.clamp(-30.0, 20.0)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    mean, spread = OF_PRIOR(c).chunk(2, dim=-1)
    log_q = -0.5 * ((z - mu) / torch.exp(0.5 * logvar)) ** 2 - 0.5 * logvar
    log_p = -0.5 * (z - mean) ** 2 / spread.exp() - 0.5 * spread
    return (squares(x, z) + (log_q - log_p).sum()) / len(x)


def torchs_continuous_bernoulli(x):
    """It chooses between a formula and a series by what the decoder puts out."""
    mu, logvar, z = posterior(x)
    return (kl(mu, logvar) - ContinuousBernoulli(logits=DECODER(z)).log_prob(x).sum()) / len(x)


def a_mask_of_numbers_beside_a_one_hot_code(batch):
    """Each is 0 and 1, and hides the other: the one of fewer dimensions is the mask."""
    code, mask = batch
    mu, logvar = ENCODER(code[..., 0]).chunk(2, dim=-1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    nll = -(code * F.log_softmax(OF_CLASSES(z).unflatten(-1, (D, 3)), dim=-1)).sum(-1)
    return ((nll * mask).sum() + kl(mu, logvar)) / len(code)


FULL = (torch.rand(ROWS, D) > 0.4).float()
FULL[:, 2] = 1.0
PROVED = {
    chunks_of_rows_with_one_learned_scale: X,
    a_loop_over_latents_and_a_backward_pass: X,
    a_scale_that_is_added_and_taken_away: X,
    a_prior_whose_bias_is_added_apart: (X, torch.randn(ROWS, 2)),
    columns_of_two_kinds_by_a_loop: X,
    a_mask_of_which_one_column_is_full: (BITS, FULL),
    classes_at_several_draws: CLASSES,
    chunks_of_a_density_without_a_name: UNIT,
    a_clamped_log_variance_at_the_draw: (X, torch.randn(ROWS, 2)),
    torchs_continuous_bernoulli: UNIT,
    a_mask_of_numbers_beside_a_one_hot_code: (F.one_hot(CLASSES, 3).float(), (torch.rand(ROWS, D) > 0.3).float()),
}


@pytest.mark.slow
@pytest.mark.parametrize("step", PROVED, ids=lambda step: step.__name__)
def test_it_is_proved(step):
    report = audit(step, PROVED[step])
    assert (report.verdict, report.beta_effective) == ("PROVED", 1), report


def penalty_beside_a_learned_prior(batch):
    """The KL to a learned prior, and mu^2 once more: the KL to no normal prior."""
    x, c = batch
    mu, logvar, z = posterior(x)
    mean, spread = OF_PRIOR(c).chunk(2, dim=-1)
    own = kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), Normal(mean, torch.exp(0.5 * spread))).sum()
    return (squares(x, z) + own + 0.5 * mu.pow(4).sum()) / len(x)


def test_points_tell_against_a_kl_beside_the_arrays_of_its_prior():
    report = audit(penalty_beside_a_learned_prior, (X, torch.randn(ROWS, 2)))
    assert report.verdict == "REFUTED", report
    assert "to a normal prior" in report.summary


@pytest.mark.parametrize("target", [lambda x: 0.9 * x + 0.05, lambda x: torch.lerp(x, torch.full_like(x, 0.5), 0.1)])
def test_smoothed_pixels_are_another_objective(target):
    def step(x):
        mu, logvar, z = posterior(x)
        return (F.binary_cross_entropy_with_logits(DECODER(z), target(x), reduction="sum") + kl(mu, logvar)) / len(x)

    report = audit(step, BITS)
    assert report.verdict == "OTHER", report
    assert "label smoothing" in report.objective_name


@pytest.mark.parametrize("target", [lambda x: 1 - x, lambda x: (x > 0.3).float(), lambda x: x * 0.5])
def test_other_data_are_not_smoothed(target):
    """Bits turned over, grey values cut, and grey values scaled."""
    x = BITS if float(target(torch.tensor(1.0))) == 0 else torch.rand(ROWS, D)

    def step(x):
        mu, logvar, z = posterior(x)
        return (F.binary_cross_entropy_with_logits(DECODER(z), target(x), reduction="sum") + kl(mu, logvar)) / len(x)

    assert audit(step, x).verdict == "PROVED"


def test_a_clamp_in_the_sampler_alone_is_another_posterior():
    """The KL is of the log-variance before the clamp, which acts at 0.05."""

    def step(x):
        mu, logvar = ENCODER(x).chunk(2, dim=-1)
        z = mu + torch.exp(0.5 * logvar.clamp(-0.05, 0.05)) * torch.randn_like(mu)
        return (squares(x, z) + kl(mu, logvar)) / len(x)

    assert audit(step, X).verdict in ("REFUTED", "UNKNOWN")


def test_the_same_clamp_written_twice_is_not_refuted():
    def step(x):
        mu, logvar = ENCODER(x).chunk(2, dim=-1)
        z = mu + torch.exp(0.5 * torch.clamp(logvar, -8.0, 8.0)) * torch.randn_like(mu)
        held = torch.clamp(torch.clamp(logvar, min=-8.0), max=8.0)
        return (squares(x, z) + kl(mu, held)) / len(x)

    assert audit(step, X).verdict in ("PROVED", "UNKNOWN")


@pytest.mark.parametrize("asserted", [True, False])
@pytest.mark.parametrize("register", ["register_hook", "register_post_accumulate_grad_hook"])
@pytest.mark.every(2)
def test_a_hook_on_a_weight_is_not_proved_under_autocast(register, asserted):
    """No operation of the run shows the hook, and where the step asks for float32 no slopes are compared."""
    decoder = nn.Linear(L, D)

    def step(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mu, logvar = ENCODER(x).chunk(2, dim=-1)
        mu, logvar = mu.float(), logvar.float()
        assert mu.dtype == torch.float32 or not asserted
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = decoder(z)
        return (0.5 * (x - out.float()).pow(2).sum() + kl(mu, logvar)) / len(x)

    assert audit(step, X).verdict == "PROVED"
    getattr(decoder.weight, register)(lambda held: 0.1 * held if register == "register_hook" else held.grad.mul_(0.1))
    report = audit(step, X)
    seen = register == "register_hook" and not asserted  # what is done after a backward is in no gradient
    assert report.verdict == ("REFUTED" if seen else "UNKNOWN"), report
    assert ("what is back-propagated is not" if seen else "a parameter has a hook") in report.summary


def test_sticking_the_landing_under_autocast():
    def step(x, factor=1.0):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mu, logvar = ENCODER(x).chunk(2, dim=-1)
        mu, std = mu.float(), torch.exp(0.5 * logvar.float())
        z = mu + std * torch.randn_like(mu)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = DECODER(z)
        kl = Normal(mu.detach(), factor * std.detach()).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
        return (0.5 * (x - out.float()).pow(2).sum() + kl.sum()) / len(x)

    report = audit(step, X)
    assert report.verdict == "PROVED", report
    assert "sticking the landing" in report.summary
    assert audit(lambda x: step(x, factor=2.0), X).verdict in ("REFUTED", "UNKNOWN")


def test_masked_data_at_several_draws_that_stick_the_landing():
    """The decoder's layer puts out the rows of all draws as one dimension; the mask has those of one."""

    def step(batch):
        x, mask = batch
        mu, logvar = ENCODER(x).chunk(2, dim=-1)
        std = torch.exp(0.5 * logvar)
        z = mu + std * torch.randn(3, *mu.shape)
        nll = mask * F.binary_cross_entropy_with_logits(DECODER(z), x.expand(3, -1, -1), reduction="none")
        own = Normal(mu.detach(), std.detach()).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
        return (nll.mean(0).sum() + own.mean(0).sum()) / len(x)

    report = audit(step, (BITS, FULL))
    assert report.verdict == "PROVED", report
    assert "sticking the landing" in report.summary


def test_a_side_of_a_comparison_that_no_output_reached_is_said():
    def step(x):
        mu, logvar, z = posterior(x)
        out = DECODER(z)
        each = 0.5 * (x - out) ** 2
        return (torch.where(out > 50.0, 0.1 * each, each).sum() + kl(mu, logvar)) / len(x)

    report = audit(step, X)
    assert any("`gt` had one answer throughout" in note for note in report.notes), report


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_columns_cut_elsewhere_than_they_were_joined_are_all_columns(cut):
    def step(x):
        mu, logvar, z = posterior(x)
        out = DECODER(z)
        bits = F.binary_cross_entropy_with_logits(out[:, :2], (x[:, :2] > 0).float(), reduction="none")
        each = torch.cat([bits, 0.5 * (x[:, 2:] - out[:, 2:]) ** 2], dim=1)
        return (each[:, :cut].sum() + each[:, cut:].sum() + kl(mu, logvar)) / len(x)

    assert audit(step, X).verdict == "PROVED"


@pytest.mark.parametrize("changed", ["nothing", "scaled", "clipped", "added"])
@pytest.mark.every(2)
def test_gradients_that_are_changed_after_backward(changed):
    """What an optimizer is given may be scaled or clipped; what is added to it is another objective's."""

    def step(x):
        OPTIMIZER.zero_grad()
        mu, logvar, z = posterior(x)
        own = kl(mu, logvar)
        loss = squares(x, z) + own
        loss.backward(retain_graph=True)
        if changed == "scaled":
            torch.nn.utils.clip_grad_norm_(DECODER.parameters(), 0.1)
        if changed == "clipped":
            torch.nn.utils.clip_grad_value_(ENCODER.parameters(), 0.1)
        if changed == "added":
            parameters = list(ENCODER.parameters())
            for p, slope in zip(parameters, torch.autograd.grad(3 * own, parameters), strict=True):
                p.grad = p.grad + slope
        OPTIMIZER.step()
        return loss.detach()

    report = audit(step, X)
    assert report.verdict == ("UNKNOWN" if changed == "added" else "PROVED"), report


def test_masked_data_of_probabilities_that_stick_the_landing():
    """The likelihood is of the logits of what the code has as probabilities."""

    def step(batch):
        x, mask = batch
        mu, logvar = ENCODER(x).chunk(2, dim=-1)
        std = torch.exp(0.5 * logvar)
        z = mu + std * torch.randn_like(mu)
        nll = mask * F.binary_cross_entropy(torch.sigmoid(DECODER(z)), x, reduction="none")
        own = Normal(mu.detach(), std.detach()).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
        return (nll.sum() + own.sum()) / len(x)

    assert audit(step, (BITS, FULL)).verdict == "PROVED"
