"""Steps whose masks are none: made from the values that they hide, from z, from the decoder, or weights in disguise."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from .case import Bank, Built, grey, nets
from .masks import given_mask, masked, squares

BANK = Bank()
NOT = ("REFUTED", "OTHER", "UNKNOWN")


def case(name: str, loss: Callable[[Tensor, Tensor, Any], Tensor], *verdicts: str, **parts: Any) -> None:
    """A step with this reconstruction is a case, of which any of the verdicts is right."""

    def make(B, L, D):
        return masked(B, L, D, loss, **parts)

    make.__name__ = name
    BANK.step(*verdicts or NOT, numbers=False)(make)


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape)


# From the values that they hide.
case("values_times", lambda out, x, m: (squares(out, x) * (x > 0)).sum(), "REFUTED", "OTHER", data=normal)
case("values_where", lambda out, x, m: torch.where(x > 0, squares(out, x), 0.0).sum(), "REFUTED", "OTHER", data=normal)
case("values_filled", lambda out, x, m: squares(out, x).masked_fill(x < 0, 0.0).sum(), data=normal)
case("values_picked", lambda out, x, m: squares(out, x)[x > 0].sum(), data=normal)
case("values_and_mask", lambda out, x, m: torch.where(m & (x > 0), squares(out, x), 0.0).sum(), data=normal)
case("values_not", lambda out, x, m: (squares(out, x) * (x > 0).logical_not()).sum(), data=normal)
case("rounded_values", lambda out, x, m: (squares(out, x.round()) * (x > 0)).sum(), data=normal)
case("neighbours", lambda out, x, m: (squares(out, x) * (x > 0).roll(1, 1)).sum(), data=normal)


def of_values(step: Callable[[Tensor], Tensor]) -> Callable[[int, int, int], Built]:
    """A batch of data and a mask that was made from them outside of the step."""

    def make(B, L, D):
        built = masked(B, L, D, lambda out, x, m: torch.where(m, squares(out, x), 0.0).sum(), data=normal)
        x = built.batch[0]
        return Built(built.run, (x, step(x)), built.model, built.decoder)

    return make


for name, step in {
    "made_outside": lambda x: x > 0,
    "made_outside_of_size": lambda x: x.abs() < 1,
    "made_outside_below": lambda x: x < 0.5,
}.items():
    make = of_values(step)
    make.__name__ = name
    BANK.step("UNKNOWN", "REFUTED", "OTHER", numbers=False)(make)

for name, loss in {
    "values_compared_or_given": lambda out, x, m: (squares(out, x) * (m | (x > 0))).sum(),
    "values_of_either_kind": lambda out, x, m: (squares(out, x) * (m ^ (x > 0))).sum(),
    "values_chosen": lambda out, x, m: (squares(out, x) * torch.where(m, (x > 0).float(), 1.0)).sum(),
    "values_of_a_row": lambda out, x, m: (squares(out, x) * (x.mean(1, keepdim=True) > 0)).sum(),
    "nan_made_of_values": lambda out, x, m: _of_roots(out, x.sqrt()),
    "clamped_values": lambda out, x, m: (squares(out, x.clamp(0, 1)) * (x > 0.3)).sum(),
}.items():
    case(name, loss, data=normal)


def _of_roots(out: Tensor, roots: Tensor) -> Tensor:
    return (squares(out, roots.nan_to_num()) * ~roots.isnan()).sum()


# From the decoder, from z, learned.
case("output", lambda out, x, m: torch.where(out > 0, squares(out, x), 0.0).sum())
case("output_picked", lambda out, x, m: squares(out, x)[out > 0].sum())
case("large_errors_left_out", lambda out, x, m: (squares(out, x) * (squares(out, x) < 1)).sum())
case("output_detached", lambda out, x, m: (squares(out, x) * (out.detach() > 0)).sum())
case("filled_with_output", lambda out, x, m: torch.where(m, squares(out, x), out).sum())
case("drawn_in_the_step", lambda out, x, m: (squares(out, x) * (torch.rand_like(x) > 0.3)).sum())

case("trimmed", lambda out, x, m: (nll := squares(out, x))[nll.detach() < 1].sum())
case("dropped_out", lambda out, x, m: nn.functional.dropout(squares(out, x), 0.3).sum())

# Other places than those that are compared, and other functions of those that are kept.
case("kept_and_shifted", lambda out, x, m: (0.5 * (out[m] - x[m].roll(1)) ** 2).sum())
case("kept_and_weighed_by_values", lambda out, x, m: (squares(out, x)[m] * x[m]).sum())
case("kept_and_squared", lambda out, x, m: squares(out, x)[m].sum() ** 2)
case("kept_exponential", lambda out, x, m: (squares(out, x)[m].exp() * out[m].exp()).sum())
case("kept_deviation", lambda out, x, m: squares(out, x)[m].std())

# Weights in disguise, and signs.
case("weights", lambda out, x, m: (squares(out, x) * m).sum(), "OTHER", mask=lambda B, D: 0.5 + 0.5 * given_mask(B, D))
case("where_half", lambda out, x, m: torch.where(m, squares(out, x), 0.5 * squares(out, x)).sum(), "OTHER", "UNKNOWN")
case("counts_as_weights", lambda out, x, m: (squares(out, x) * (m.float() + m.roll(1, 1).float())).sum())
case("filled_with_a_weight", lambda out, x, m: (squares(out, x) * m.float().masked_fill(~m, 0.1)).sum())
case("signs", lambda out, x, m: (squares(out, x) * (2 * m.float() - 1)).sum())
case("rows_weighted", lambda out, x, m: ((squares(out, x) * m).sum(1) / m.sum(1)).sum())
case("both_kept_and_missing", lambda out, x, m: (squares(out, x) * m).sum() + 3 * squares(out, x)[~m].sum())


def _on_kl(mask_of: Callable[[Tensor, Tensor], Tensor]) -> Callable[[int, int, int], Built]:
    """Latents are left out of the KL."""

    def make(B, L, D):
        encoder, decoder = nets(D, L)

        def run(batch):
            x, mask = batch
            mu, logvar = encoder(x).chunk(2, -1)
            x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
            kl = -0.5 * (1 + logvar - mu**2 - logvar.exp())
            return squares(x_hat, x).sum() + mask_of(kl, mask).sum()

        mask = torch.arange(B * L).view(B, L) % 3 != 1
        return Built(run, (grey(B, D), mask), nn.ModuleList([encoder, decoder]), decoder)

    return make


for name, of_kl in {
    "kl_times": lambda kl, m: kl * m,
    "kl_where": lambda kl, m: torch.where(m, kl, 0.0),
    "kl_picked": lambda kl, m: kl[m],
    "kl_rows_picked": lambda kl, m: kl[m[:, 0]],
    "kl_floored": lambda kl, m: kl * (kl > 0.1),
}.items():
    make = _on_kl(of_kl)
    make.__name__ = name
    BANK.step(*NOT, numbers=False)(make)


@BANK.step("REFUTED", "UNKNOWN", numbers=False)
def wrong_kl_with_right_mask(B, L, D):
    return masked(B, L, D, lambda out, x, m: torch.where(m, squares(out, x), 0.0).sum(), kl=lambda kl, m: -kl)


@BANK.step("OTHER", "UNKNOWN", "REFUTED", numbers=False)
def mask_of_parameters(B, L, D):
    built = masked(B, L, D, lambda out, x, m: (squares(out, x) * (scores > 0)).sum())
    scores = nn.Parameter(torch.randn(D))
    built.model.append(nn.ParameterList([scores]))
    return built


@BANK.step("OTHER", "UNKNOWN", "REFUTED", numbers=False)
def soft_mask_of_parameters(B, L, D):
    built = masked(B, L, D, lambda out, x, m: (squares(out, x) * torch.sigmoid(scores)).sum())
    scores = nn.Parameter(torch.randn(D))
    built.model.append(nn.ParameterList([scores]))
    return built
