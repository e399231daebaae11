"""How z is drawn. Each way writes `z`, or several draws of it, from `draft.drawn`."""

from .draft import Draft, choice

DRAWS = 3


def _one(names) -> bool:
    return names["spread"] != "cholesky"


def _full(draft: Draft, noise: str) -> str:
    return f"z = mu + ({draft.tril} @ {noise}.unsqueeze(-1)).squeeze(-1)"


@choice("sampler")
def by_hand(draft: Draft) -> None:
    noise = "torch.randn_like(mu)"
    draft.sample = [_full(draft, noise) if draft.full else f"z = mu + {draft.drawn.std} * {noise}"]


@choice("sampler", fits=_one)
def fused(draft: Draft) -> None:
    draft.sample = ["eps = torch.randn_like(mu)", f"z = torch.addcmul(mu, {draft.drawn.std}, eps)"]


@choice("sampler")
def rsample(draft: Draft) -> None:
    if draft.full:
        draft.sample = [f"z = td.MultivariateNormal(mu, scale_tril={draft.tril}).rsample()"]
    else:
        draft.sample = [f"z = td.Normal(mu, {draft.drawn.std}).rsample()"]


@choice("sampler", fits=_one)
def independent_rsample(draft: Draft) -> None:
    draft.sample = [f"z = td.Independent(td.Normal(mu, {draft.drawn.std}), 1).rsample()"]


@choice("sampler", fits=_one)
def lerp(draft: Draft) -> None:
    draft.sample = ["eps = torch.randn(mu.shape)", f"z = torch.lerp(mu, mu + {draft.drawn.std}, eps)"]


@choice("sampler", fits=_one)
def in_place(draft: Draft) -> None:
    draft.sample = ["eps = torch.empty_like(mu).normal_()", f"z = eps.mul({draft.drawn.std}).add_(mu)"]


@choice("sampler", fits=_one)
def torch_normal(draft: Draft) -> None:
    draft.sample = [f"z = mu + {draft.drawn.std} * torch.normal(torch.zeros_like(mu), torch.ones_like(mu))"]


@choice("sampler", fits=lambda names: _one(names))
def loop_over_latents(draft: Draft) -> None:
    std = draft.drawn.std
    if std != "std":
        draft.sample = [f"scale = {std}"]
        std = "scale"
    part = f"mu[:, j] + {std}[:, j] * torch.randn(len(mu))"
    draft.sample += [f"z = torch.stack([{part} for j in range(mu.shape[1])], dim=1)"]


@choice("sampler")
def loop_over_draws(draft: Draft) -> None:
    by_hand(draft)
    draft.draws, draft.loop = DRAWS, True


@choice("sampler", fits=lambda names: _one(names))
def draws_at_once(draft: Draft) -> None:
    draft.sample = [f"z = mu + {draft.drawn.std} * torch.randn({DRAWS}, *mu.shape)"]
    draft.draws = DRAWS


@choice("sampler")
def rsample_draws_at_once(draft: Draft) -> None:
    rsample(draft)
    draft.sample = [draft.sample[0].replace("rsample()", f"rsample(({DRAWS},))")]
    draft.draws = DRAWS
