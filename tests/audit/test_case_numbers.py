"""What the cases say of themselves is what the numbers say; no auditor is asked."""

import pytest
import torch

from .cases import CASES
from .cases.numbers import truth

SIZES = ({"B": 5, "L": 3, "D": 7}, {"B": 4, "L": 2, "D": 6})
torch.set_num_threads(1)


@pytest.mark.every(3)
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.numbers])
def test_the_case_says_what_the_numbers_say(name):
    case = CASES[name]
    for number, sizes in enumerate(SIZES[: 2 if case.beta else 1]):
        found, expected = truth(case, sizes, beta_only=number > 0), case.expected_beta(sizes)
        if case.verdicts[0] == "PROVED":
            assert found.right(expected or 1.0), found
        else:
            declared = case.declared.get("beta")
            assert not found.right(found.beta if declared is None and found.beta else declared or 1.0), found
            assert expected is None or found.beta == pytest.approx(expected), found


def test_there_are_enough():
    assert len(CASES) >= 110
    looks_wrong = [case for name, case in CASES.items() if name.startswith("looks_wrong.")]
    assert all("REFUTED" not in case.verdicts for case in looks_wrong)
    assert sum(case.verdicts[0] == "PROVED" for case in looks_wrong) >= 0.8 * len(looks_wrong)
