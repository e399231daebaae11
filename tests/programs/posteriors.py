"""The posterior: how the encoder gives a mean and a second number, and how that becomes a standard deviation."""

from .draft import Draft, Gaussian, choice

WIDE = ("two_heads", "split", "convolutional", "recurrent")  # heads whose second output may have another length


def _raw_length(draft: Draft) -> int:
    return draft.latents**2 if draft.full else draft.latents


def _narrow(names) -> bool:
    return names["spread"] != "cholesky"


@choice("spread")
def exp_half(draft: Draft) -> None:
    _posterior(draft, "logvar", "std = torch.exp(0.5 * logvar)", "logvar.exp()", "logvar")


@choice("spread")
def exp_of_log_std(draft: Draft) -> None:
    _posterior(draft, "log_std", "std = log_std.exp()", "torch.exp(2 * log_std)", "2 * log_std")


@choice("spread")
def sqrt_of_exp(draft: Draft) -> None:
    _posterior(draft, "logvar", "std = logvar.exp().sqrt()", "logvar.exp()", "logvar")


@choice("spread")
def softplus(draft: Draft) -> None:
    _posterior(draft, "raw", "std = F.softplus(raw)", "std.pow(2)", "2 * std.log()")


@choice("spread")
def sigmoid(draft: Draft) -> None:
    _posterior(draft, "raw", "std = torch.sigmoid(raw)", "std**2", "torch.log(std**2)")


@choice("spread")
def exp_plus_eps(draft: Draft) -> None:
    _posterior(draft, "raw", "std = torch.exp(raw) + 1e-3", "std.square()", "2 * torch.log(std)")


@choice("spread")
def root_of_softplus(draft: Draft) -> None:
    _posterior(draft, "raw", "var = F.softplus(raw)", "var", "var.log()")
    draft.spread.append("std = var.sqrt()")


@choice("spread")
def cholesky(draft: Draft) -> None:
    square = f"raw = raw.view(-1, {draft.latents}, {draft.latents})"
    diagonal = "tril = raw.tril(-1) + torch.diag_embed(F.softplus(raw.diagonal(dim1=-2, dim2=-1)))"
    _posterior(draft, "raw", square, "", "")
    draft.spread.append(diagonal)


def _posterior(draft: Draft, raw: str, line: str, var: str, logvar: str) -> None:
    draft.raw = raw
    draft.spread = [line]
    draft.posterior, draft.drawn, draft.truth = (Gaussian("mu", "std", var, logvar) for _ in range(3))


def _encoder(draft: Draft, out: int) -> str:
    return f"nn.Sequential(nn.Linear({draft.width}, 6), nn.Tanh(), nn.Linear(6, {out}))"


@choice("head", fits=_narrow)
def chunked(draft: Draft) -> None:
    draft.networks["enc"] = _encoder(draft, 2 * draft.latents)
    draft.encode = [f"mu, {draft.raw} = enc({draft.features}).chunk(2, dim=-1)"]


@choice("head")
def two_heads(draft: Draft) -> None:
    draft.networks["enc"] = f"nn.Sequential(nn.Linear({draft.width}, 6), nn.Tanh())"
    _heads(draft, [f"h = enc({draft.features})"], 6)


@choice("head")
def split(draft: Draft) -> None:
    lengths = f"[{draft.latents}, {_raw_length(draft)}]"
    draft.networks["enc"] = _encoder(draft, draft.latents + _raw_length(draft))
    draft.encode = [f"mu, {draft.raw} = torch.split(enc({draft.features}), {lengths}, dim=-1)"]


@choice("head", fits=_narrow)
def sliced(draft: Draft) -> None:
    draft.networks["enc"] = _encoder(draft, 2 * draft.latents)
    cut = draft.latents
    draft.encode = [f"h = enc({draft.features})", f"mu, {draft.raw} = h[..., :{cut}], h[..., {cut}:]"]


@choice("head", fits=_narrow)
def stacked(draft: Draft) -> None:
    draft.networks["enc"] = _encoder(draft, 2 * draft.latents)
    draft.encode = [f"mu, {draft.raw} = enc({draft.features}).unflatten(-1, (2, {draft.latents})).unbind(-2)"]


@choice("head", fits=_narrow)
def one_head(draft: Draft) -> None:
    draft.networks["enc"] = _encoder(draft, draft.latents)
    draft.networks["scale_of_all"] = f"nn.Parameter(0.3 * torch.randn({draft.latents}))"
    draft.encode = [f"mu = enc({draft.features})", f"{draft.raw} = scale_of_all.expand_as(mu)"]


@choice("head")
def convolutional(draft: Draft) -> None:
    draft.networks["enc"] = "nn.Sequential(nn.Conv1d(1, 3, 3, padding=1), nn.ReLU(), nn.Flatten())"
    _heads(draft, [f"h = enc({draft.features}.unsqueeze(1))"], 3 * draft.width)


@choice("head")
def recurrent(draft: Draft) -> None:
    draft.networks["enc"] = "nn.GRU(1, 5, batch_first=True)"
    _heads(draft, [f"_, h = enc({draft.features}.unsqueeze(-1))", "h = h[-1]"], 5)


def _heads(draft: Draft, lines: list[str], width: int) -> None:
    draft.networks["to_mu"] = f"nn.Linear({width}, {draft.latents})"
    draft.networks[f"to_{draft.raw}"] = f"nn.Linear({width}, {_raw_length(draft)})"
    draft.encode = [*lines, f"mu, {draft.raw} = to_mu(h), to_{draft.raw}(h)"]
