"""Each claim of the tables has its outcome; above all, no false one is proved and no true one is called false."""

import pytest
from claim_tables import FALSE, OF_ARRAYS, TRUE

from vaelid.spec.errors import InputError
from vaelid.theory.prover import Unproved, prove

LENGTHS = {"w": "n", "v": "n", "u": "m"}


def outcome(claim: str, **options) -> str:
    try:
        prove(claim, **options)
    except InputError as error:
        return "refused" if str(error).startswith(f"the claim {claim!r}: ") else str(error)
    except Unproved as failure:
        return "open" if failure.counterexample is None else "not true"
    return "proved"


@pytest.mark.parametrize(("claim", "expected"), [pair for kind in FALSE.values() for pair in kind.items()])
def test_no_false_claim_is_proved(claim, expected):
    assert outcome(claim) == expected


def _every_third_at_once(claims: dict[str, str]) -> list:
    """The others are left to the long suite: a proof takes the solvers a third of a second."""
    return [
        pytest.param(*pair, marks=() if place % 3 == 0 else pytest.mark.slow)
        for place, pair in enumerate(claims.items())
    ]


@pytest.mark.parametrize(("claim", "expected"), _every_third_at_once(TRUE))
def test_no_true_claim_is_called_false(claim, expected):
    assert outcome(claim) == expected


@pytest.mark.parametrize(("claim", "expected"), _every_third_at_once(OF_ARRAYS))
def test_claims_on_vectors_mean_vectors(claim, expected):
    assert outcome(claim, arrays=LENGTHS) == expected


def test_the_tables_are_as_large_as_they_are_said_to_be():
    assert sum(map(len, FALSE.values())) >= 80
    assert len(TRUE) >= 40
