"""A literal 0 beside a `*` in a line of code."""

import pytest

from vaelid.auditor.judgement.literals import has_literal_0


@pytest.mark.parametrize(
    ("code", "is_there"),
    [
        ("loss = 0 * kl", True),
        ("loss = kl * 0.0", True),
        ("loss = nll + -0. * (kl", True),  # a line of a longer expression
        ("    + kl.sum() * 0e5)", True),
        ("w = 0x0 * kl", True),
        ("loss = nll + weight * kl", False),
        ("loss = x[0] * kl", False),
        ("loss = 0.5 * kl", False),
        ("loss = 10 * kl[:, 0]", False),
        ("loss = kl ** 0", False),
        ("loss = kl  # times * 0", False),
        ("loss = '0 * kl'", False),
        ("", False),
    ],
)
def test_a_literal_0_is_found_beside_a_product(code, is_there, tmp_path):
    file = tmp_path / "loss.py"
    file.write_text(f"import torch\n{code}\n")
    assert has_literal_0(f"{file}:2") is is_there


@pytest.mark.parametrize("line", ["", "nowhere.py:3", "nowhere.py", "<string>:1", "x:y"])
def test_a_line_that_cannot_be_read_has_none(line):
    assert not has_literal_0(line)
