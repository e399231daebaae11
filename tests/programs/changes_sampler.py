"""Changes of how z is drawn, of what is handed to the decoder, and of the noise."""

from dataclasses import replace

from .changes import early, late
from .changes_divergence import DRAWN
from .draft import Draft, Names

BY_HAND = (
    "by_hand",
    "torch_normal",
    "draws_at_once",
    "loop_over_draws",
    "fused",
    "lerp",
    "in_place",
    "loop_over_latents",
)
PLAIN = ("by_hand", "loop_over_draws")
NOISE = "torch.randn_like(mu)"


def _diagonal(names: Names) -> bool:
    return names["spread"] != "cholesky"


@early(_diagonal)
def variance_for_deviation(draft: Draft) -> None:
    """z is drawn with sigma^2 as its deviation, and the KL is that of sigma."""
    draft.drawn = replace(draft.drawn, std=f"({draft.drawn.var})")


@early(lambda names: _diagonal(names) and names["sampler"] in BY_HAND)
def raw_for_deviation(draft: Draft) -> None:
    """What the encoder puts out is the deviation, without exp or softplus; the KL has them."""
    draft.drawn = replace(draft.drawn, std=draft.raw)


@early(lambda names: names["spread"] in ("exp_half", "sqrt_of_exp"))
def clamp_in_the_sampler_only(draft: Draft) -> None:
    """z is drawn with a log-variance between -0.05 and 0.05, and the KL takes any."""
    draft.drawn = replace(draft.drawn, std="torch.exp(0.5 * logvar.clamp(-0.05, 0.05))")


@early(lambda names: _diagonal(names))
def deviation_detached(draft: Draft) -> None:
    """The reconstruction has no gradient to sigma."""
    draft.drawn = replace(draft.drawn, std="std.detach()")


def _other_noise(draft: Draft, noise: str) -> None:
    before = list(draft.sample)
    draft.sample = [line.replace(NOISE, noise) for line in draft.sample]
    assert draft.sample != before, before


def _plain(names: Names) -> bool:
    return names["sampler"] in PLAIN


@late(_plain)
def uniform_noise(draft: Draft) -> None:
    """Noise between 0 and 1: mean 1/2, variance 1/12."""
    _other_noise(draft, "torch.rand_like(mu)")


@late(_plain)
def uniform_noise_of_unit_variance(draft: Draft) -> None:
    """Uniform noise of mean 0 and variance 1: no normal, its fourth moment is 9/5. (Own.)"""
    _other_noise(draft, "((torch.rand_like(mu) - 0.5) * math.sqrt(12))")


@late(_plain)
def noise_at_a_temperature(draft: Draft) -> None:
    """0.7 times the noise: z has another deviation than the KL's. (Own.)"""
    _other_noise(draft, "(0.7 * torch.randn_like(mu))")


@late(_plain)
def truncated_noise(draft: Draft) -> None:
    """Noise cut at -1 and 1. (Own.)"""
    _other_noise(draft, "torch.randn_like(mu).clamp(-1, 1)")


@late(_plain)
def noise_shared_by_latents(draft: Draft) -> None:
    """One number a row for all its latents: they are not independent given x."""
    _other_noise(
        draft, "torch.randn_like(mu[..., :1])" if not draft.full else "torch.randn_like(mu[..., :1]).expand_as(mu)"
    )


@late(lambda names: _plain(names) and names["frame"] != "vmapped")
def noise_shared_by_rows(draft: Draft) -> None:
    """One draw for all rows of a batch: not independent."""
    _other_noise(draft, "torch.randn_like(mu[:1])" if not draft.full else "torch.randn_like(mu[:1]).expand_as(mu)")


@late(lambda names: _plain(names) and names["frame"] != "vmapped")
def frozen_noise(draft: Draft) -> None:
    """Noise drawn once, when the program starts."""
    draft.constants += [f"EPS = torch.randn(64, {draft.latents})"]
    _other_noise(draft, "EPS[: len(mu)]")


@late(lambda names: _plain(names) and names["frame"] not in ("vmapped", "compiled"))
def noise_from_a_cache(draft: Draft) -> None:
    """Noise drawn once for each batch size."""
    draft.constants += ["drawn = {}"]
    draft.sample.insert(0, "if mu.shape not in drawn:")
    draft.sample.insert(1, f"    drawn[mu.shape] = {NOISE}")
    draft.sample[2:] = [line.replace(NOISE, "drawn[mu.shape]") for line in draft.sample[2:]]


@late(lambda names: names["frame"] not in ("vmapped", "compiled") and names["sampler"] != "loop_over_draws")
def seeded_in_every_step(draft: Draft) -> None:
    """The generator is set to 0 before the draw: always the same noise."""
    draft.sample.insert(0, "torch.manual_seed(0)")


def _one_draw_of_z(names: Names) -> bool:
    return names["kl"] not in DRAWN and names["sampler"] not in (
        "loop_over_draws",
        "draws_at_once",
        "rsample_draws_at_once",
    )


@late(_one_draw_of_z)
def no_noise(draft: Draft) -> None:
    """z = mu, and the KL as if it were drawn."""
    draft.sample = ["z = mu"]


@late(
    lambda names: names["kl"] not in DRAWN and names["sampler"] not in ("draws_at_once", "rsample_draws_at_once"),
    argued=True,
)
def mean_decoded(draft: Draft) -> None:
    """z is drawn, and the decoder takes mu."""
    draft.code = draft.code.replace("z", "mu", 1)


@late(lambda names: names["sampler"] in ("fused", "lerp", "in_place"))
def one_latent_without_noise(draft: Draft) -> None:
    """The first latent has no noise. (Own.)"""
    draft.sample.insert(1, "eps[..., 0] = 0.0")


@late(lambda names: _plain(names) and _diagonal(names))
def deviation_added(draft: Draft) -> None:
    """z = mu + sigma + eps: of mean mu + sigma, and variance 1. (Own.)"""
    before = list(draft.sample)
    draft.sample = [line.replace("std * torch", "std + torch") for line in draft.sample]
    assert draft.sample != before, before


@late(lambda names: names["prior"] == "levels" and _plain(names), argued=True)
def same_noise_for_both_levels(draft: Draft) -> None:
    """z and z_top are made of one noise: they depend on each other given x. (Own.)"""
    at = next(i for i, line in enumerate(draft.before) if line.startswith("z_top"))
    draft.before.insert(at, "eps = torch.randn_like(mu_top)")
    draft.before[at + 1] = draft.before[at + 1].replace("torch.randn_like(mu_top)", "eps")
    _other_noise(draft, "eps")


@late(lambda names: "rsample" in names["sampler"])
def sample_for_rsample(draft: Draft) -> None:
    """sample() has no gradient to mean and deviation."""
    draft.sample = [line.replace("rsample(", "sample(") for line in draft.sample]


@late()
def code_detached(draft: Draft) -> None:
    """The decoder takes z.detach(): the reconstruction does not train the encoder."""
    draft.code = draft.code.replace("z", "z.detach()", 1)


@late(lambda names: _plain(names) and _diagonal(names))
def mean_detached(draft: Draft) -> None:
    """The reconstruction has no gradient to mu."""
    draft.sample = [line.replace("z = mu +", "z = mu.detach() +") for line in draft.sample]
