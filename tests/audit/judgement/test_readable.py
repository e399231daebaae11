"""A formula for its reader is equal to the one that it was, and names only what is exactly that function."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.readable import readable
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.recording.record import record
from vaelid.readings.terms.text import text
from vaelid.theory.export.atoms import unfolded

POINTS = torch.linspace(-2.3, 2.9, 7, dtype=torch.float64)
NAMED = {
    "softplus": (torch.nn.functional.softplus, "softplus(x[i0])"),
    "sigmoid": (torch.sigmoid, "sigmoid(x[i0])"),
    "relu": (torch.relu, None),
    "clamp from below": (lambda x: x.clamp(min=-1.5), "max(x[i0], -3/2)"),
    "clamp from above": (lambda x: x.clamp(max=0.5), "min(x[i0], 1/2)"),
    "clamp": (lambda x: x.clamp(-1, 2), "min(max(x[i0], -1), 2)"),
    "clamp at zero": (lambda x: x.clamp(min=0) + 0 * x, "relu(x[i0])"),
    "root": (lambda x: torch.exp(x).sqrt(), "exp(x[i0] / 2)"),
    "softplus of a sigmoid": (lambda x: torch.nn.functional.softplus(torch.sigmoid(x)), "softplus(sigmoid(x[i0]))"),
    "one as a factor": (lambda x: (1 * x + 0) / 1, "x[i0]"),
    "no softplus": (lambda x: torch.log(torch.exp(x) + 2), "log(exp(x[i0]) + 2)"),
    "no sigmoid": (lambda x: 1 / (2 + torch.exp(-x)), "1 / (exp(−x[i0]) + 2)"),
    "softplus by hand": (lambda x: torch.log(1 + torch.exp(x)), "softplus(x[i0])"),
    "sigmoid by hand": (lambda x: 1 / (1 + torch.exp(-x)), "sigmoid(x[i0])"),
    "no maximum": (lambda x: (x + 1 + (x - 2).abs()) / 2, None),
}


def lifted(function):
    reading = lift(record(function, [POINTS], {"x": POINTS}))
    return reading.result.element.term, reading


@pytest.mark.parametrize("name", NAMED)
def test_known_functions_have_their_names_and_the_values_stay(name):
    function, expected = NAMED[name]
    term, reading = lifted(function)
    shown = readable(term)
    lengths = {f"{letter}{axis}": n for axis, n in enumerate(reading.axes.lengths) for letter in "Ni"}
    found = values_of(shown, {"x": POINTS}, lengths, ("i0",))
    torch.testing.assert_close(found, function(POINTS), rtol=1e-14, atol=1e-14)
    if expected is not None:
        assert text(shown) == expected
    if name == "no maximum":
        assert not {"max", "min", "relu"} & set(text(shown).replace("(", " ").split())


@given(st.lists(st.sampled_from(sorted(NAMED)), min_size=1, max_size=3), st.fractions(-3, 3, max_denominator=8))
def test_compositions_keep_their_values(names, shift):
    def function(x):
        for name in names:
            x = NAMED[name][0](x) + float(shift) * x
        return x

    term, reading = lifted(function)
    lengths = {f"{letter}{axis}": n for axis, n in enumerate(reading.axes.lengths) for letter in "Ni"}
    before, after = (values_of(t, {"x": POINTS}, lengths, ("i0",)) for t in (term, readable(term)))
    torch.testing.assert_close(after, before, rtol=1e-12, atol=1e-12)


def test_a_name_unfolds_to_what_stood_there():
    term, _ = lifted(lambda x: torch.nn.functional.softplus(x).clamp(min=0.25))
    assert unfolded(readable(term)) is term


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * 0.1, "x[b] · 0.1"),
        (lambda x: x - 2.5e-7, "x[b] − 2.5e-07"),
        (lambda x: x + math.log(2 * math.pi), "x[b] + 1.8378770664093453"),
        (lambda x: torch.exp(x * 0 + 0.25) * x / 3, "exp(1/4) · x[b] · (1/3)"),
        (lambda x: x / 128 + 0.5, "x[b] · (1/128) + 1/2"),
        (lambda x: x * -0.1, "x[b] · (-0.1)"),
        (lambda x: (x - 1e-3) / 7, "(x[b] − 0.001) · (1/7)"),
    ],
)
def test_decimals_stand_as_in_the_code(function, expected):
    term, _ = lifted(function)
    assert Names({"B": (0,)}, {}).text(term) == expected
