"""Whether values tell what a mask hides."""

import pytest
import torch

from vaelid.auditor.judgement.masks import told

G = torch.Generator().manual_seed(0)
X = torch.randn(6, 7, generator=G, dtype=torch.float64)
MASK = torch.rand(6, 7, generator=G) > 0.3
ONES = (torch.rand(6, 7, generator=G) > 0.5).double()
TOKENS = torch.randint(0, 5, (6, 7), generator=G).double()


@pytest.mark.parametrize(
    ("x", "kept", "expected"),
    [
        (X, MASK, False),
        (X, X > 0, True),
        (X, X.abs() < 0.7, True),
        (X, X < 0.3, True),
        (X * MASK, MASK, False),  # filled with 0
        (X, torch.ones_like(MASK), False),
        (X, X.max() > X, False),  # one of 42 may be left out by chance
        (ONES, ONES > 0, True),
        (ONES, MASK, False),
        (TOKENS, TOKENS > 1, True),
        (TOKENS, TOKENS != 0, False),  # a reserved label
        (TOKENS, MASK, False),
        (torch.where(MASK, X, float("nan")), MASK, False),
    ],
)
def test_values_tell_what_is_hidden_where_they_made_the_mask(x, kept, expected):
    assert told(x, kept) == expected
