"""Odd functions of a mean and a log-variance, and losses, samplers and steps that are made of them.

Most are no KL and no loss at all. An audit answers each, or says what the user should mend; it never ends in anything
else. `programs` makes more of them by chaining operations of torch at random.
"""

import asyncio
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Independent, Laplace, Normal, TransformedDistribution, kl_divergence
from torch.distributions.transforms import TanhTransform

B, D, L = 6, 5, 3
Odd = Callable[[Tensor, Tensor], Any]


def kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def by_coordinate(mu: Tensor, logvar: Tensor, times: int = 1) -> Any:
    total: Any = 0
    for _ in range(times):
        for k in range(mu.shape[1]):
            total = total + kl(mu[:, k], logvar[:, k]).sum()
    return total


def by_row(mu: Tensor, logvar: Tensor) -> Any:
    return sum(kl(m, v).sum() for m, v in zip(mu, logvar, strict=True))


def repeated(function: Callable[[Tensor], Tensor], times: int, value: Tensor) -> Tensor:
    for _ in range(times):
        value = function(value)
    return value


def in_parts(mu: Tensor, logvar: Tensor) -> Tensor:
    out = torch.empty_like(mu)
    for k in range(mu.shape[1]):
        out[:, k] = kl(mu[:, k], logvar[:, k])
    return out.sum()


def squashed(mu: Tensor, logvar: Tensor) -> Tensor:
    law = TransformedDistribution(Normal(mu, (logvar / 2).exp()), [TanhTransform(cache_size=1)])
    z = law.rsample()
    return law.log_prob(z).sum()


def twice(mu: Tensor, logvar: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(kl(mu, logvar).sum(), mu, create_graph=True)
    return (slope**2).sum()


def gives(value: Any) -> Odd:
    return lambda mu, logvar: value


def raises(error: BaseException) -> Odd:
    def function(mu, logvar):
        raise error

    return function


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Evil:
    @property
    def loss(self):
        raise RuntimeError("no loss")

    def __repr__(self):
        raise RuntimeError("no repr")


class Holder(dict):
    pass


async def coroutine(mu, logvar):
    return kl(mu, logvar).sum()


def generator(mu, logvar):
    yield kl(mu, logvar).sum()


def recursive(mu, logvar):
    return recursive(mu, logvar)


class Custom(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, *grads):
        raise ValueError("no way back")


NAN, INF = float("nan"), float("inf")
ODD: dict[str, Odd] = {
    "the_kl": lambda m, v: kl(m, v).sum(),
    "loop_over_coordinates": by_coordinate,
    "loop_of_many_coordinates": lambda m, v: by_coordinate(m, v, 60),
    "loop_over_rows": by_row,
    "deep_tanh": lambda m, v: repeated(torch.tanh, 300, m).sum(),
    "deep_exp": lambda m, v: repeated(lambda t: (t.exp() + 1).log(), 200, m).sum(),
    "deep_sum": lambda m, v: repeated(lambda t: t + m * v, 1500, m).sum(),
    "deep_square": lambda m, v: repeated(lambda t: t * t / 2 + 1, 12, m).sum(),
    "very_high_power": lambda m, v: (m**64).sum(),
    "higher_power": lambda m, v: ((m * 0.01) ** 5000).sum(),
    "negative_power": lambda m, v: (m**-3).sum(),
    "odd_power": lambda m, v: (v.exp() ** 0.3371).sum(),
    "nan_number": lambda m, v: kl(m, v).sum() + NAN,
    "nan_times_zero": lambda m, v: kl(m, v).sum() + 0 * torch.tensor(NAN),
    "inf_number": lambda m, v: kl(m, v).sum() + INF,
    "minus_inf_clamp": lambda m, v: kl(m, v.clamp(-INF, INF)).sum(),
    "nan_clamp": lambda m, v: torch.nan_to_num(kl(m, v), nan=0.0).sum(),
    "nan_leaf": lambda m, v: torch.where(torch.isnan(m), torch.full_like(m, NAN), kl(m, v)).sum(),
    "nan_constant_row": lambda m, v: (
        kl(m, v) * torch.tensor([1.0, NAN, 1.0, 1.0, 1.0])[: m.shape[1]].nan_to_num()
    ).sum(),
    "inf_mask": lambda m, v: (torch.tensor([-INF, 0.0]).softmax(0) * kl(m, v).sum()).sum(),
    "filled_with_minus_inf": lambda m, v: m.masked_fill(m > 0, -INF).logsumexp(1).sum(),
    "log_of_zero": lambda m, v: (0 * m).log().sum(),
    "division_by_zero": lambda m, v: (m / 0).sum(),
    "zero_by_zero": lambda m, v: (0 * m / 0).sum(),
    "tiny_number": lambda m, v: (kl(m, v) * 1e-320).sum(),
    "huge_number": lambda m, v: (kl(m, v) * 1e300).sum(),
    "huge_exponent": lambda m, v: (m * 1e-3).mul(700).exp().sum(),
    "huge_shift": lambda m, v: (kl(m, v) + 1e308).sum() / 1e308,
    "overflow_to_float": lambda m, v: kl(m, v).sum() * float(10**300),
    "big_integer": lambda m, v: kl(m, v).sum() + 2**62,
    "squashed_sampler": squashed,
    "squashed_value": lambda m, v: torch.tanh(m + (v / 2).exp() * torch.randn_like(m)).sum(),
    "double_backward": twice,
    "own_backward_that_raises": lambda m, v: Custom.apply(kl(m, v)).sum(),
    "written_in_parts": in_parts,
    "complex": lambda m, v: torch.complex(m, v).abs().sum(),
    "complex_loss": lambda m, v: torch.complex(m, v).sum(),
    "complex_fft": lambda m, v: torch.fft.fft(m).real.sum(),
    "complex_view": lambda m, v: torch.view_as_real(torch.complex(m, v)).sum(),
    "integer_loss": lambda m, v: m.long().sum(),
    "integer_division": lambda m, v: (m // 0.3).sum(),
    "remainder": lambda m, v: (m % 0.3).sum(),
    "boolean_loss": lambda m, v: (m > 0).any(),
    "bits": lambda m, v: (m.long() & 3).double().sum(),
    "sparse": lambda m, v: torch.sparse.sum(m.to_sparse()),
    "sparse_product": lambda m, v: torch.sparse.mm(torch.eye(len(m), dtype=m.dtype).to_sparse(), m).sum(),
    "sparse_rows": lambda m, v: m.to_sparse_csr().to_dense().sum(),
    "quantised": lambda m, v: torch.quantize_per_tensor(m.detach().float(), 0.1, 0, torch.qint8).dequantize().sum(),
    "quantised_loss": lambda m, v: torch.quantize_per_tensor(m.detach().float().sum(), 0.1, 0, torch.qint8),
    "meta": lambda m, v: m.to("meta").sum(),
    "meta_beside": lambda m, v: (m.to("meta") * 2).numel() * kl(m, v).sum(),
    "half": lambda m, v: kl(m.half(), v.half()).sum(),
    "bfloat": lambda m, v: kl(m.bfloat16(), v.bfloat16()).sum(),
    "float8": lambda m, v: m.detach().float().to(torch.float8_e4m3fn).float().sum(),
    "nothing_of_it": lambda m, v: m[:0].sum(),
    "mean_of_nothing": lambda m, v: m[:, :0].mean(),
    "no_latents": lambda m, v: kl(m[:, :0], v[:, :0]).sum() + 0 * m.sum(),
    "no_dimension": lambda m, v: m.new_zeros(()),
    "returns_none": gives(None),
    "returns_number": gives(1.5),
    "returns_text": gives("loss"),
    "returns_array": gives(np.ones(3)),
    "returns_empty_list": gives([]),
    "returns_empty_dict": gives({}),
    "returns_nested": lambda m, v: {"loss": {"loss": kl(m, v).sum()}},
    "returns_tuple": lambda m, v: (kl(m, v).sum(), m),
    "returns_dict": lambda m, v: Holder(loss=kl(m, v).sum()),
    "returns_evil": gives(Evil()),
    "returns_class": gives(Evil),
    "returns_itself": lambda m, v: m,
    "returns_parameter": gives(nn.Parameter(torch.ones(()))),
    "returns_module": gives(nn.Linear(2, 2)),
    "returns_function": gives(kl),
    "returns_set": lambda m, v: {kl(m, v).sum()},
    "coroutine": lambda m, v: asyncio.run(coroutine(m, v)),
    "coroutine_not_awaited": coroutine,
    "generator": generator,
    "raises": raises(ValueError("mine")),
    "raises_silently": raises(Silent()),
    "raises_key": raises(KeyError("mine")),
    "raises_assertion": raises(AssertionError()),
    "raises_stop": raises(StopIteration()),
    "raises_exit": raises(SystemExit(1)),
    "raises_generator_exit": raises(GeneratorExit()),
    "raises_base": raises(BaseException("mine")),
    "raises_memory": raises(MemoryError()),
    "raises_recursion": recursive,
    "raises_overflow": lambda m, v: kl(m, v).sum() * math.exp(1000),
    "raises_division": lambda m, v: kl(m, v).sum() * (1 / 0),
    "raises_group": raises(ExceptionGroup("both", [ValueError("one"), KeyError("two")])),
    "wrong_shapes": lambda m, v: m @ v,
    "wrong_dtype": lambda m, v: F.nll_loss(m, m),
    "laplace_kl": lambda m, v: kl_divergence(Laplace(m, v.exp()), Laplace(0 * m, 1 + 0 * v)).sum(),
    "independent_kl": lambda m, v: kl_divergence(
        Independent(Normal(m, (v / 2).exp()), 1), Independent(Normal(torch.zeros_like(m), torch.ones_like(v)), 1)
    ).sum(),
    "sorted": lambda m, v: m.sort(1).values.sum(),
    "top_two": lambda m, v: m.topk(2, 1).values.sum(),
    "unique": lambda m, v: torch.unique(m).sum(),
    "nonzero": lambda m, v: m[m > 0].sum(),
    "cumulative": lambda m, v: m.cumsum(1).sum() + m.cumprod(1).sum(),
    "determinant": lambda m, v: torch.linalg.slogdet(m.T @ m + torch.eye(m.shape[1], dtype=m.dtype)).logabsdet,
    "singular_values": lambda m, v: torch.linalg.svdvals(m).sum(),
    "eigenvalues": lambda m, v: torch.linalg.eigvalsh(m.T @ m).sum(),
    "inverse": lambda m, v: torch.linalg.pinv(m).sum(),
    "einsum": lambda m, v: torch.einsum("bi,bj->ij", m, v).sum(),
    "outer_difference": lambda m, v: (m[:, None] - m[None, :]).pow(2).sum(),
    "rolled": lambda m, v: kl(m.roll(1, 0), v.flip(1)).sum(),
    "strided": lambda m, v: m[::2, ::2].sum(),
    "diagonal": lambda m, v: (m.T @ m).diagonal().sum(),
    "as_strided": lambda m, v: m.contiguous().as_strided((2, 2), (1, 2)).sum(),
    "unfolded": lambda m, v: m.unfold(1, 2, 1).sum(),
    "folded": lambda m, v: F.pixel_shuffle(m.reshape(-1)[:4].reshape(1, 4, 1, 1), 2).sum(),
    "interpolated": lambda m, v: F.interpolate(m[None], scale_factor=2).sum(),
    "embedded": lambda m, v: F.embedding((m > 0).long(), torch.eye(2, dtype=m.dtype)).sum(),
    "scattered": lambda m, v: torch.zeros_like(m).scatter_add(1, (m > 0).long(), kl(m, v)).sum(),
    "bincount": lambda m, v: torch.bincount((m > 0).long().flatten()).double().sum(),
    "histogram": lambda m, v: torch.histc(m.detach(), 4).sum(),
    "quantile": lambda m, v: m.quantile(0.3) + m.median() + m.std() + m.var(),
    "special": lambda m, v: (torch.special.i0e(m) + torch.erf(v) + torch.digamma(m.exp())).sum(),
    "erfinv": lambda m, v: torch.erfinv(torch.tanh(m)).sum(),
    "gamma": lambda m, v: torch.lgamma(m.exp()).sum() + torch._standard_gamma(m.exp()).sum(),
    "angles": lambda m, v: (torch.sin(m) + torch.atan2(m, v) + torch.cos(v)).sum(),
    "rounded": lambda m, v: (m.round() + v.floor() + m.sign() + v.frac()).sum(),
    "bucketed": lambda m, v: torch.bucketize(m, torch.linspace(-1, 1, 4, dtype=m.dtype)).double().sum(),
    "compared": lambda m, v: (m > v).double().sum() + torch.maximum(m, v).sum(),
    "dropped": lambda m, v: F.dropout(kl(m, v), 0.5).sum(),
    "layer_norm": lambda m, v: F.layer_norm(m, m.shape[1:]).sum(),
    "batch_norm": lambda m, v: F.batch_norm(m, None, None, training=True).sum(),
    "attention": lambda m, v: F.scaled_dot_product_attention(m[None], v[None], m[None]).sum(),
    "convolved": lambda m, v: F.conv1d(m[:, None], torch.ones(1, 1, 2, dtype=m.dtype)).sum(),
    "recurrent": lambda m, v: nn.GRU(m.shape[1], 2).to(m.dtype)(m[None])[0].sum(),
    "softmax": lambda m, v: m.softmax(1).mul(v.log_softmax(1)).sum(),
    "cross_entropy": lambda m, v: F.cross_entropy(m, v.argmax(1)),
    "ctc": lambda m, v: F.ctc_loss(m[:, None].log_softmax(2), torch.ones(1, 1).long(), (len(m),), (1,)),
    "huber": lambda m, v: F.huber_loss(m, v) + F.smooth_l1_loss(m, v) + F.kl_div(m, v.exp()),
    "margin": lambda m, v: F.triplet_margin_loss(m, v, -m) + F.cosine_embedding_loss(m, v, torch.ones(len(m))),
    "numpy_inside": lambda m, v: kl(m, v).sum() + float(np.mean(m.detach().numpy())),
    "python_random": lambda m, v: kl(m, v).sum() * random.random(),
    "value_branch": lambda m, v: kl(m, v).sum() if m.sum() > 0 else kl(v, m).sum(),
    "item_inside": lambda m, v: kl(m, v).sum() * m.mean().item(),
    "list_inside": lambda m, v: torch.tensor(m.tolist(), dtype=m.dtype).sum(),
    "detached": lambda m, v: kl(m.detach(), v.detach()).sum(),
    "no_grad": torch.no_grad()(lambda m, v: kl(m, v).sum()),
    "inference": torch.inference_mode()(lambda m, v: kl(m, v).sum()),
    "no_grad_in_place": lambda m, v: m.detach().clone().mul_(2).add_(v.detach()).sum(),
    "vmapped": lambda m, v: torch.func.vmap(kl)(m, v).sum(),
    "functional_gradient": lambda m, v: torch.func.grad(lambda t: kl(t, v).sum())(m).sum(),
    "jacobian": lambda m, v: torch.autograd.functional.jacobian(lambda t: kl(t, v).sum(0), m).sum(),
    "checkpointed": lambda m, v: torch.utils.checkpoint.checkpoint(kl, m, v, use_reentrant=False).sum(),
    "autocast": lambda m, v: torch.autocast("cpu", torch.bfloat16)(kl)(m, v).sum(),
    "nested": lambda m, v: torch.nested.nested_tensor([m, v]).to_padded_tensor(0.0).sum(),
    "named": lambda m, v: m.detach().rename("B", "L").sum("L").rename(None).sum(),
    "expanded": lambda m, v: m[:1].expand(3, -1).sum() + m.mean().expand(4).sum(),
    "permuted": lambda m, v: m.T.reshape(-1).view(-1, 1).squeeze().sum(),
    "flat_chunks": lambda m, v: sum(c.sum() for c in torch.cat([m, v], 1).flatten().chunk(4)),
    "stacked": lambda m, v: torch.stack([m, v]).prod(0).sum() + torch.hstack([m, v]).sum(),
    "extrema": lambda m, v: m.max() + v.min() + m.amax(1).sum() + m.norm() + m.norm(p=3, dim=1).sum(),
    "a_lone_parameter": lambda m, v: nn.Parameter(torch.ones(3)).sum(),
    "resized": lambda m, v: m.detach().clone().resize_(2, 2).sum(),
    "by_reference": lambda m, v: (
        torch.add(m, v, out=torch.empty_like(m).detach()).sum() if not m.requires_grad else m.sum()
    ),
}
ONE = (
    *(
        "exp",
        "log",
        "tanh",
        "sigmoid",
        "abs",
        "sqrt",
        "square",
        "neg",
        "relu",
        "sin",
        "erf",
        "lgamma",
        "log1p",
        "expm1",
    ),
    *("round", "sign", "reciprocal", "rsqrt", "digamma", "sinc", "logit", "nan_to_num", "isnan", "long", "double", "t"),
    *(
        "flatten",
        "sort",
        "cumsum0",
        "softmax1",
        "logsumexp1",
        "mean1",
        "sum0",
        "max",
        "argmax",
        "half",
        "detach",
        "clone",
    ),
    *(
        "std",
        "var0",
        "unsqueeze0",
        "squeeze",
        "flip0",
        "roll1",
        "norm",
        "prod",
        "amin",
        "conj",
        "bool",
        "float",
        "tril",
    ),
)
TWO = (
    *("add", "sub", "mul", "div", "maximum", "pow", "atan2", "fmod", "logaddexp", "xlogy", "dot", "matmul", "gt", "eq"),
    *("cat", "stack", "where", "lerp", "addcmul", "outer", "cdist", "copysign", "heaviside", "floor_divide", "hypot"),
)


def _apply(name: str, value: Any, other: Any) -> Any:
    if name == "cat":
        return torch.cat([value, other])
    if name == "stack":
        return torch.stack([value, other])
    if name == "where":
        return torch.where(value > 0, value, other)
    if name == "lerp":
        return torch.lerp(value, other, 0.3)
    if name == "addcmul":
        return torch.addcmul(value, value, other)
    if name in TWO:
        return getattr(torch, name)(value, other)
    if name[-1].isdigit() and name not in ("log1p", "expm1"):
        function, number = getattr(torch, name[:-1], None) or getattr(Tensor, name[:-1]), int(name[-1])
        return function(value, (number,)) if name == "flip0" else function(value, number)
    value = getattr(value, name)()
    return value[0] if isinstance(value, tuple) else value


def program(seed: int) -> Odd:
    """A chain of operations at random; one that torch refuses is left out."""
    choice = random.Random(seed)
    steps = [
        (choice.choice(ONE if choice.random() < 0.6 else TWO), choice.random()) for _ in range(choice.randint(2, 9))
    ]

    def function(mu, logvar):
        values = [mu, logvar]
        for name, place in steps:
            try:
                made = _apply(name, values[-1], values[int(place * len(values))])
            except (RuntimeError, TypeError, IndexError, NotImplementedError):
                continue
            values.append(made)
        return values[-1].sum() if choice.random() < 2 else values[-1]

    function.__name__ = f"program_{seed}"
    return function


def programs(count: int, first: int = 0) -> Iterator[tuple[str, Odd]]:
    for seed in range(first, first + count):
        yield f"program_{seed}", program(seed)
