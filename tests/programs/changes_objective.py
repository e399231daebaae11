"""Changes of reconstruction, data, weights and declarations."""

import re

from .changes import NAMED, early, late
from .changes_divergence import DRAWN
from .draft import Draft, Names
from .likelihood_kinds import LIKELIHOODS
from .reductions import family

ROWS = ("sums_of_rows", "means_of_rows", "mean_and_sum", "einsum", "loop_over_places")
SQUARES = ("half_squares", "squares", "mse_loss")


def _whole(names: Names) -> bool:
    return names["frame"] != "goes_back_apart"


def _likelihood(*likelihoods: str):
    return lambda names: names["likelihood"] in likelihoods


def _of_kl(draft: Draft, kld: str) -> None:
    """Another weight of the KL in the total."""
    draft.total[0] = draft.total[0].replace(draft.kl_term, kld, 1)
    draft.kl_term = kld


@late(_whole)
def kl_subtracted(draft: Draft) -> None:
    """NLL - KL: it falls without end as the KL grows."""
    draft.total[0] = draft.total[0].replace(f" + {draft.kl_term}", f" - {draft.kl_term}")
    draft.kl_term = f"-{draft.kl_term}"


@late(_whole)
def likelihood_minimised(draft: Draft) -> None:
    """log p(x | z) is added where -log p belongs."""
    draft.nll += ["nll = -nll"]


@late(lambda names: _whole(names) and names["frame"] != "vmapped")
def bound_is_minimised(draft: Draft) -> None:
    """The ELBO is returned, which is to be maximised."""
    draft.total += ["loss = -loss"]


@late()
def kl_times_zero(draft: Draft) -> None:
    """The KL has weight 0."""
    _of_kl(draft, "0.0 * kld")


@late(_whole, allowed=NAMED, objective="(?i)no kl|without|kl")
def kl_left_out(draft: Draft) -> None:
    """The loss is the reconstruction alone."""
    draft.total[0] = draft.total[0].replace(f" + {draft.kl_term}", "", 1)
    draft.kl_term = "0.0 * kld"


@late(allowed=NAMED, objective="(?i)learn|param|weight")
def weight_is_learned(draft: Draft) -> None:
    """The weight of the KL is a parameter, which goes to 0."""
    draft.networks["log_beta"] = "nn.Parameter(torch.tensor(0.3))"
    _of_kl(draft, "log_beta.exp() * kld")


@late(lambda names: names["frame"] != "vmapped", allowed=NAMED, objective="(?i)weight|adapt|data|balanc")
def weight_of_the_values(draft: Draft) -> None:
    """The KL is scaled to the size of the reconstruction, by a ratio that is detached: no fixed beta."""
    _of_kl(draft, "(rec / kld).detach() * kld")


@late(lambda names: names["reduction"] in ("sums", "means_of_rows", "means", "columns_first"), allowed=NAMED,
      objective="(?i)capacity|held|target|abs", argued=True)  # fmt: skip
def capacity(draft: Draft) -> None:
    """The KL is held at 0.7 nats."""
    _of_kl(draft, "5.0 * (kld - 0.7).abs()")


@late(lambda names: names["declared"] == "its_beta")
def another_beta_declared(draft: Draft) -> None:
    """Twice the beta is declared."""
    draft.declared = {"beta": 2 * draft.beta}


@late(
    lambda names: names["declared"] == "its_likelihood" and names["likelihood"] not in ("log_normal_by_hand",),
    argued=True,
)
def another_likelihood_declared(draft: Draft) -> None:
    """A Laplace likelihood is declared of a Gaussian, and a Gaussian one of all others."""
    draft.declared = {"likelihood": "laplace" if family(draft.names) == "gaussian" else "gaussian"}


def _kl_over_latents(names: Names) -> bool:
    by_row = names["spread"] == "cholesky" or names["kl"] in ("summed_apart", "library_of_rows")
    rows = names["reduction"] in ROWS and names["frame"] != "vmapped"
    return names["declared"] == "its_beta" and not by_row and rows


@late(_kl_over_latents)
def kl_averaged_over_latents(draft: Draft) -> None:
    """The mean over latents for the sum: a beta of 1/L of what is declared."""
    draft.reduce = [line.replace("kl.sum(-1)", "kl.mean(-1)") for line in draft.reduce]


@late(lambda names: names["declared"] == "its_beta" and names["frame"] not in ("vmapped", "accumulated"))
def kl_over_rows_twice(draft: Draft) -> None:
    """The KL is divided by the batch size once more."""
    _of_kl(draft, f"{draft.kl_term} / len(x)")


@late(_likelihood("softplus_minus_product", "bce_with_logits"), argued=True)
def logits_of_normal_data(draft: Draft) -> None:
    """Cross entropy of data on the whole line: it falls without end."""
    draft.inputs["x"] = f"torch.randn({draft.rows}, {draft.places})"


@late(_likelihood("softplus_minus_product", "bce_with_logits"), argued=True)
def logits_of_signs(draft: Draft) -> None:
    """Cross entropy of data in {-1, 1}: it falls without end where x = -1."""
    draft.inputs["x"] = f"2 * {draft.inputs['x']} - 1"


@late(_likelihood("softplus_minus_product", "bce_with_logits"), argued=True)
def logits_of_bytes(draft: Draft) -> None:
    """Cross entropy of data from 0 to 255: it falls without end."""
    draft.inputs["x"] = f"255 * {draft.inputs['x']}"


@late(_likelihood("poisson_by_hand", "poisson_nll_loss"), argued=True)
def poisson_of_log_counts(draft: Draft) -> None:
    """A Poisson of numbers that are no counts."""
    draft.inputs["x"] = f"torch.log1p({draft.inputs['x']})"


@late(_likelihood("softplus_minus_product", "bce_with_logits", "bce_of_sigmoid"), allowed=NAMED,
      objective="(?i)smooth|cross.?entropy|no .*likelihood|reconstruct|error")  # fmt: skip
def smoothed_pixels(draft: Draft) -> None:
    """The target is 0.9 x + 0.05: the total over x of exp(-loss) moves with the logits."""
    draft.nll = [re.sub(r"\bx\b", "(0.9 * x + 0.05)", line) for line in draft.nll]


@late(_likelihood("cross_entropy", "flat_cross_entropy"), allowed=NAMED,
      objective="(?i)smooth|cross.?entropy|no .*likelihood|reconstruct|error")  # fmt: skip
def smoothed_classes(draft: Draft) -> None:
    """The total over classes of exp(-loss) moves with the logits."""
    draft.nll = [line.replace('reduction="none"', 'reduction="none", label_smoothing=0.1') for line in draft.nll]


@late(lambda names: LIKELIHOODS[names["likelihood"]].data in ("real", "binary", "grey") and names["mask"] == "none")
def mask_of_the_values(draft: Draft) -> None:
    """What is compared is chosen by the values that are compared."""
    draft.nll += ["nll = nll * (x > 0.5)"]


def _target(names: Names) -> bool:
    return LIKELIHOODS[names["likelihood"]].data in ("real", "binary", "grey") and names["frame"] != "vmapped"


@late(_target)
def target_of_the_neighbour(draft: Draft) -> None:
    """A row is compared with the row before it."""
    draft.nll = [re.sub(r"\bx\b", "x.roll(1, 0)", line) for line in draft.nll]


@early(lambda names: "at_once" not in names["sampler"], argued=True)
def decoder_sees_data(draft: Draft) -> None:
    """The decoder takes what the encoder takes: p(x | z, x) is no likelihood of x."""
    draft.code = f"torch.cat([z, {draft.features}], dim=-1)"
    draft.code_width = draft.width


@early(lambda names: names["prior"] == "conditional" and names["kl"] != "residual", argued=True)
def prior_sees_data(draft: Draft) -> None:
    """The prior's network takes what the encoder takes: p(z | x) p(x | z) is no density of x."""
    draft.networks["prior_net"] = f"nn.Linear({draft.width}, {2 * draft.latents})"
    draft.before = [f"mu_p, logvar_p = prior_net({draft.features}).chunk(2, dim=-1)"]


@late(_likelihood("learned_std_by_column", "variance_of_decoder", "logistic_by_hand"))
def log_scale_left_out(draft: Draft) -> None:
    """The learned scale has no normaliser: it grows without end."""
    draft.nll = [re.sub(r" \+ log_sigma$|logvar_x \+ | \+ log_s(?= )", "", line) for line in draft.nll]


@late(lambda names: names["likelihood"] in ("learned_std_by_column", "logistic_by_hand")
      and names["declared"] == "its_beta")  # fmt: skip
def log_scale_counted_once(draft: Draft) -> None:
    """The log of a learned scale is averaged over n places, and the errors are summed.

    A power n of the density has that as its normaliser: it is 1 / n of a likelihood, and beta is n times the declared.
    """
    draft.nll = [re.sub(r"\+ (log_sigma$|log_s(?= ))", rf"+ \1 / {draft.places}", line) for line in draft.nll]


@late(lambda names: names["likelihood"] in SQUARES and names["frame"] != "vmapped", allowed=NAMED,
      objective="(?i)root|likelihood|error")  # fmt: skip
def root_of_squares(draft: Draft) -> None:
    """The root of a sum of squares: of no variance that is fixed."""
    draft.reduce += ["rec = rec.sqrt()"]


@late(lambda names: names["frame"] != "vmapped", allowed=NAMED, objective="(?i)extra|further|term|penal")
def penalty_on_the_mean(draft: Draft) -> None:
    """0.1 |mu|^2 besides the KL, which has the mean already. (Own.)"""
    draft.total += ["loss = loss + 0.1 * mu.pow(2).sum()"]


@late(lambda names: "at_once" in names["sampler"] and names["kl"] not in DRAWN, allowed=NAMED)
def log_mean_exp_of_places(draft: Draft) -> None:
    """The log of a mean over draws for each place, beside a KL: more than the evidence. (Own.)"""
    draft.join = "-torch.logsumexp(-nll, dim=0)"


@late(lambda names: names["reduction"] in ("sums_of_rows", "einsum") and names["frame"] != "vmapped", allowed=NAMED)
def rows_weighted_by_their_error(draft: Draft) -> None:
    """Rows with a large error count more, by a detached weight. (Own.)"""
    draft.reduce += ["rec = rec * torch.sigmoid(rec).detach()"]


@late(lambda names: names["kl"] in ("minus_half", "half") and names["prior"] == "standard"
      and names["declared"] == "nothing" and names["frame"] != "scripted", argued=True)  # fmt: skip
def another_prior_declared(draft: Draft) -> None:
    """N(0, 4) is declared, and the KL is that to N(0, I)."""
    draft.declared = {"prior": "N(0, 4)"}
