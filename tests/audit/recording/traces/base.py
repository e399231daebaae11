"""What a step that changes something is made of."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

CASES: dict[str, Callable[[], "Case"]] = {}
B, D, L = 6, 5, 2


@dataclass
class Case:
    """A step, its batch, and objects that an audit must leave as they were."""

    step: Callable[[Any], Any]
    batch: Any
    watched: tuple[Any, ...]
    raised: type[BaseException] | None = None


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    CASES[make.__name__] = make
    return make


class Net(nn.Module):
    """A small VAE with all that is commonly kept in a module."""

    def __init__(self, norm: type[nn.Module] = nn.Identity) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(D, 8), norm(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2 * L))
        self.decoder = nn.Sequential(nn.Linear(L, 8), nn.Tanh(), nn.Linear(8, D))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        self.step = 0
        self.seen: list[Any] = []

    def forward(self, x: Tensor) -> Tensor:
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)
        return (((self.decoder(z) - x) ** 2).sum(1) / 2 + kl).mean()


def parts(grads: bool = True, norm: type[nn.Module] = nn.Identity) -> tuple[Net, Tensor]:
    torch.manual_seed(0)
    net, x = Net(norm), torch.randn(B, D)
    if grads:
        net(x).backward()
    return net, x


def changing(change: Callable[..., Any], *, grads: bool = True) -> Callable[[], Case]:
    """A case whose step makes this change to the net, then gives its loss."""

    def make() -> Case:
        net, x = parts(grads)

        def step(x):
            change(net)
            return net(x)

        return Case(step, x, (net,))

    return make


def optimised(optimizer: Callable[..., torch.optim.Optimizer], *, warm: bool = True) -> Callable[[], Case]:
    def make() -> Case:
        net, x = parts()
        opt = optimizer(net.parameters())
        if warm:
            opt.step()

        def step(x):
            opt.zero_grad()
            loss = net(x)
            loss.backward()
            opt.step()
            return loss

        return Case(step, x, (net, opt))

    return make


SGD = functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9)


def all_weights(net: Net, do: Callable[[Tensor], Any]) -> None:
    with torch.no_grad():
        for p in net.parameters():
            do(p)


def trains(net: Net, opt: torch.optim.Optimizer, x: Tensor) -> Tensor:
    opt.zero_grad()
    loss = net(x)
    loss.backward()
    opt.step()
    return loss
