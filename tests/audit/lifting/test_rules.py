"""Each rule by which an operation is read: the formula has the values that torch gives."""

import pytest
import torch

from vaelid.auditor.formula.in_tensors import array_of
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.recording.record import record

ROWS = torch.linspace(0.2, 1.9, 15, dtype=torch.float64).reshape(3, 5)

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
    "losses": lambda a, b: torch.nn.functional.mse_loss(a, b) + torch.nn.functional.l1_loss(a, b, reduction="sum"),
    "cross entropy": lambda a, b: torch.nn.functional.binary_cross_entropy(a / 2, b / 2, reduction="none"),
    "with logits": lambda a, b: torch.nn.functional.binary_cross_entropy_with_logits(a, b, reduction="sum"),
    "classes": lambda a, b: torch.nn.functional.cross_entropy(a, torch.tensor([4, 0, 2])) + b.sum(),
    "a clamp that does something": lambda a, b: a.clamp(0.5, 1.5) + torch.maximum(a, b) - torch.relu(a - b),
    "lerp and addcmul": lambda a, b: torch.lerp(a, b, 0.3) + torch.addcmul(a, b, b, value=2),
    "log of sigmoid": lambda a, b: torch.nn.functional.logsigmoid(a - b),
    "lgamma": lambda a, b: torch.lgamma(a) + torch.xlogy(a, b),
    "a copy into a view": lambda a, b: torch.zeros_like(a).copy_(a).mul_(b),
}


@pytest.mark.parametrize("name", [*RULES, *MORE])
def test_the_formula_has_the_values_that_torch_gives(name):
    given = {"a": ROWS, "b": ROWS.flip(1).contiguous()}
    recording = record((RULES | MORE)[name], tuple(given.values()), given)
    reading = lift(recording)
    axes = [axis for dim in reading.result.dims for axis in reading.axes.now(dim)]
    sizes = {f"{letter}{axis}": size for axis, size in enumerate(reading.axes.lengths) for letter in "Ni"}
    assert set(reading.result.leaves) <= {"a", "b", "onehot1"}
    arrays = {leaf.name: leaf.tensor.double() for leaf in reading.leaves.values() if leaf.tensor.numel()}
    values = array_of(reading.result.element.term, arrays, sizes, tuple(f"i{axis}" for axis in axes))
    torch.testing.assert_close(values.reshape(recording.returned.shape), recording.returned, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (lambda a, b: (a @ b.t()).sum(), "mm"),
        (lambda a, b: a.cumsum(0).sum(), "cumsum"),
        (lambda a, b: a[[2, 0]].sum(), "index"),
        (lambda a, b: a.t().reshape(a.shape).sum(), "_unsafe_view"),
        (lambda a, b: a.round().sum(), "round"),
    ],
)
def test_what_has_no_rule_is_a_leaf_that_remembers(function, operation):
    given = {"a": ROWS, "b": ROWS.flip(1).contiguous()}
    reading = lift(record(function, tuple(given.values()), given))
    (leaf,) = (reading.leaves[name] for name in reading.result.leaves)
    assert leaf.operation.partition(" ")[0] == operation
    assert "a" in leaf.inputs
