"""Each rule by which an operation is read: the formula has the values that torch gives."""

import itertools

import pytest
import torch
from flint import fmpq

from vaelid.auditor.old_lift import element_of, lift
from vaelid.auditor.old_record import record
from vaelid.auditor.values import value

LENGTHS = {"B": 3, "L": 5}
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


def exact(tensor):
    return lambda i, j: fmpq(*tensor[i, j].item().as_integer_ratio())


@pytest.mark.parametrize("name", RULES)
def test_the_formula_has_the_values_that_torch_gives(name):
    first, second = ROWS, ROWS.flip(1).contiguous()
    recording, result = record(RULES[name], {"a": first, "b": second})
    reading = lift(recording, LENGTHS, {n: lambda *axes, n=n: element_of(n, *axes) for n in ("a", "b")})
    arrays = {"a": exact(first), "b": exact(second)}
    names = [a.name.lower() for dim in reading.dims for a in dim]
    assert result.shape == torch.Size([LENGTHS[n.upper()] for n in names])
    for index in itertools.product(*map(range, result.shape)):
        sizes = {**LENGTHS, **dict(zip(names, index, strict=True))}
        assert float(value(reading.element, arrays, sizes)) == pytest.approx(float(result[index]), rel=1e-12)
