"""A small, complete VAE in plain PyTorch, whose loss is the ELBO: start from it.

`step(batch)` is the loss of one batch: minus the ELBO, in nats per image. To have that proved:
vaelid audit examples/correct.py:step --batch examples/correct.py:batch
To train it on scikit-learn's 8x8 digits, some seconds: python examples/correct.py
"""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.set_num_threads(1)  # layers this small run faster on one
torch.manual_seed(0)
images = torch.tensor(load_digits().data > 8, dtype=torch.float32)  # (1797, 64): each pixel is 0 or 1
images = images[torch.randperm(len(images))]
train_images, test_images = images[:1437], images[1437:]
batch = train_images[:32]


class VAE(nn.Module):
    """64 pixels to a normal law over 8 latents, and back."""

    def __init__(self, pixels=64, hidden=128, latents=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latents))
        self.decoder = nn.Sequential(nn.Linear(latents, hidden), nn.ReLU(), nn.Linear(hidden, pixels))

    def forward(self, x):
        """The pixels' logits, decoded from a draw of q(z|x), and that law's mean and log-variance."""
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.decoder(z), mu, logvar


model = VAE()


def step(batch):
    """Minus the ELBO, in nats per image."""
    logits, mu, logvar = model(batch)
    # -log p(x|z): each pixel is a Bernoulli variable. Summed, because the pixels are independent given z.
    nll = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
    # KL(q(z|x) || N(0, I)), summed over the latents.
    kl = 0.5 * torch.sum(mu**2 + torch.exp(logvar) - 1 - logvar)
    return (nll + kl) / len(batch)


def main():
    """Train, and print the ELBO on images that the training did not see."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(1, 31):
        for rows in train_images[torch.randperm(len(train_images))].split(32):
            optimizer.zero_grad()
            step(rows).backward()
            optimizer.step()
        if epoch % 10 == 0:
            with torch.no_grad():
                elbo = -torch.stack([step(test_images) for _ in range(20)]).mean()
            print(f"epoch {epoch}: ELBO {elbo:.1f} nats per held-out image")


if __name__ == "__main__":
    main()
