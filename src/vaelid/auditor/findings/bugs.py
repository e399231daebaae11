"""The bugs that an audit can name: what each is, and how to mend it.

In comes the name of a bug, as a claim has it; out go a title and a sentence. ``BUGS["kl-doubled"]`` is "the KL
counted twice", and is mended by "Keep the factor 1/2."
"""

from dataclasses import dataclass

__all__ = ["BUGS", "Bug"]


@dataclass(frozen=True)
class Bug:
    """A class of bugs seen in public code.

    Attributes:
        name: its key.
        title: in a few words.
        mend: what to do, one sentence.
    """

    name: str
    title: str
    mend: str


BUGS = {
    bug.name: bug
    for bug in (
        Bug("hidden-beta", "a mean where a sum belongs", "Sum over pixels and over latents; average over rows only."),
        Bug("batch-beta", "beta depends on the batch size", "Reduce the two terms over the batch in the same way."),
        Bug("uniform-noise", "uniform noise", "Draw the noise with randn_like, not rand_like."),
        Bug("scaled-noise", "noise of another variance", "Draw the noise from N(0, 1)."),
        Bug("shared-noise", "noise shared between coordinates or rows", "Draw noise in the shape of mu."),
        Bug("frozen-noise", "noise that is not drawn anew", "Draw the noise in each step, with torch."),
        Bug("missing-noise", "no noise", "Sample z = mu + sigma * eps."),
        Bug("std-variance", "a standard deviation taken for a variance", "Use one convention in sampler and KL."),
        Bug("kl-formula", "a wrong formula for the KL", "Use -1/2 sum(1 + logvar - mu^2 - exp(logvar))."),
        Bug("kl-reversed", "the KL the wrong way round", "Use KL(q || p): the posterior comes first."),
        Bug("kl-doubled", "the KL counted twice", "Keep the factor 1/2."),
        Bug("kl-partial", "a KL of some coordinates only", "Sum the KL over every latent that is decoded."),
        Bug("kl-zero", "no KL", "Add the KL to the loss."),
        Bug("kl-clamped", "a KL clamped to a constant", "Remove the clamp, or use free bits on purpose."),
        Bug("hidden-scale", "a hidden scale of the likelihood", "Divide the squared error by twice the variance."),
        Bug("likelihood-wrong", "no normalised likelihood", "Use the negative log of a normalised density."),
        Bug("data-partial", "a likelihood of some data only", "Compare every datum with an output of its own."),
        Bug("double-sigmoid", "a sigmoid applied twice", "Pass logits to binary_cross_entropy_with_logits."),
        Bug("sign", "the wrong sign", "Minimise -ELBO = NLL + KL."),
        Bug("multi-sample", "a wrong multi-sample bound", "Use -logsumexp(log w, dim=samples) + log K."),
        Bug("evaluation", "evaluation differs from training", "Evaluate the same objective, and sample z."),
        Bug("posterior-restricted", "a restricted posterior", "Let the encoder give every mean and variance."),
        Bug("beta-ignored", "a beta that does nothing", "Multiply the KL by beta."),
        Bug("clamp", "a clamp in one place and not in the other", "Clamp once, before both sampler and KL."),
        Bug("detached", "a gradient cut off", "Use rsample, and no detach between encoder and decoder."),
    )
}
"""Every bug, by its name."""
