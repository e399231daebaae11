"""Operations are registered, once each; a user's own rule is used, named and compared."""

import pytest
import torch

from vaelid.auditor import audit_loss
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import root
from vaelid.auditor.lifting import registry
from vaelid.auditor.lifting.operands import operands
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.rules import RULES
from vaelid.readings.terms.namespace import NAMESPACE as xp

from .read import check, read


@pytest.fixture(autouse=True)
def _no_rule_stays(monkeypatch):
    monkeypatch.setattr(registry, "_RULES", known := dict(registry._RULES))
    monkeypatch.setattr("vaelid.auditor.lifting.lift.RULES", known)


def hypotenuse(reader, event):
    """The rule of the head of `registry.py`."""
    x, y = operands(reader, event, 2)
    return pointwise(reader, event, lambda x, y: root(x**2 + y**2), x, y)


def loss(x_hat, x, mu, std):
    """An ELBO, with an operation in it that is not read."""
    kl = 0.5 * (torch.hypot(mu, std) ** 2 - 1 - 2 * torch.log(std)).sum()
    return 0.5 * ((x_hat - x) ** 2).sum() + kl


def test_a_users_own_rule_is_read_by_and_is_an_assumption():
    reads("hypot")(hypotenuse)
    after = audit_loss(loss)
    assert (after.verdict, after.beta_effective) == ("PROVED", 1)
    (said,) = [line for line in after.assumptions if "hypot" in line]
    assert said == f"the operation hypot is what the rule {__name__}.hypotenuse says: only its values were compared"


def test_without_a_rule_the_operation_is_a_leaf():
    reading, _ = read(lambda a, b: torch.hypot(a, b))
    assert {leaf.operation for leaf in reading.leaves.values()} == {"", "hypot"}
    assert reading.foreign == {}


def test_a_rule_that_says_something_else_is_noticed():
    reads("hypot")(lambda reader, event: pointwise(reader, event, lambda x, y: x + y, *operands(reader, event, 2)))
    report = audit_loss(loss)
    assert report.verdict == "UNKNOWN"
    assert "where the code gave" in report.summary


def test_a_rule_that_does_not_apply_leaves_a_leaf():
    def refuses(reader, event):
        raise Mixed("not today")

    reads("hypot")(refuses)
    reading, _ = read(lambda a, b: torch.hypot(a, b))
    (leaf,) = (reading.leaves[name] for name in reading.result.leaves)
    assert leaf.operation == "hypot (not today)"
    assert reading.foreign == {}


def test_an_operation_of_another_library():
    with torch.library._scoped_library("vaelid_tests", "FRAGMENT") as library:
        library.define("halved_exp(Tensor x) -> Tensor")
        library.impl("halved_exp", lambda x: torch.exp(x / 2), "CompositeExplicitAutograd")
        call = torch.ops.vaelid_tests.halved_exp
        cut, _ = read(lambda a, b: call(a) + b)
        assert {leaf.operation for leaf in cut.leaves.values()} == {"", "vaelid_tests::halved_exp"}

        @reads("vaelid_tests::halved_exp")
        def rule(reader, event):
            return pointwise(reader, event, lambda x: xp.exp(x / 2), *operands(reader, event, 1))

        reading = check(lambda a, b: call(a) + b)
        assert set(reading.result.leaves) == {"a", "b"}
        assert list(reading.foreign) == ["vaelid_tests::halved_exp"]


def test_several_results():
    @reads("aminmax", several=True)
    def both(reader, event):
        low, high = event.made_regions
        (x,) = operands(reader, event, 1)
        assert (low.size, high.size) == ((), ())
        return [pointwise(reader, event, lambda v: v, x)] * 2

    reading, _ = read(lambda a, b: torch.aminmax(a[0, 0])[0] + b)
    assert set(reading.result.leaves) == {"a", "b"}


def test_no_two_functions_read_one_operation():
    reads("hypot")(hypotenuse)
    with pytest.raises(ValueError, match=rf"the operation hypot is read by {__name__}.hypotenuse already"):
        reads("hypot")(hypotenuse)
    with pytest.raises(ValueError, match=r"the operation exp is read by vaelid\.auditor\.lifting\.rules\.elementwise"):
        reads("exp")(hypotenuse)


def test_the_rules_are_vaelids_and_cannot_be_changed_from_outside():
    assert not any(rule.is_foreign for rule in RULES.values())
    assert all(rule.name.startswith("vaelid.auditor.lifting.rules.") for rule in RULES.values())
    with pytest.raises(TypeError):
        RULES["hypot"] = RULES["exp"]
