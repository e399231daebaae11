"""How the KL of the posterior to the prior is written: in closed form, by library, or at the draw."""

import re

from .draft import Draft, Gaussian, choice

ROW = "sum(-1)"


def _diagonal(names) -> bool:
    return names["spread"] != "cholesky"


def _closed(draft: Draft, standard: str, general: str) -> None:
    """The closed form; to N(0, I) it is shorter."""
    q, p = draft.posterior, draft.prior
    expression = standard if p is None else general
    words = {"m": q.mean, "v": q.var, "l": q.logvar, "gl": _grouped(q.logvar)}
    if p is not None:
        words |= {"pm": p.mean, "pl": p.logvar, "pv": _grouped(p.var)}
    expression = expression.format(**words)
    if draft.names["frame"] == "scripted":
        # the function that is compiled takes the three numbers of the posterior
        draft.constants += ["", "@torch.jit.script", "def kl_terms(mean, var, logvar):"]
        draft.constants += [f"    return {standard.format(m='mean', v='var', l='logvar', gl='logvar')}", ""]
        expression = f"kl_terms({q.mean}, {q.var}, {q.logvar})"
    draft.kl = [f"kl = {expression}"]


GENERAL = "0.5 * ({pl} - {gl} + ({v} + ({m} - {pm}).pow(2)) / {pv} - 1)"


@choice("kl", fits=_diagonal)
def minus_half(draft: Draft) -> None:
    _closed(draft, "-0.5 * (1 + {l} - {m}.pow(2) - {v})", "-0.5 * (1 + {l} - {pl} - (({m} - {pm}) ** 2 + {v}) / {pv})")


@choice("kl", fits=_diagonal)
def half(draft: Draft) -> None:
    _closed(draft, "0.5 * ({m} ** 2 + {v} - 1 - {gl})", GENERAL)


@choice("kl", fits=_diagonal)
def summed_apart(draft: Draft) -> None:
    """Each of the three terms is summed over the latents by itself."""
    q, p = draft.posterior, draft.prior
    size = f"{draft.latents}"
    if p is None:
        squares, logs, trace = f"{q.mean}.pow(2)", _grouped(q.logvar), _grouped(q.var)
    else:
        squares = f"(({q.mean} - {p.mean}).pow(2) / {_grouped(p.var)})"
        logs, trace = f"({q.logvar} - {p.logvar})", f"({q.var} / {_grouped(p.var)})"
    draft.kl = [
        f"squares = {squares}.{ROW}",
        f"logs = {logs}.{ROW}",
        f"trace = {trace}.{ROW}",
        f"kl = 0.5 * (squares + trace - logs - {size})",
    ]
    draft.kl_by_row = True


def _grouped(expression: str) -> str:
    """In brackets, unless it is a name or a call."""
    return expression if re.fullmatch(r"[\w.]+(\(.*\))?", expression) else f"({expression})"


def _broadcast(draft: Draft) -> Gaussian:
    """The prior's mean, deviation and variance in the shape of mu."""
    p = draft.prior
    if draft.names["prior"] == "fixed":
        mean, std = "torch.full_like(mu, MU_P)", "torch.full_like(mu, STD_P)"
        return Gaussian(mean, std, f"{std}**2", "")
    if draft.names["prior"] == "learned":
        return Gaussian(f"{p.mean}.expand_as(mu)", f"{p.std}.expand_as(mu)", f"{p.var}.expand_as(mu)", "")
    return p


def _objects(draft: Draft) -> list[str]:
    q, p = draft.posterior, draft.prior
    prior = ("torch.zeros_like(mu)", "torch.ones_like(mu)") if p is None else (p.mean, p.std)
    if draft.full:
        if p is None:
            of_prior = f"td.MultivariateNormal(torch.zeros({draft.latents}), torch.eye({draft.latents}))"
        else:
            wide = _broadcast(draft)
            of_prior = f"td.MultivariateNormal({wide.mean}, torch.diag_embed({wide.var}))"
        return [f"q = td.MultivariateNormal({q.mean}, scale_tril={draft.tril})", f"p = {of_prior}"]
    return [f"q = td.Normal({q.mean}, {q.std})", f"p = td.Normal({', '.join(prior)})"]


@choice("kl")
def library(draft: Draft) -> None:
    draft.kl = [*_objects(draft), "kl = td.kl_divergence(q, p)"]
    draft.kl_by_row = draft.full


@choice("kl", fits=_diagonal)
def library_of_rows(draft: Draft) -> None:
    lines = [f"{line[:4]}td.Independent({line[4:]}, 1)" for line in _objects(draft)]
    if draft.prior is not None:
        wide = _broadcast(draft)
        lines[1] = f"p = td.Independent(td.Normal({wide.mean}, {wide.std}), 1)"
    draft.kl = [*lines, "kl = td.kl_divergence(q, p)"]
    draft.kl_by_row = True


@choice("kl")
def one_draw(draft: Draft) -> None:
    draft.kl = [*_objects(draft), "kl = q.log_prob(z) - p.log_prob(z)"]
    draft.kl_by_row, draft.kl_at_draw = draft.full, True


@choice("kl", fits=_diagonal)
def sticking_the_landing(draft: Draft) -> None:
    """log q with detached mean and deviation: the score of q, whose mean is 0, is left out of the gradient."""
    one_draw(draft)
    q = draft.posterior
    draft.kl[0] = f"q = td.Normal({q.mean}.detach(), {q.std}.detach())"


@choice("kl", fits=_diagonal)
def one_draw_by_hand(draft: Draft) -> None:
    """The constants -log(2 pi) / 2 of both densities cancel and are left out."""
    q, p = draft.posterior, draft.prior
    log_q = f"-0.5 * ((z - {q.mean}) / {q.std}) ** 2 - 0.5 * {_grouped(q.logvar)}"
    log_p = "-0.5 * z**2"
    if p is not None:
        log_p = f"-0.5 * (z - {p.mean}) ** 2 / {_grouped(p.var)} - 0.5 * {_grouped(p.logvar)}"
    draft.kl = [f"log_q = {log_q}", f"log_p = {log_p}", "kl = log_q - log_p"]
    draft.kl_at_draw = True


@choice("kl", fits=lambda names: _diagonal(names) and names["prior"] == "standard")
def cross_entropy_minus_entropy(draft: Draft) -> None:
    q = draft.posterior
    draft.kl = [
        f"cross = 0.5 * ({q.mean} ** 2 + {q.var} + math.log(2 * math.pi))",
        f"kl = cross - td.Normal({q.mean}, {q.std}).entropy()",
    ]


def _residual_fits(names) -> bool:
    return names["spread"] == "exp_half" and names["prior"] in ("learned", "conditional", "levels")


@choice("kl", fits=_residual_fits)
def residual(draft: Draft) -> None:
    """The posterior is given relative to the prior (NVAE): q = N(mp + dm, exp(lp + dl))."""
    draft.encode = [line.replace("mu, logvar =", "d_mu, d_logvar =") for line in draft.encode]
    draft.encode = [line.replace("logvar = scale_of_all", "d_logvar = scale_of_all") for line in draft.encode]
    draft.encode = [
        line.replace("mu = enc", "d_mu = enc").replace("expand_as(mu)", "expand_as(d_mu)") for line in draft.encode
    ]
    draft.encode += ["mu, logvar = mu_p + d_mu, logvar_p + d_logvar"]
    draft.kl = ["kl = 0.5 * (d_logvar.exp() + d_mu.pow(2) / logvar_p.exp() - 1 - d_logvar)"]


@choice("kl", fits=lambda names: names["spread"] == "cholesky" and names["prior"] == "standard")
def of_cholesky(draft: Draft) -> None:
    draft.kl = [
        f"log_det = 2 * {draft.tril}.diagonal(dim1=-2, dim2=-1).log().sum(-1)",
        f"kl = 0.5 * ({draft.tril}.pow(2).sum((-2, -1)) + mu.pow(2).sum(-1) - {draft.latents} - log_det)",
    ]
    draft.kl_by_row = True


def oracle_kl(draft: Draft) -> str:
    """KL(q || p) by torch.distributions of the true posterior, summed; or log q - log p at z where the code has it."""
    held = draft.posterior
    draft.posterior = Gaussian("mu", "std", "", "")
    q, p = (line[4:] for line in _objects(draft))
    draft.posterior = held
    if draft.kl_at_draw:
        return f"({q}.log_prob(z) - {p}.log_prob(z)).sum()"
    return f"td.kl_divergence({q}, {p}).sum()"
