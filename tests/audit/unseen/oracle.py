"""The truths checked by numbers, without vaelid: torch.distributions, random weights, least squares.

A loss is compared with its reference at some random weights: values are fitted by a NLL + b KL + c, gradients by
a grad NLL + b grad KL. `check` says in words what came out, and whether it is what the truth needs.
"""

import math
from dataclasses import dataclass

import torch
from tests.default_dtype import default_dtype
from torch import Tensor, nn

from .case import Built, Unseen, normal_kl

TRIALS = 10
SAMPLES = 60_000


@dataclass(frozen=True)
class Checked:
    """What the numbers say.

    Attributes:
        agrees: with the truth; None where nothing was checked.
        words: what was found.
    """

    agrees: bool | None
    words: str


def check(case: Unseen) -> Checked:
    """Is the truth of this case that of the numbers?"""
    with default_dtype(torch.float64):
        single = case.build().single
    with default_dtype(torch.float32 if single else torch.float64):
        built = case.build()
        if case.door == "audit_sampler":
            return _sampler(case, built)
        if case.door == "audit_kl":
            built = _kl_as_loss(built)
        elif built.reference is None:
            return Checked(None, "by argument only")
        return _loss(case, built)


def _std(scale: str, second: Tensor) -> Tensor:
    return {"std": lambda t: t, "var": torch.sqrt, "logstd": torch.exp}.get(scale, lambda t: t.mul(0.5).exp())(second)


def _second(scale: str, *shape: int) -> Tensor:
    free = torch.randn(*shape)
    return free.exp() if scale in ("std", "var") else free


def _kl_as_loss(built: Built) -> Built:
    return Built(
        lambda mu, second: built.target(mu, second).sum(),
        reference=lambda mu, second: (torch.tensor(0.0), normal_kl(mu, _std(built.scale, second))),
        inputs=lambda: (torch.randn(5, 3), _second(built.scale, 5, 3)),
    )


def _scalar(result) -> Tensor:
    if isinstance(result, dict):
        result = result["loss"]
    return result.sum()


def _leaves(built: Built) -> list[Tensor]:
    leaves = []
    for weight in built.weights:
        leaves += list(weight.parameters()) if isinstance(weight, nn.Module) else [weight]
    return [leaf for leaf in leaves if leaf.requires_grad]


def _gradient(value: Tensor, leaves: list[Tensor]) -> Tensor:
    if not value.requires_grad:
        return torch.cat([torch.zeros_like(leaf).flatten() for leaf in leaves])
    found = torch.autograd.grad(value, leaves, allow_unused=True, retain_graph=True)
    return torch.cat([(torch.zeros_like(a) if g is None else g).flatten() for a, g in zip(leaves, found, strict=True)])


def _loss(case: Unseen, built: Built) -> Checked:
    values, gradients = [], []
    leaves = _leaves(built)
    start = [leaf.detach().clone() for leaf in leaves]
    for trial in range(TRIALS):
        torch.manual_seed(1000 + trial)
        if built.inputs is not None:
            arguments = built.inputs()
            leaves = [a.requires_grad_() for a in arguments if a.is_floating_point()]
        else:
            arguments = (built.batch,)
            for leaf, at in zip(leaves, start, strict=True):
                leaf.data = at + 0.15 * torch.randn_like(at)
                leaf.grad = None
        torch.manual_seed(trial)
        nll, kl = built.reference(*arguments)
        wanted = [_gradient(term, leaves) for term in (nll, kl)]
        torch.manual_seed(trial)
        loss = _scalar(built.target(*arguments))
        values.append([loss.item(), nll.item(), kl.item(), 1.0])
        if built.gradient:
            own = [leaf.grad for leaf in leaves]
            if any(g is not None for g in own):  # the step goes back by itself
                zero = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, own, strict=True)]
                gradients.append(torch.stack([torch.cat([g.flatten() for g in zero]), *wanted], 1))
            else:
                gradients.append(torch.stack([_gradient(loss, leaves), *wanted], 1))
    if built.unbiased:
        return _mean_gradient(built, leaves)
    of_values = _fit(torch.tensor(values), constant=True)
    of_gradients = _fit(torch.cat(gradients), constant=False) if built.gradient else None
    return _words(case, of_values, of_gradients, 1e-2 if built.single else 1e-5)


def _mean_gradient(built: Built, leaves: list[Tensor], draws: int = 4000) -> Checked:
    """Is the gradient unbiased? The means of both, over different noise, within 5 standard errors of each other."""
    both = []
    for of, seed in ((lambda: _scalar(built.target(built.batch)), 1), (lambda: sum(built.reference(built.batch)), 2)):
        torch.manual_seed(seed)
        each = torch.stack([_gradient(of(), leaves) for _ in range(draws)])
        both.append((each.mean(0), each.std(0) / math.sqrt(draws)))
    (one, error), (two, other) = both
    two, other = two / len(built.batch), other / len(built.batch)
    worst = ((one - two).abs() / (error**2 + other**2).sqrt().clamp(min=1e-12)).max().item()
    return Checked(worst < 5, f"mean gradients over {draws} draws differ by {worst:.1f} standard errors at most")


@dataclass(frozen=True)
class Fit:
    """a NLL + b KL + c, and what is left of the variance, relative."""

    a: float
    b: float
    left: float


def _fit(table: Tensor, constant: bool) -> Fit:
    table = table.double()
    target, terms = table[:, 0], table[:, 1:]
    used = [i for i in range(terms.shape[1]) if terms[:, i].abs().max() > 1e-12]
    found = torch.linalg.lstsq(terms[:, used], target[:, None], driver="gelsd").solution[:, 0]
    left = target - terms[:, used] @ found
    spread = target - target.mean() if constant else target
    weights = dict(zip(used, found.tolist(), strict=True))
    return Fit(weights.get(0, 0.0), weights.get(1, 0.0), (left.norm() / spread.norm()).item())


def _words(case: Unseen, values: Fit, gradients: Fit | None, tolerance: float) -> Checked:
    same_value = values.left < tolerance
    same_gradient = gradients is None or gradients.left < tolerance
    fits = [fit for fit, same in ((values, same_value), (gradients, same_gradient)) if fit is not None and same]
    betas = [fit.b / fit.a if fit.a else math.inf for fit in fits]
    found = f"values {'fit' if same_value else f'do not fit ({values.left:.1e})'}"
    if gradients is not None:
        found += f", gradients {'fit' if same_gradient else f'do not fit ({gradients.left:.1e})'}"
    if any(fit.b for fit in fits) and any(fit.a for fit in fits):
        found += ", beta " + " and ".join(f"{beta:.6g}" for beta in betas)
    if case.truth == "PROVED":
        if case.name == "iwae_by_detached_normalised_weights":
            return Checked(same_gradient, found)
        wanted = case.beta is None or case.door == "audit_kl"
        right_beta = wanted or all(math.isclose(beta, case.beta, rel_tol=1e-4) for beta in betas)
        return Checked(same_value and same_gradient and right_beta, found)
    differs = not same_value or not same_gradient or any(not beta > 0 for beta in betas)
    differs |= len(betas) == 2 and not math.isclose(*betas, rel_tol=1e-3)
    if "beta" in case.declare:
        declared = case.declare["beta"]
        differs |= any(not math.isclose(beta, declared, rel_tol=1e-4) for beta in betas)
    return Checked(differs, found)


def _sampler(case: Unseen, built: Built) -> Checked:
    """Many draws of a few rows: moments, dependence between rows and coordinates, dz/dmu and dz/dstd."""
    torch.manual_seed(0)
    mu, second = torch.randn(2, 3), _second(built.scale, 2, 3)
    std = _std(built.scale, second)
    eps = torch.stack([(built.target(mu, second) - mu) / std for _ in range(SAMPLES // 3)]).flatten(1).detach()
    faults = []
    if (eps.mean(0).abs() > 0.05).any():
        faults.append("mean")
    if ((eps.var(0) - 1).abs() > 0.05).any():
        faults.append("variance")
    if ((eps.pow(4).mean(0) - 3).abs() > 0.4).any():
        faults.append("fourth moment")
    if ((torch.corrcoef(eps.T) - torch.eye(6)).abs() > 0.05).any():
        faults.append("dependence")
    leaf, other = mu.clone().requires_grad_(), second.clone().requires_grad_()
    z = built.target(leaf, other)
    if not z.requires_grad:
        faults.append("no gradient")
    else:
        of_mu, of_second = torch.autograd.grad(z.sum(), [leaf, other], allow_unused=True)
        if of_mu is None or not torch.allclose(of_mu, torch.ones_like(of_mu)):
            faults.append("gradient of the mean")
        again = other.detach().clone().requires_grad_()
        slope = torch.autograd.grad(_std(built.scale, again).sum(), again)[0]
        wanted = ((z - leaf) / std).detach() * slope
        if of_second is None or not torch.allclose(of_second, wanted):
            faults.append("gradient of the deviation")
    words = "draws and gradients as they should be" if not faults else "wrong: " + ", ".join(faults)
    return Checked((not faults) == (case.truth == "PROVED"), words)
