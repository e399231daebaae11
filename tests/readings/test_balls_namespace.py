"""The reading as a value: its precision, its table, and what it leaves untouched."""

import ast
import copy
from operator import attrgetter
from pathlib import Path

import flint
import numpy as np
import pytest

from vaelid import spec
from vaelid.readings.balls import Balls, balls, namespace
from vaelid.readings.errors import ReadingError
from vaelid.spec import InputError, VaelidError


@pytest.fixture(autouse=True)
def _precision_of_arb_is_left_alone():
    before = flint.ctx.prec
    yield
    assert flint.ctx.prec == before


@pytest.mark.parametrize("outside", [20, 53, 300])
@pytest.mark.parametrize("inside", [30, 128, 256])
def test_results_have_the_readings_precision_whatever_arbs_is(outside, inside):
    with flint.ctx.workprec(outside):
        third = balls(1, precision=inside) / 3
        assert inside - 2 <= third.item().rel_accuracy_bits() <= inside + 2
        assert abs(third.namespace.pi.item().rel_accuracy_bits() - inside) <= 2
        assert abs(third.namespace.exp(third).item().rel_accuracy_bits() - inside) <= 3
        assert flint.ctx.prec == outside


def test_more_precision_gives_narrower_balls_that_hold_within_the_wider():
    values = np.linspace(-2, 3, 5)
    wider = None
    for precision in (24, 53, 128, 256):
        x = balls(values, precision=precision)
        kl = spec.diagonal_gaussian_kl_to_standard_sum(x, x)
        if wider is not None:
            assert wider.contains(kl).item()
            assert kl.rad.item() < wider.rad.item() / 1000
        wider = kl


def test_an_error_leaves_arbs_precision_as_it_was():
    with pytest.raises(InputError):
        balls([1], -1, precision=300)
    with pytest.raises(ReadingError):
        balls(np.zeros((2, 3)), precision=300) @ balls(np.zeros((2, 3)), precision=300)
    assert flint.ctx.prec == 53


def test_nothing_is_rounded_to_the_precision_outside():
    with flint.ctx.workprec(2):
        x = balls([0.1, 2**80 + 1])
        assert np.asarray(x.rad).tolist() == [0, 0]
        assert x.contains([0.1, 2**80 + 1]).all()
        assert str(balls(1, 0.25) < 1.125)


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        (1, "precision=1 is not from 2 to 1,000,000 bits."),
        (0, "precision=0 is not from 2 to 1,000,000 bits."),
        (2_000_000, "precision=2000000 is not from 2 to 1,000,000 bits."),
        (True, "precision=True is not a whole number of bits, for instance 128."),
    ],
)
def test_a_precision_that_is_none_is_refused(precision, message):
    with pytest.raises(InputError) as caught:
        Balls(precision)
    assert str(caught.value) == message


def test_readings_are_values():
    assert Balls() == Balls(128)
    assert Balls(64) != Balls(128)
    assert len({Balls(64), Balls(64), Balls(128)}) == 2
    assert repr(Balls(64)) == "Balls(precision=64)"
    assert copy.deepcopy(Balls(64)) == Balls(64)


@pytest.mark.parametrize("name", ["argmax", "float64", "linalg.qr", "random", "softmax"])
def test_an_unknown_operation_is_named_with_the_reading(name):
    with pytest.raises(ReadingError) as caught:
        attrgetter(name)(Balls(128))
    assert isinstance(caught.value, VaelidError)
    assert str(caught.value) == (
        f"the balls reading has no operation {name!r}: no rule encloses it. Write the formula with those that it has "
        "(vaelid.readings.balls.namespace.RULES), or add a rule there."
    )
    assert not hasattr(Balls(128), "argmax")
    assert getattr(Balls(128), "argmax", None) is None


def test_what_the_reading_supplies_it_has():
    assert set(Balls.supplies) <= set(namespace.RULES)


def test_what_the_spec_may_be_supplied_with_is_supplied():
    """What stands behind `may_be_supplied` is written for floats: the reading answers it itself."""
    offered = {
        node.name
        for path in Path(spec.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id == "may_be_supplied" for mark in node.decorator_list)
    }
    assert offered == Balls.supplies
