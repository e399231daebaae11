"""The prior of z: standard, fixed, learned, given a condition, or of a level given the level above."""

from .draft import Draft, Gaussian, choice

LEARNED = Gaussian("mu_p", "torch.exp(0.5 * logvar_p)", "logvar_p.exp()", "logvar_p")


@choice("prior")
def standard(draft: Draft) -> None:
    draft.prior = None


@choice("prior")
def fixed(draft: Draft) -> None:
    draft.constants += ["MU_P, STD_P = 0.5, 2.0"]
    draft.prior = Gaussian("MU_P", "STD_P", "STD_P**2", "2 * math.log(STD_P)")


@choice("prior")
def learned(draft: Draft) -> None:
    draft.networks["mu_p"] = f"nn.Parameter(torch.randn({draft.latents}))"
    draft.networks["logvar_p"] = f"nn.Parameter(0.3 * torch.randn({draft.latents}))"
    draft.prior = LEARNED


@choice("prior")
def conditional(draft: Draft) -> None:
    draft.inputs["c"] = f"torch.randn({draft.rows}, 2)"
    draft.networks["prior_net"] = f"nn.Linear(2, {2 * draft.latents})"
    draft.before = ["mu_p, logvar_p = prior_net(c).chunk(2, dim=-1)"]
    draft.features, draft.width = f"torch.cat([{draft.features}, c], dim=-1)", draft.width + 2
    draft.code, draft.code_width = "torch.cat([z, c], dim=-1)", 2
    draft.prior = LEARNED


@choice("prior")
def levels(draft: Draft) -> None:
    """z2 is drawn first; the prior of z depends on it. KL(q(z2) || N(0, I)) is added."""
    draft.networks["enc_top"] = f"nn.Linear({draft.width}, {2 * draft.latents})"
    draft.networks["prior_net"] = f"nn.Linear({draft.latents}, {2 * draft.latents})"
    draft.before = [
        f"mu_top, logvar_top = enc_top({draft.features}).chunk(2, dim=-1)",
        "z_top = mu_top + torch.exp(0.5 * logvar_top) * torch.randn_like(mu_top)",
        "mu_p, logvar_p = prior_net(z_top).chunk(2, dim=-1)",
    ]
    draft.prior = LEARNED
    draft.upper_kl = "0.5 * (mu_top.pow(2) + logvar_top.exp() - 1 - logvar_top)"
