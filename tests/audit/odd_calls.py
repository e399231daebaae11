"""Calls of the four audits with odd functions, batches and options."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .odd_functions import INF, NAN, B, D, Evil, L, Odd, coroutine, generator, kl


def doors(odd: Odd) -> dict[str, Callable[[], Any]]:
    """The audits of what is made of an odd function, by the door they go through."""
    from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler

    torch.manual_seed(0)
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)
    x = torch.rand(B, D)

    def added(value: Any, rest: Tensor) -> Any:
        return rest + value if isinstance(value, Tensor) else value

    def step(x):
        mu, logvar = encoder(x).chunk(2, 1)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        return added(odd(mu, logvar), ((decoder(z) - x) ** 2).sum() / 2)

    def loss(x_hat, x, mu, logvar):
        return added(odd(mu, logvar), ((x_hat - x) ** 2).sum() / 2)

    def divergence(mu, logvar):
        return odd(mu, logvar)

    def sampler(mu, logvar):
        return added(odd(mu, logvar), mu + (logvar / 2).exp() * torch.randn_like(mu))

    return {
        "step": lambda: audit(step, x),
        "loss": lambda: audit_loss(loss),
        "kl": lambda: audit_kl(divergence),
        "sampler": lambda: audit_sampler(sampler),
    }


def odd_batches() -> dict[str, Any]:
    """Made when they are asked for: torch warns of some."""
    return {
        "empty": torch.zeros(0, D),
        "no_columns": torch.zeros(B, 0),
        "scalar": torch.tensor(1.0),
        "one_row": torch.rand(1, D),
        "nan": torch.full((B, D), NAN),
        "inf": torch.full((B, D), INF),
        "integers": torch.ones(B, D, dtype=torch.long),
        "booleans": torch.ones(B, D, dtype=torch.bool),
        "complex": torch.ones(B, D, dtype=torch.complex64),
        "meta": torch.ones(B, D, device="meta"),
        "sparse": torch.eye(B, D).to_sparse(),
        "quantised": torch.quantize_per_tensor(torch.rand(B, D), 0.1, 0, torch.quint8),
        "none": None,
        "number": 3,
        "text": "x",
        "array": np.ones((B, D), np.float32),
        "list": [torch.rand(B, D), torch.ones(B)],
        "ragged": [torch.rand(B, D), torch.rand(4, D)],
        "empty_list": [],
        "dict": {"a b": torch.rand(B, D), "x1": torch.rand(B, D)},
        "same_names": {1: torch.rand(B, D), "x0": torch.rand(B, D)},
        "own_dict": __import__("collections").UserDict(x=torch.rand(B, D)),
        "nested": {"a": [torch.rand(B, D), {"b": torch.rand(B)}]},
        "parameter": nn.Parameter(torch.rand(B, D)),
        "huge_numbers": torch.full((B, D), 1e38),
        "expanded": torch.rand(1, D).expand(B, D),
        "double": torch.rand(B, D, dtype=torch.float64),
        "half": torch.rand(B, D).half(),
        "generator": iter(()),
    }


def _first(batch: Any) -> Any:
    while not isinstance(batch, Tensor | str):
        batch = next(iter(batch.values())) if hasattr(batch, "values") else batch[0]
    return batch


def batches() -> Iterator[tuple[str, Callable[[], Any]]]:
    """An ordinary step on odd batches."""
    from vaelid.auditor import audit

    torch.manual_seed(0)
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def step(batch):
        x = _first(batch)
        x = x if x.is_floating_point() else x.float()
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        return ((decoder(z) - x) ** 2).sum() / 2 + kl(mu, logvar).sum()

    for name, batch in odd_batches().items():
        yield name, lambda batch=batch: audit(step, batch)


def without_checks_of_types(door: Callable[..., Any]) -> Callable[..., Any]:
    """A door as users call it: the tests' checks would refuse a wrong type before it does."""
    return door.__wrapped__ if door.__code__.co_filename.startswith("<@beartype(") else door


def wrong_calls() -> dict[str, Callable[[], Any]]:
    """What is no function of the kind that the door takes, or an option that is none."""
    from vaelid import auditor

    doors_of_users = (auditor.audit, auditor.audit_kl, auditor.audit_loss, auditor.audit_sampler)
    audit, audit_kl, audit_loss, audit_sampler = map(without_checks_of_types, doors_of_users)
    x = torch.rand(B, D)
    whole = lambda mu, logvar: kl(mu, logvar).sum()  # noqa: E731
    found: dict[str, Callable[[], Any]] = {}
    for door in (audit_kl, audit_sampler, audit_loss, lambda f: audit(f, x)):
        for name, given in {
            "none": None,
            "number": 3,
            "text": "kl",
            "class": Evil,
            "module": nn.Linear(D, 2),
            "builtin": max,
            "torch": torch.add,
            "no_arguments": lambda: 1,
            "any_arguments": lambda *args: args[0].sum(),
            "named_only": lambda *, mu, logvar: mu.sum(),
            "coroutine": coroutine,
            "generator": generator,
            "type": int,
            "bound": [].append,
            "unknown_names": lambda a, b: a.sum() + b.sum(),
        }.items():
            found[f"{getattr(door, '__name__', 'audit')}_{name}"] = lambda door=door, given=given: door(given)
    for option in (
        {"beta": NAN},
        {"beta": INF},
        {"beta": -1.0},
        {"beta": 0.0},
        {"variance": 0.0},
        {"variance": NAN},
        {"likelihood": "nothing"},
        {"prior": "N(0, 0)"},
        {"prior": "N(1/0, I)"},
        {"beta": 1e308},
    ):
        found[f"option_{option}"] = lambda option=option: audit(lambda x: whole(x, x), x, **option)
    bad = {"raising": lambda: 1 / 0, "nothing": lambda: None, "text": lambda: "x", "few": lambda: (x,)}
    for name, inputs in bad.items():
        found[f"inputs_{name}"] = lambda inputs=inputs: audit_loss(
            lambda x_hat, x, mu, logvar: whole(mu, logvar), inputs=inputs
        )
    return found
