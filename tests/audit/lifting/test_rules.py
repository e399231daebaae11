"""Each rule by which an operation is read: the formula has the values that torch gives."""

import pytest
import torch
import torch.nn.functional as F

from vaelid.auditor.lifting.draw_laws import RANDOM
from vaelid.auditor.lifting.rules import RULES as READ

from .read import check, read

LABELS = torch.tensor([4, 0, 2])

RULES = {
    "add": lambda a, b: torch.add(a, b, alpha=3) + 2,
    "sub": lambda a, b: torch.sub(a, b, alpha=3) - 0.25,
    "rsub": lambda a, b: torch.rsub(a, b, alpha=3) + (1 - a),
    "mul": lambda a, b: 3 * a * b,
    "div": lambda a, b: a / b / 7,
    "neg": lambda a, b: -a,
    "exp": lambda a, b: torch.exp(a),
    "expm1": lambda a, b: torch.expm1(a),
    "log": lambda a, b: torch.log(a),
    "log1p": lambda a, b: torch.log1p(a),
    "sqrt": lambda a, b: torch.sqrt(a),
    "rsqrt": lambda a, b: torch.rsqrt(a),
    "half power": lambda a, b: a**0.5,
    "reciprocal": lambda a, b: torch.reciprocal(a),
    "square": lambda a, b: torch.square(a),
    "power": lambda a, b: a**3 + a**-2 + a**0,
    "sigmoid": lambda a, b: torch.sigmoid(a - b),
    "softplus": lambda a, b: torch.nn.functional.softplus(a - b),
    "tanh": lambda a, b: torch.tanh(a - b),
    "cosh and sinh": lambda a, b: torch.cosh(a - b) + torch.sinh(a) * b,
    "abs": lambda a, b: torch.abs(a - b),
    "ones": lambda a, b: torch.ones_like(a) + a.new_ones(3, 5) + torch.ones(3, 5, dtype=torch.float64),
    "zeros": lambda a, b: torch.zeros_like(a) + a.new_zeros(3, 5) + b,
    "full": lambda a, b: torch.full_like(a, 0.1) + a.new_full((3, 5), 3) + torch.full((3, 5), 2.5),
    "fill": lambda a, b: a + torch.empty_like(a).fill_(4),
    "zero": lambda a, b: a + torch.empty_like(a).zero_(),
    "tensor of a number": lambda a, b: a * torch.tensor(0.3, dtype=torch.float64),
    "in place": lambda a, b: a.exp().add_(b).mul_(2).sub_(1).neg_().div_(3),
    "out": lambda a, b: torch.mul(a, b, out=torch.empty_like(a)),
    "clone": lambda a, b: a.clone().contiguous() + b.detach(),
    "sum": lambda a, b: a.sum() + b.sum(),
    "sum of rows": lambda a, b: (a * b).sum(1),
    "sum of columns": lambda a, b: (a * b).sum(dim=0),
    "sum kept": lambda a, b: a - b.sum(-1, keepdim=True),
    "sum of both": lambda a, b: (a * b).sum((0, 1)),
    "mean": lambda a, b: a.mean() * b.mean(0),
    "mean kept": lambda a, b: a * b.mean(1, True),
    "transpose": lambda a, b: (a.t() * b.transpose(0, 1)).t(),
    "permute": lambda a, b: a.unsqueeze(0).permute(2, 0, 1).sum(0).squeeze(0),
    "flat": lambda a, b: (a.reshape(-1) * b.flatten()).view(3, 5),
    "flip": lambda a, b: (a.flip(1) * b.flip(-1)).sum() + a.flip(0, 1).flip((0, 1)).exp().sum(1).mean(),
    "a place from the end": lambda a, b: a.flip(1)[:, 1] + b.flip(0)[0].sum() + a.flip(1).select(1, -1),
    "squeeze": lambda a, b: a.unsqueeze(1).squeeze(1) + b[None].squeeze(0),
    "expand": lambda a, b: a.sum(1, keepdim=True).expand(3, 5) * b,
    "expand by a new dimension": lambda a, b: a.sum(0).expand(3, 5) * b,
    "a clamp that does nothing": lambda a, b: a.clamp(-5, 5) + b.clamp_min(0),
}


MORE = {
    "slice": lambda a, b: a[:, 1:4] * b[:, :3],
    "select": lambda a, b: a[1] + b[:, 2].sum(),
    "chunk": lambda a, b: a.split(2, 1)[0] - b.split(2, 1)[1],
    "unbind": lambda a, b: a.unbind(0)[2] * b.unbind(0)[0],
    "stack": lambda a, b: torch.stack([a, b, a * b]).mean(0),
    "cat": lambda a, b: torch.cat([a, 2 * b]).sum(),
    "repeat": lambda a, b: (a.repeat(4, 1, 1) * b).sum(0),
    "outer difference": lambda a, b: (a.unsqueeze(1) - b.unsqueeze(0)).square().sum(),
    "log sum exp": lambda a, b: torch.logsumexp(a - b, 1),
    "softmax": lambda a, b: a.softmax(1) * b.log_softmax(0),
    "norm": lambda a, b: torch.linalg.vector_norm(a - b, dim=1),
    "dot": lambda a, b: torch.dot(a.flatten(), b.flatten()),
    "smooth losses": lambda a, b: (
        torch.nn.functional.smooth_l1_loss(a, b)
        + torch.nn.functional.smooth_l1_loss(a, b, beta=0.25, reduction="sum")
        + torch.nn.functional.smooth_l1_loss(a, b, beta=0)
        + torch.nn.functional.huber_loss(a, b, delta=0.5, reduction="none").sum()
        + torch.nn.functional.huber_loss(2 * a, b)
    ),
    "losses": lambda a, b: torch.nn.functional.mse_loss(a, b) + torch.nn.functional.l1_loss(a, b, reduction="sum"),
    "cross entropy": lambda a, b: torch.nn.functional.binary_cross_entropy(a / 2, b / 2, reduction="none"),
    "with logits": lambda a, b: torch.nn.functional.binary_cross_entropy_with_logits(a, b, reduction="sum"),
    "classes": lambda a, b: torch.nn.functional.cross_entropy(a, torch.tensor([4, 0, 2])) + b.sum(),
    "a clamp that does something": lambda a, b: a.clamp(0.5, 1.5) + torch.maximum(a, b) - torch.relu(a - b),
    "lerp and addcmul": lambda a, b: torch.lerp(a, b, 0.3) + torch.addcmul(a, b, b, value=2),
    "log of sigmoid": lambda a, b: torch.nn.functional.logsigmoid(a - b),
    "lgamma": lambda a, b: torch.lgamma(a) + torch.xlogy(a, b),
    "a copy into a view": lambda a, b: torch.zeros_like(a).copy_(a).mul_(b),
    "logs of other bases": lambda a, b: torch.log2(a) + torch.log10(b),
    "logit and silu": lambda a, b: torch.logit(a / 2) * F.silu(b),
    "log add exp": lambda a, b: torch.logaddexp(a, b),
    "extrema of two": lambda a, b: torch.maximum(a, b) * torch.minimum(a, b),
    "where": lambda a, b: torch.where(torch.tensor(True), a, b),
    "addcdiv": lambda a, b: torch.addcdiv(a, b, a + 1, value=0.5),
    "a power of a number": lambda a, b: 2**a + torch.pow(0.5, b),
    "softplus of a slope": lambda a, b: F.softplus(a - b, beta=3),
    "hardtanh": lambda a, b: F.hardtanh(a) + F.hardtanh(b, -0.5, 0.7) + F.hardtanh(a * b, 0.5, 2),
    "clamps of one side": lambda a, b: a.clamp(min=0.5) + b.clamp(max=1) + a.clamp_max(0.9) + b.clamp_min(0.9),
    "clamp by tensors": lambda a, b: a.clamp(b - 0.2, b + 0.2),
    "relu6": lambda a, b: F.relu6(a - b),
    "division without rounding": lambda a, b: torch.div(a, b),
    "new tensors": lambda a, b: a.new_full((3, 5), 0.5) * torch.full_like(b, 2) + torch.scalar_tensor(3.0),
    "an unsqueezed transpose": lambda a, b: a.unsqueeze(-1).transpose(0, -2).squeeze(-1).t() + b,
    "a number transposed": lambda a, b: a.sum().transpose(0, 0) * b,
    "narrow": lambda a, b: a.narrow(1, 1, 2) + b.narrow(1, -2, 2),
    "a slice from the end": lambda a, b: a[:, -3:-1] * b[:, :2],
    "split into unequal parts": lambda a, b: a.split([1, 4], 1)[1] + b.split([4, 1], 1)[0],
    "cat of rows": lambda a, b: torch.cat([a, b, a * b], 0).square().mean(),
    "cat along a dimension that stays": lambda a, b: torch.cat([a, b], 1).exp().sum(1).sum(),
    "one tensor joined": lambda a, b: torch.cat([a], 0) + b,
    "a column of what was joined": lambda a, b: torch.cat([a, 2 * b], 1)[:, 7] + torch.cat([a, b[:, :1]], 1)[:, 5],
    "columns of what was joined": lambda a, b: torch.cat([a, 2 * b], 1)[:, 6:9] * a[:, :3],
    "one by one what was joined": lambda a, b: sum(c.exp() for c in torch.cat([a[:, :2], b[:, 1:]], -1).unbind(-1)),
    "stack picked from": lambda a, b: torch.stack([a, b])[1] * a,
    "stack of the last dimension": lambda a, b: torch.stack([a, b], -1).sum(-1),
    "a product of few": lambda a, b: a[:, :3].prod(1) + b[:, :2].prod(1),
    "extrema of few": lambda a, b: a[:, :3].amax(1) + b[:, :4].amin(1) + a[:2, 0].max() - b[:3, 1].min(),
    "an extremum that stays": lambda a, b: a[:, :2].amax(1, keepdim=True) + b,
    "gather": lambda a, b: a.gather(1, LABELS[:, None]).squeeze(1) + b.sum(1),
    "classes of one row": lambda a, b: F.cross_entropy(a[0], LABELS[1]) + b.sum(),
    "classes summed": lambda a, b: F.nll_loss(a, LABELS, reduction="sum") * b.mean(),
    "classes each": lambda a, b: F.nll_loss(a, LABELS, reduction="none") + b.sum(1),
    "classes of images": lambda a, b: F.nll_loss(a[:, :, None, None], LABELS[:, None, None]) + b.sum(),
    "rows of dots": lambda a, b: torch.einsum("bi,bi->b", a, b),
    "vdot": lambda a, b: torch.vdot(a[0], b[1]),
    "log sum exp kept": lambda a, b: a - torch.logsumexp(a, 1, keepdim=True) + b,
    "norm of all": lambda a, b: torch.linalg.vector_norm(a) * b,
    "weighted cross entropy": lambda a, b: F.binary_cross_entropy(a / 2, b / 2, weight=b, reduction="sum"),
    "weighted logits": lambda a, b: F.binary_cross_entropy_with_logits(a, b / 2, weight=a),
    "a comparison": lambda a, b: a * (b.sum() > 1) + b * (b.sum() < 1),
    "weighed by 0": lambda a, b: 0 * a.cumsum(0) + b,
    "float to double": lambda a, b: a.to(torch.float64) + b.double(),
    "reshaped to three": lambda a, b: (a.reshape(3, 5, 1) + b.view(3, 1, 5).transpose(1, 2)).sum(2),
    "copied in place": lambda a, b: torch.empty(3, 5, dtype=torch.float64).copy_(a[0]) + b,
}


@pytest.mark.every(2)
@pytest.mark.parametrize("name", [*RULES, *MORE])
def test_the_formula_has_the_values_that_torch_gives(name):
    reading = check((RULES | MORE)[name])
    assert set(reading.result.leaves) <= {"a", "b", "onehot1"}


def test_classes_that_are_ignored_are_masked():
    labels = torch.tensor([4, -100, 2])
    for reduction in ("mean", "sum", "none"):
        reading = check(lambda a, b, how=reduction: F.cross_entropy(a, labels, reduction=how))
        mask = reading.leaves["mask1"]
        assert (mask.kind, mask.is_mask, mask.tensor.tolist()) == ("made", True, [1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (lambda a, b: (a @ b.t()).sum(), "mm"),
        (lambda a, b: a.cumsum(0).sum(), "cumsum"),
        (lambda a, b: a[[2, 0]].sum(), "index"),
        (lambda a, b: a.t().reshape(a.shape).sum(), "_unsafe_view (a reshape that mixes axes)"),
        (lambda a, b: a.round().sum(), "round"),
        (lambda a, b: torch.div(a, b, rounding_mode="floor").sum(), "div (a division that rounds)"),
        (lambda a, b: (a**b).sum(), "pow (a power whose exponent is a tensor)"),
        (lambda a, b: a[:, ::2].sum(), "slice (a slice with a step)"),
        (lambda a, b: a.flip(1)[:, 1:].sum(), "slice (a part of an axis that is read from its end)"),
        (lambda a, b: (a.flip(1) * b).sum(), "mul (places from the end beside places from the start)"),
        (lambda a, b: (a.flip(1) * torch.arange(5.0)).sum(), "mul (places from the end beside places from the start)"),
        (lambda a, b: a.flip(0).view(15)[:6].sum(), None),
        (lambda a, b: torch.linalg.vector_norm(a, 1), "linalg_vector_norm (a norm of order 1)"),
        (lambda a, b: a.prod(), "prod (a product or extremum of many elements)"),
        (lambda a, b: a.max(1)[0].sum(), "max (it has several results)"),
        (lambda a, b: torch.einsum("bi,bj->bij", a, b).sum(), None),
        (lambda a, b: a.gather(1, LABELS[:, None].expand(3, 2)).sum(), "gather (several elements picked along"),
        (lambda a, b: torch.erfinv(a / 2).sum(), "erfinv"),
        (lambda a, b: torch.where(a > b, a, b).sum(), None),
    ],
)
def test_what_has_no_rule_is_a_leaf_that_remembers(function, operation):
    reading, _ = read(function)
    if operation is None:  # read, or cut before
        return
    (leaf,) = (reading.leaves[name] for name in reading.result.leaves)
    assert leaf.operation.startswith(operation)
    assert "a" in leaf.inputs


# every operation that the audit knows of
KNOWN = """
clone detach alias lift_fresh contiguous positive neg exp log square sqrt rsqrt reciprocal expm1 log1p log2 log10
sigmoid logit silu softplus log_sigmoid_forward relu abs cosh sinh tanh lgamma add sub rsub mul div maximum minimum
xlogy logaddexp lerp where ones ones_like new_ones zeros zeros_like new_zeros zero full full_like fill new_full
scalar_tensor randn randn_like normal normal_functional rand rand_like uniform erfinv _to_copy addcmul addcdiv pow
clamp hardtanh clamp_min clamp_max bmm tril diag_embed eye diagonal linalg_cholesky_ex linalg_solve_triangular
dot vdot sum mean logsumexp linalg_vector_norm prod amax amin max min
eq ne gt lt ge le _softmax _log_softmax mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
binary_cross_entropy_with_logits gather
nll_loss_forward nll_loss2d_forward split split_with_sizes chunk unbind unsafe_split slice select narrow cat stack
view _unsafe_view reshape unsqueeze squeeze flatten _reshape_alias t transpose permute numpy_T flip expand repeat copy
masked_fill index_put index masked_select bitwise_not logical_not bitwise_and logical_and
"""
OF_OTHER_LAWS = """
bernoulli exponential cauchy log_normal geometric multinomial randperm randint random poisson _standard_gamma
native_dropout binomial _sample_dirichlet
"""


def test_every_operation_that_was_read_is_read_and_no_other():
    assert set(READ) == set(KNOWN.split())


def test_every_draw_is_known_to_be_one():
    laws = {"randn", "randn_like", "normal", "normal_functional", "rand", "rand_like", "uniform"}
    assert set(OF_OTHER_LAWS.split()) | laws == RANDOM
    assert laws <= set(READ)
    assert not set(OF_OTHER_LAWS.split()) & set(READ)
