"""What an audit of a large batch, and of large images, takes in time and memory.

Each audit is made in a process of its own, whose peak is that of importing torch and of the step itself, too.
"""

import itertools
import resource
import subprocess
import sys
import time

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

import vaelid


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.two = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, h: Tensor) -> Tensor:
        return h + self.two(nn.functional.silu(self.one(nn.functional.silu(h))))


class Basic(nn.Module):
    """ResNet's basic block (He et al. 2016), which halves or doubles the sides, or leaves them."""

    def __init__(self, inside: int, outside: int, *, down: int = 1, up: int = 1) -> None:
        super().__init__()

        def normed(one: int, other: int, size: int, stride: int) -> nn.Sequential:
            convolution = nn.Conv2d(one, other, size, stride, size // 2, bias=False)
            return nn.Sequential(convolution, nn.BatchNorm2d(other))

        self.larger = nn.Upsample(scale_factor=up) if up > 1 else nn.Identity()
        self.one, self.two = normed(inside, outside, 3, down), normed(outside, outside, 3, 1)
        same = inside == outside and down == up == 1
        self.beside = nn.Identity() if same else normed(inside, outside, 1, down)

    def forward(self, h: Tensor) -> Tensor:
        h = self.larger(h)
        return torch.relu(self.two(torch.relu(self.one(h))) + self.beside(h))


def resnet18() -> tuple[nn.Module, nn.Module, Tensor]:
    """ResNet-18 and its mirror, 32 images of 128 x 128, 256 latents."""
    widths = [64, 64, 128, 256, 512]
    down, up = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], []
    for one, other in itertools.pairwise(widths):
        down += [Basic(one, other, down=1 if one == other else 2), Basic(other, other)]
        up = [Basic(other, other), Basic(other, one, up=2), *up]
    encoder = nn.Sequential(*down, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 512))
    start = [nn.Linear(256, 512 * 4 * 4), nn.Unflatten(1, (512, 4, 4))]
    decoder = nn.Sequential(*start, *up, nn.Upsample(scale_factor=2), nn.Conv2d(64, 3, 3, padding=1))
    return encoder, decoder, torch.rand(32, 3, 128, 128)


def dense() -> tuple[nn.Module, nn.Module, Tensor]:
    """784-400-20-400-784, 16,384 rows."""
    encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 40))
    decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))
    return encoder, decoder, torch.rand(16384, 784)


def residual() -> tuple[nn.Module, nn.Module, Tensor]:
    """Four residual blocks each way, 64 channels, 8 images of 128 x 128."""
    down, up = [nn.Conv2d(3, 64, 3, padding=1), Residual(64)], [nn.Conv2d(4, 64, 3, padding=1), Residual(64)]
    for _ in range(3):
        down += [nn.Conv2d(64, 64, 4, 2, 1), Residual(64)]
        up += [nn.ConvTranspose2d(64, 64, 4, 2, 1), Residual(64)]
    encoder = nn.Sequential(*down, nn.Conv2d(64, 8, 3, padding=1))
    decoder = nn.Sequential(*up, nn.Conv2d(64, 3, 3, padding=1))
    return encoder, decoder, torch.rand(8, 3, 128, 128)


NETWORKS = {"dense": dense, "resnet18": resnet18, "residual": residual}


def measure(name: str) -> None:
    torch.manual_seed(0)
    encoder, decoder, numbers = NETWORKS[name]()
    x = (numbers > 0.5).float()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])

    def step(x: Tensor) -> Tensor:
        mu, logvar = encoder(x).chunk(2, dim=1)
        logits = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(logvar))
        nll = binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
        loss = (nll + kl) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    started = time.perf_counter()
    report = vaelid.audit(step, x)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name:9s} {report.verdict:8s} {seconds:6.1f} s  {peak:5.2f} GiB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1])
    else:
        for name in NETWORKS:
            subprocess.run([sys.executable, __file__, name], check=True)
