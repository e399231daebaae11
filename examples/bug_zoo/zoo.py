"""The files of the zoo in the order of the page, and what an audit of each has to say."""

from dataclasses import dataclass

__all__ = ["ZOO", "Exhibit"]


@dataclass(frozen=True)
class Exhibit:
    """A file with a bug.

    Attributes:
        name: of the file, without `.py`.
        bug: the name of its bug in `vaelid.auditor.findings.bugs.BUGS`.
        verdict: on the file as it is.
        beta: the beta that its author believes in; declared to the audit if `declared`.
        declared: whether the audit is told.
        effective: the factor on the KL that it trains with, where it is an ELBO with another weight.
    """

    name: str
    bug: str
    verdict: str = "REFUTED"
    beta: float = 1.0
    declared: bool = False
    effective: float | None = None


ZOO = (
    # an ELBO of another weight is proved, and its weight named
    Exhibit("hidden_beta", "hidden-beta", "PROVED", effective=64),
    Exhibit("hidden_beta_mse", "hidden-beta", "PROVED", effective=4),
    Exhibit("batch_beta", "batch-beta", "PROVED", effective=32),
    Exhibit("kl_doubled", "kl-doubled", "PROVED", effective=2),
    Exhibit("hidden_scale", "hidden-scale", "PROVED", effective=0.5),
    Exhibit("beta_ignored", "beta-ignored", beta=4.0, declared=True, effective=1),
    Exhibit("uniform_noise", "uniform-noise"),
    Exhibit("scaled_noise", "scaled-noise"),
    Exhibit("noise_shared_by_latents", "shared-noise"),
    Exhibit("noise_shared_by_batch", "shared-noise"),
    Exhibit("frozen_noise", "frozen-noise"),
    Exhibit("numpy_noise", "frozen-noise", "UNKNOWN"),
    Exhibit("missing_noise", "missing-noise"),
    Exhibit("std_variance", "std-variance"),
    Exhibit("clamp", "clamp"),
    Exhibit("detached", "detached"),
    Exhibit("kl_missing_square", "kl-formula"),
    Exhibit("kl_parenthesis", "kl-formula"),
    Exhibit("kl_reversed", "kl-reversed"),
    Exhibit("kl_partial", "kl-partial"),
    Exhibit("kl_zero", "kl-zero", declared=True),
    Exhibit("kl_clamped", "kl-clamped"),
    Exhibit("sign", "sign"),
    Exhibit("data_partial", "data-partial"),
    Exhibit("likelihood_wrong", "likelihood-wrong", "OTHER"),
    Exhibit("multi_sample", "multi-sample"),
    # right, and poorer than it could be: proved, with a note
    Exhibit("posterior_restricted", "posterior-restricted", "PROVED"),
    Exhibit("double_sigmoid", "double-sigmoid", "PROVED"),
    Exhibit("evaluation", "evaluation", "PROVED"),
)
