"""Changes of the KL. Each docstring says why what comes out is no KL of what is drawn, or not with the declared beta.

Some slips are no errors: log sigma for log sigma^2 in the KL to N(0, 1) gives half the KL to N(0, 1/2). They are wrong
only beside a declaration.
"""

from dataclasses import replace

from .changes import NAMED, early, late
from .draft import Draft, Names

CLOSED = ("minus_half", "half", "summed_apart")
DRAWN = ("one_draw", "one_draw_by_hand", "sticking_the_landing")


def closed(names: Names) -> bool:
    """Whether the KL is a formula in mean, variance and log-variance."""
    return names["kl"] in CLOSED


def _of_objects(names: Names) -> bool:
    return names["kl"] in ("library", "library_of_rows") and names["spread"] != "cholesky"


def _by_latent(names: Names) -> bool:
    by_row = names["spread"] == "cholesky" or names["kl"] in ("summed_apart", "library_of_rows")
    return not by_row and names["prior"] != "levels"


def _replaced(draft: Draft, old: str, new: str) -> None:
    before = list(draft.kl)
    draft.kl = [line.replace(old, new) for line in draft.kl]
    assert draft.kl != before, (old, before)


@early(closed)
def deviation_for_variance(draft: Draft) -> None:
    """sigma stands where sigma^2 belongs: (m^2 + s - 1 - log s^2) / 2 is least at s = 2, where no prior's KL is."""
    draft.posterior = replace(draft.posterior, var="std")


@early(lambda names: closed(names) and names["prior"] == "standard" and names["declared"] == "nothing")
def log_of_deviation(draft: Draft) -> None:
    """log s stands for log s^2: half the KL to N(0, 1/2), where N(0, I) is declared."""
    draft.posterior = replace(draft.posterior, logvar="torch.log(std)")
    draft.declared = {"prior": "N(0, I)"}


@early(lambda names: closed(names) or _of_objects(names))
def kl_of_squashed_mean(draft: Draft) -> None:
    """The KL takes tanh(mu), z is drawn around mu. (Own.)"""
    draft.posterior = replace(draft.posterior, mean="mu.tanh()")


@early(lambda names: closed(names) and names["frame"] != "vmapped")
def kl_of_batch_mean(draft: Draft) -> None:
    """The KL takes the mean of mu over rows: codes far apart cost nothing if they cancel. (Own.)"""
    draft.posterior = replace(draft.posterior, mean="mu.mean(0, keepdim=True)")


@early(lambda names: closed(names) or _of_objects(names))
def mean_detached_in_kl(draft: Draft) -> None:
    """The KL has no gradient to mu."""
    draft.posterior = replace(draft.posterior, mean="mu.detach()")


@early(lambda names: closed(names) and names["prior"] in ("learned", "conditional", "levels"))
def prior_deviation_for_variance(draft: Draft) -> None:
    """The prior's deviation stands where its variance belongs, and its log beside it is of the variance.

    For a prior that is not learned it would be the KL to another prior, with another constant.
    """
    draft.prior = replace(draft.prior, var="torch.exp(0.5 * logvar_p)")


@late(_of_objects, allowed=NAMED, objective="(?i)revers")
def kl_reversed(draft: Draft) -> None:
    """KL(p || q) for KL(q || p)."""
    _replaced(draft, "kl_divergence(q, p)", "kl_divergence(p, q)")


def _minus_half(names: Names) -> bool:
    return names["kl"] == "minus_half" and names["prior"] == "standard" and names["frame"] != "scripted"


@late(_minus_half)
def half_of_the_one_only(draft: Draft) -> None:
    """-0.5 * 1 + log s^2 - m^2 - s^2: -2 KL and a constant."""
    _replaced(draft, "-0.5 * (1", "-0.5 * 1")
    draft.kl = [line[:-1] for line in draft.kl]


def _half(names: Names) -> bool:
    return names["kl"] == "half" and names["prior"] == "standard" and names["frame"] != "scripted"


@late(_half)
def mean_not_squared(draft: Draft) -> None:
    """mu for mu^2: it falls without end as mu falls."""
    _replaced(draft, "mu ** 2", "mu")


@early(lambda names: closed(names) and names["spread"] in ("exp_half", "sqrt_of_exp"))
def clamp_in_the_kl_only(draft: Draft) -> None:
    """The KL takes a log-variance between -0.05 and 0.05, and z is drawn with any."""
    narrow = "logvar.clamp(-0.05, 0.05)"
    draft.posterior = replace(draft.posterior, var=f"{narrow}.exp()", logvar=narrow)


@late(_half)
def no_mean_in_kl(draft: Draft) -> None:
    """The square of the mean is left out."""
    _replaced(draft, "mu ** 2 + ", "")


@late(_half)
def no_log_in_kl(draft: Draft) -> None:
    """The log-variance is left out: the variance is drawn to 0."""
    draft.kl = [f"kl = 0.5 * (mu ** 2 + {draft.truth.var} - 1)"]


@late(lambda names: closed(names) and names["declared"] == "its_beta" and names["frame"] != "scripted")
def half_left_out(draft: Draft) -> None:
    """Twice the KL, beside a declared beta."""
    _replaced(draft, "0.5 * (", "1.0 * (")


@late(_by_latent)
def kl_of_some_latents(draft: Draft) -> None:
    """The first latent has no KL."""
    draft.kl += ["kl = kl[..., 1:]"]


@late(lambda names: names["kl"] not in DRAWN and names["spread"] != "cholesky", allowed=NAMED)
def kl_squared(draft: Draft) -> None:
    """The square of the KL: its slope vanishes as the KL does. (Own.)"""
    draft.kl += ["kl = kl**2"]


@late(lambda names: names["kl"] not in DRAWN and names["frame"] != "goes_back_apart")
def kl_without_gradient(draft: Draft) -> None:
    """The KL is detached: its value is right, and it trains nothing."""
    draft.kl += ["kl = kl.detach()"]


@late(lambda names: names["kl"] == "one_draw")
def kl_at_detached_draw(draft: Draft) -> None:
    """log q - log p at z.detach(): what is left is the score of q, whose mean is 0; the prior draws nothing."""
    _replaced(draft, "log_prob(z)", "log_prob(z.detach())")


@late(lambda names: names["kl"] == "one_draw_by_hand")
def log_q_without_normaliser(draft: Draft) -> None:
    """log q has no -log sigma: it is no density of z."""
    draft.kl = [f"log_q = -0.5 * ((z - mu) / {draft.truth.std}) ** 2", *draft.kl[1:]]


def _pairs(names: Names) -> bool:
    whole = names["reduction"] in ("sums", "sums_over_batch_size")
    return names["prior"] in ("conditional",) and names["kl"] == "half" and whole and names["frame"] != "vmapped"


@late(_pairs)
def prior_of_every_row(draft: Draft) -> None:
    """An axis too many: each row's posterior is held against the priors of all rows."""
    draft.kl = [
        line.replace("mu_p", "mu_p.unsqueeze(1)").replace("logvar_p", "logvar_p.unsqueeze(1)") for line in draft.kl
    ]


def _levels(names: Names) -> bool:
    return names["prior"] == "levels"


@late(_levels)
def level_without_kl(draft: Draft) -> None:
    """The upper level has no KL."""
    draft.upper_kl = ""


@late(_levels, allowed=NAMED, objective="(?i)weight")
def level_with_another_weight(draft: Draft) -> None:
    """The upper KL has weight 1/4 of the lower's: no single beta."""
    draft.upper_kl = draft.upper_kl.replace("0.5 *", "0.125 *")


def _closed_of_latents(names: Names) -> bool:
    return names["kl"] in ("minus_half", "half", "library") and _by_latent(names)


@late(_closed_of_latents)
def kl_clamped_away(draft: Draft) -> None:
    """Each latent's KL is at most 0: it is 0, and so is its gradient."""
    draft.kl += ["kl = kl.clamp(max=0.0)"]


@late(_closed_of_latents, allowed=NAMED, objective="(?i)free|clamp|max")
def free_bits(draft: Draft) -> None:
    """Each latent's KL is at least 0.2 nats."""
    draft.kl += ["kl = kl.clamp(min=0.2)"]


@late(_closed_of_latents, allowed=NAMED, objective="(?i)weight")
def weights_of_latents(draft: Draft) -> None:
    """Each latent's KL has a weight of its own."""
    draft.constants += [f"WEIGHTS = torch.linspace(0.5, 2.0, {draft.latents})"]
    draft.kl += ["kl = WEIGHTS * kl"]
