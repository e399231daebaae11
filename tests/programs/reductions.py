"""Masks, reductions and weights: from `nll` and `kl` to `rec` and `kld`, and how many of each the loss has."""

from .draft import Draft, choice
from .likelihood_kinds import LIKELIHOODS


@choice("mask")
def none(draft: Draft) -> None:
    draft.oracle_nll = f"({draft.oracle_nll}).sum()"


def _given(draft: Draft) -> None:
    draft.inputs["mask"] = f"(torch.rand({draft.rows}, {draft.places}) > 0.3)"
    draft.oracle_nll = f"(({draft.oracle_nll}) * mask).sum()"


@choice("mask")
def multiplied(draft: Draft) -> None:
    _given(draft)
    draft.inputs["mask"] += ".float()"
    draft.nll += ["nll = nll * mask"]


@choice("mask")
def where(draft: Draft) -> None:
    _given(draft)
    draft.nll += ["nll = torch.where(mask, nll, torch.zeros_like(nll))"]


@choice("mask")
def masked_fill(draft: Draft) -> None:
    _given(draft)
    draft.nll += ["nll = nll.masked_fill(~mask, 0.0)"]


@choice(
    "mask", fits=lambda names: names["sampler"] not in ("draws_at_once", "rsample_draws_at_once", "loop_over_draws")
)
def picked(draft: Draft) -> None:
    """Only the values that are there stay, in one long vector: it can only be summed as a whole."""
    _given(draft)
    draft.nll += ["nll = nll[mask]"]


def _kl_rows(draft: Draft) -> str:
    return "kl" if draft.kl_by_row else "kl.sum(-1)"


def _in_rows(names) -> bool:
    return names["mask"] != "picked"


@choice("reduction", fits=_in_rows)
def sums_of_rows(draft: Draft) -> None:
    draft.reduce = ["rec = nll.sum(-1)", f"kld = {_kl_rows(draft)}"]
    draft.total = ["loss = ({rec} + {kld}).mean()"]
    draft.rec_factor = draft.kl_factor = 1 / draft.rows


@choice("reduction", fits=_in_rows)
def means_of_rows(draft: Draft) -> None:
    """Both are averaged over rows one by one."""
    draft.reduce = ["rec = nll.sum(dim=1).mean()", f"kld = {_kl_rows(draft)}.mean()"]
    draft.total = ["loss = {rec} + {kld}"]
    draft.rec_factor = draft.kl_factor = 1 / draft.rows


@choice("reduction")
def sums(draft: Draft) -> None:
    draft.reduce = ["rec = nll.sum()", "kld = kl.sum()"]
    draft.total = ["loss = {rec} + {kld}"]


@choice("reduction")
def sums_over_batch_size(draft: Draft) -> None:
    draft.reduce = ["rec = torch.sum(nll)", "kld = torch.sum(kl)"]
    draft.total = ["loss = ({rec} + {kld}) / x.shape[0]"]
    draft.rec_factor = draft.kl_factor = 1 / draft.rows


@choice("reduction", fits=_in_rows)
def means(draft: Draft) -> None:
    """Means over everything: the KL has L numbers a row where the NLL has D."""
    draft.reduce = ["rec = nll.mean()", "kld = kl.mean()"]
    draft.total = ["loss = {rec} + {kld}"]
    draft.rec_factor = 1 / (draft.rows * draft.places)
    draft.kl_factor = 1 / (draft.rows * (1 if draft.kl_by_row else draft.latents))


@choice("reduction", fits=_in_rows)
def mean_and_sum(draft: Draft) -> None:
    """The NLL is averaged over rows and places, the KL over rows only."""
    draft.reduce = ["rec = nll.mean()", f"kld = {_kl_rows(draft)}.mean(0)"]
    draft.total = ["loss = {rec} + {kld}"]
    draft.rec_factor = 1 / (draft.rows * draft.places)
    draft.kl_factor = 1 / draft.rows


@choice("reduction", fits=_in_rows)
def columns_first(draft: Draft) -> None:
    """The batch is averaged first, the places are summed after."""
    draft.reduce = ["rec = nll.mean(dim=0).sum()", "kld = kl.mean(dim=0).sum()"]
    draft.total = ["loss = {rec} + {kld}"]
    draft.rec_factor = draft.kl_factor = 1 / draft.rows


@choice("reduction", fits=_in_rows)
def einsum(draft: Draft) -> None:
    draft.reduce = ['rec = torch.einsum("bd->b", nll)', f"kld = {_kl_rows(draft)}"]
    draft.total = ["loss = torch.mean({rec} + {kld})"]
    draft.rec_factor = draft.kl_factor = 1 / draft.rows


@choice("reduction", fits=_in_rows)
def loop_over_places(draft: Draft) -> None:
    draft.reduce = ["rec = 0.0", "for column in nll.unbind(-1):", "    rec = rec + column.mean()"]
    draft.reduce += [f"kld = {_kl_rows(draft)}.mean()"]
    draft.total = ["loss = {rec} + {kld}"]
    draft.rec_factor = draft.kl_factor = 1 / draft.rows


def _weigh(draft: Draft, rec: str = "rec", kld: str = "kld") -> None:
    draft.rec_term, draft.kl_term = rec, kld
    draft.total = [line.format(rec=rec, kld=kld) for line in draft.total]


@choice("weight")
def one(draft: Draft) -> None:
    _weigh(draft)


@choice("weight")
def half_kl(draft: Draft) -> None:
    _weigh(draft, kld="0.5 * kld")
    draft.kl_factor *= 0.5


@choice("weight")
def named_beta(draft: Draft) -> None:
    draft.constants += ["BETA = 4.0"]
    _weigh(draft, kld="BETA * kld")
    draft.kl_factor *= 4


@choice("weight")
def logistic_annealing(draft: Draft) -> None:
    draft.constants += ["EPOCH = 7", "KL_WEIGHT = 1 / (1 + math.exp(5 - EPOCH))"]
    _weigh(draft, kld="KL_WEIGHT * kld")
    draft.kl_factor *= 0.8807970779778823


@choice("weight")
def linear_warm_up(draft: Draft) -> None:
    draft.constants += ["EPOCH, WARM_UP = 3, 10"]
    _weigh(draft, kld="min(1.0, EPOCH / WARM_UP) * kld")
    draft.kl_factor *= 0.3


@choice("weight")
def by_sizes(draft: Draft) -> None:
    _weigh(draft, kld="kld * mu.shape[-1] / x.shape[1]")
    draft.kl_factor *= draft.latents / draft.places


@choice("weight")
def weighted_reconstruction(draft: Draft) -> None:
    _weigh(draft, rec="10 * rec")
    draft.rec_factor *= 10


@choice("weight")
def scaled_as_a_whole(draft: Draft) -> None:
    _weigh(draft)
    draft.total += ["loss = 0.01 * loss"]
    draft.rec_factor *= 0.01
    draft.kl_factor *= 0.01


@choice("weight")
def weight_in_a_tensor(draft: Draft) -> None:
    draft.constants += ["beta = torch.tensor(0.25)"]
    _weigh(draft, kld="beta * kld")
    draft.kl_factor *= 0.25


def family(names) -> str | None:
    """The likelihood as a user declares it."""
    return LIKELIHOODS[names["likelihood"]].family


@choice("declared")
def nothing(draft: Draft) -> None:
    """What a change declares stays."""


@choice("declared", fits=lambda names: not LIKELIHOODS[names["likelihood"]].other_scales)
def its_beta(draft: Draft) -> None:
    """The effective beta, as a user computes it."""
    draft.declared = {"beta": draft.beta}


@choice("declared", fits=lambda names: family(names) is not None)
def its_likelihood(draft: Draft) -> None:
    draft.declared = {"likelihood": family(draft.names)}
