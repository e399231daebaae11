"""Right steps in which values of the batch are left out: by a mask beside them, nan, a length, or a reserved token.

With the mask given and independent of what it hides, the sum over the places that are kept is -log p of the values that
were observed, so that each of these is an ELBO of those.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .case import Bank, Built, binary, counts, grey, kl_of, nets

BANK = Bank()
ELBO = {"beta": "1", "likelihood": "gaussian"}
BERNOULLI = {"beta": "1", "likelihood": "bernoulli"}


def given_mask(*shape: int) -> Tensor:
    """A mask that is drawn beside the data, with every fifth place kept and another left out, so that none is alike."""
    mask = torch.rand(*shape) > 0.3
    places = torch.arange(mask.numel()).view(*shape)
    return (mask | (places % 5 == 0)) & (places % 7 != 3)


def squares(out: Tensor, x: Tensor) -> Tensor:
    return 0.5 * (out - x) ** 2


def logits(out: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(out, x, reduction="none")


def masked(
    B: int,
    L: int,
    D: int,
    loss: Callable[[Tensor, Tensor, Any], Tensor],
    *,
    each: Callable[[Tensor, Tensor], Tensor] = squares,
    data: Callable[..., Tensor] = grey,
    mask: Callable[..., Any] = given_mask,
    kept: Callable[[Any], Tensor] = lambda mask: mask,
    kl: Callable[[Tensor, Any], Tensor] = lambda kl, mask: kl,
    out: int = 1,
) -> Built:
    """The usual step of a batch with a mask beside the data. `loss`: of output, data and mask; `kept`: of the mask."""
    encoder, decoder = nets(D, L, out * D)

    def run(batch):
        x, mask = batch
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        return loss(x_hat, x, mask) + kl(kl_of(mu, logvar), mask)

    def nll(x_hat, batch):
        values = each(x_hat, batch[0])
        return torch.where(kept(batch[1]).bool().expand_as(values), values, 0.0)

    return Built(run, (data(B, D), mask(B, D)), nn.ModuleList([encoder, decoder]), decoder, nll=nll)


def case(name: str, loss: Callable[[Tensor, Tensor, Any], Tensor], *verdicts: str, **parts: Any) -> None:
    """A step with this reconstruction is a case."""
    named = ("beta", "likelihood", "prior", "declared", "numbers", "slow", "objective", "bug", "claims")
    expected = {**ELBO, **{key: parts.pop(key) for key in named if key in parts}}

    def make(B, L, D):
        return masked(B, L, D, loss, **parts)

    make.__name__ = name
    BANK.step(*verdicts or ("PROVED",), **expected)(make)


def of_floats(*shape: int) -> Tensor:
    return given_mask(*shape).to(torch.get_default_dtype())


# A mask of truth values, of numbers, of what is missing.
case("truth_values_times", lambda out, x, mask: (squares(out, x) * mask).sum())
case("numbers_times", lambda out, x, mask: (squares(out, x) * mask).sum(), mask=of_floats)
case("converted", lambda out, x, mask: (squares(out, x) * mask.to(out.dtype)).sum())
case("one_minus_missing", lambda out, x, m: (squares(out, x) * (1 - m.float())).sum(), kept=lambda m: ~m)
case("whole_numbers", lambda out, x, mask: (squares(out, x) * mask).sum(), mask=lambda *s: given_mask(*s).long())
case("numbers_to_truth", lambda out, x, m: squares(out, x).masked_fill(~m.bool(), 0).sum(), mask=of_floats)
case("times_in_place", lambda out, x, mask: squares(out, x).mul_(mask).sum())

# Other values in place of those that are left out.
case("where_zeros_like", lambda out, x, m: torch.where(m, nll := squares(out, x), torch.zeros_like(nll)).sum())
case("where_number", lambda out, x, mask: torch.where(mask, squares(out, x), 0.0).sum())
case("where_missing", lambda out, x, m: torch.where(m, 0.0, squares(out, x)).sum(), kept=lambda m: ~m)
case("filled_where_not", lambda out, x, mask: squares(out, x).masked_fill(~mask, 0.0).sum())
case("filled_where_missing", lambda out, x, m: squares(out, x).masked_fill(m, 0).sum(), kept=lambda m: ~m)
case("filled_in_place", lambda out, x, mask: squares(out, x).masked_fill_(mask.logical_not(), 0).sum())
case("written_at_places", lambda out, x, mask: _written_at(squares(out, x), ~mask).sum())
case("both_times", lambda out, x, mask: 0.5 * F.mse_loss(out * mask, x * mask, reduction="sum"))
case("both_times_numbers", lambda out, x, m: 0.5 * F.mse_loss(out * m, x * m, reduction="sum"), mask=of_floats)
case("both_filled", lambda out, x, m: squares(out.masked_fill(~m, 0), x.masked_fill(~m, 0)).sum())
case("data_filled_with_output", lambda out, x, mask: squares(out, torch.where(mask, x, out)).sum())

# Only the values that are there, in one vector.
case("picked", lambda out, x, mask: squares(out, x)[mask].sum())
case("selected", lambda out, x, mask: squares(out, x).masked_select(mask).sum())
case("both_picked", lambda out, x, mask: 0.5 * F.mse_loss(out[mask], x[mask], reduction="sum"))
case("picked_and_written_out", lambda out, x, mask: (0.5 * (out[mask] - x[mask]).pow(2)).sum())

# Masks made of masks.
case("compared_with_one", lambda out, x, m: (squares(out, x) * (m == 1)).sum(), mask=lambda *s: given_mask(*s).int())
case(
    "two_masks",
    lambda out, x, m: torch.where(m[0] & m[1], squares(out, x), 0.0).sum(),
    mask=lambda B, D: (given_mask(B, D), given_mask(B, D).roll(1, 1)),
    kept=lambda m: m[0] & m[1],
)
case(
    "rows_of_lengths",
    lambda out, x, n: (squares(out, x) * (torch.arange(x.shape[1])[None] < n[:, None])).sum(),
    mask=lambda B, D: 1 + torch.arange(B) * 2 % (D - 1),
    kept=lambda n: torch.arange(64)[None] < n[:, None],
    numbers=False,  # the oracle's shape is not known from the lengths alone
)
case(
    "of_whole_rows",
    lambda out, x, m: squares(out, x).masked_fill(~m[:, None], 0.0).sum(),
    mask=lambda B, D: torch.arange(B) % 3 != 1,
    kept=lambda m: m[:, None],
)

# Means over what was observed: what a batch keeps is a positive number, known once the batch is. Without the KL divided
# alike it is the beta: no formula in B, L and D.
case("rows_averaged", lambda out, x, m: (squares(out, x) * m).sum(1).mean(), kl=lambda kl, m: kl / len(m))
case("both_over_kept", lambda out, x, m: (squares(out, x) * m).sum() / m.sum(), kl=lambda kl, m: kl / m.sum())
case("error_over_kept", lambda out, x, m: (squares(out, x) * m).sum() / m.sum(), beta=None, numbers=False)
case("mean_of_picked", lambda out, x, m: squares(out, x)[m].mean(), beta=None, numbers=False)
case("mean_of_both_picked", lambda out, x, m: F.mse_loss(out[m], x[m]), beta=None, numbers=False)

# Other likelihoods.
case(
    "bernoulli_where",
    lambda out, x, m: torch.where(m, logits(out, x), 0.0).sum(),
    each=logits,
    data=binary,
    **BERNOULLI,
)
case("bernoulli_picked", lambda out, x, m: logits(out, x)[m].sum(), each=logits, data=binary, **BERNOULLI)
case(
    "bernoulli_by_weight",
    lambda out, x, m: F.binary_cross_entropy_with_logits(out, x, weight=m.to(x.dtype), reduction="sum"),
    each=logits,
    data=binary,
    **BERNOULLI,
)
case(
    "laplace_filled",
    lambda out, x, m: (out - x).abs().masked_fill(~m, 0).sum(),
    each=lambda out, x: (out - x).abs(),
    likelihood="laplace",
)
case(
    "poisson_where",
    lambda out, x, m: torch.where(m, out.exp() - x * out, 0.0).sum(),
    each=lambda out, x: out.exp() - x * out,
    data=counts,
    likelihood="poisson",
)


def learned(out: Tensor, x: Tensor) -> Tensor:
    mean, logvar = out.chunk(2, 1)
    return 0.5 * (logvar + (x - mean) ** 2 / logvar.exp())


case(
    "learned_variance_filled",
    lambda out, x, m: learned(out, x).masked_fill(~m, 0).sum(),
    each=learned,
    out=2,
    likelihood="gaussian, learned",
)


def _written_at(nll: Tensor, left_out: Tensor) -> Tensor:
    nll[left_out] = 0.0
    return nll


def with_nan(B: int, D: int) -> Tensor:
    return torch.where(given_mask(B, D), grey(B, D), float("nan"))


def _of_nan(loss: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[[int, int, int], Built]:
    """A step of data in which what is missing is nan; the encoder sees 0 there."""

    def make(B, L, D):
        encoder, decoder = nets(D, L)

        def run(x):
            mu, logvar = encoder(x.nan_to_num()).chunk(2, -1)
            x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
            return loss(x_hat, x, ~x.isnan()) + kl_of(mu, logvar)

        def nll(out, x):
            return torch.where(x.isnan(), 0.0, squares(out, x.nan_to_num()))

        return Built(run, with_nan(B, D), nn.ModuleList([encoder, decoder]), decoder, nll=nll)

    return make


for name, loss in {
    "nan_times": lambda out, x, mask: (squares(out, x.nan_to_num()) * mask).sum(),
    "nan_where": lambda out, x, mask: torch.where(mask, squares(out, x.nan_to_num(0.0)), 0.0).sum(),
    "nan_filled": lambda out, x, mask: (squares(out, torch.where(mask, x, 0.0)) * mask.float()).sum(),
    "nan_picked": lambda out, x, mask: squares(out, x.nan_to_num())[mask].sum(),
    "nan_picked_before": lambda out, x, mask: 0.5 * (out[mask] - x[mask]).pow(2).sum(),
}.items():
    make = _of_nan(loss)
    make.__name__ = name
    BANK.step("PROVED", numbers=False, **ELBO)(make)  # numbers: the oracle moves the data, and nan does not move


def _of_tokens(loss: Callable[[Tensor, Tensor], Tensor], ignored: int) -> Callable[[int, int, int], Built]:
    """A step of sentences of six tokens, padded with `ignored`."""

    def make(B, L, D):
        embed = nn.Embedding(9, 4)
        encoder, decoder = nn.Linear(4, 2 * L), nn.Linear(L, 6 * 9)
        tokens = torch.randint(1, 9, (B, 6))
        tokens[torch.arange(6)[None] >= (2 + torch.arange(B) % 4)[:, None]] = ignored

        def run(tokens):
            seen = tokens.clamp_min(0)
            mu, logvar = encoder(embed(seen).mean(1)).chunk(2, -1)
            out = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).view(len(tokens), 6, 9)
            return loss(out, tokens) + kl_of(mu, logvar)

        def nll(out, tokens):
            return F.cross_entropy(out.view(-1, 9), tokens.flatten(), ignore_index=ignored, reduction="none")

        return Built(run, tokens, nn.ModuleList([embed, encoder, decoder]), decoder, nll=nll)

    return make


def summed(out: Tensor, tokens: Tensor, **options: Any) -> Tensor:
    return F.cross_entropy(out.flatten(0, 1), tokens.flatten(), reduction="sum", **options)


def each_token(out: Tensor, tokens: Tensor) -> Tensor:
    return F.cross_entropy(out.transpose(1, 2), tokens, reduction="none")


for name, loss, ignored in (
    ("ignored_index", summed, -100),
    ("ignored_padding", lambda out, tokens: summed(out, tokens, ignore_index=0), 0),
    ("padding_times", lambda out, tokens: (each_token(out, tokens) * (tokens != 0)).sum(), 0),
    ("padding_filled", lambda out, tokens: each_token(out, tokens).masked_fill(tokens == 0, 0.0).sum(), 0),
    ("padding_picked", lambda out, tokens: each_token(out, tokens)[tokens != 0].sum(), 0),
):
    make = _of_tokens(loss, ignored)
    make.__name__ = name
    BANK.step("PROVED", numbers=False, beta="1", likelihood="categorical")(make)
