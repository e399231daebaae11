"""What the parts of a loss may not be made of: the slope of a prior, places of a mask, data and rows, by hand."""

from dataclasses import replace

import pytest
import torch

from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.examination.sources import _rows_that_count, coverage, mask, prior, support
from vaelid.auditor.findings.account import StatedDivergence
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import as_term

from .made import (
    AXES,
    DATA,
    LATENT,
    ROWS,
    ZERO,
    B,
    D,
    L,
    Small,
    account_for,
    binary,
    grey,
    likelihood,
    of,
    one,
    run,
    term,
)

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them

AXES_AND_MORE = {**AXES, "p": (ROWS, LATENT), "k": (ROWS, DATA), "c": (ROWS, LATENT)}


def made_with(small, batch=None, **stated):
    """The account has the arrays p, k and c too, if the step notes them."""
    made = small.made()
    batch = made.batch if batch is None else batch
    made.account = account_for(small, batch, small.noted, AXES_AND_MORE, small.family, **stated)
    made.batch = batch
    return made


LEARNED = StatedDivergence(0, (term("p", AXES_AND_MORE), ZERO), True, False, (ROWS, LATENT))
FROM_X = torch.randn(D, L, generator=torch.Generator().manual_seed(2))


def with_prior(mean):
    """The prior's mean is `mean(x, self)`; z is known by then to none but what is made after it."""
    return Small(
        more=lambda self, x: self.note("p", mean(x, self)),
        kl=lambda m, v, p: ((m - p).square() + v.exp() - 1 - v) / 2,
    )


def examined_prior(small, **stated):
    return one(run(prior, made_with(small, divergences=(LEARNED,), **stated)), "prior")


def test_a_prior_of_x_has_the_slope_of_its_matrix():
    check = examined_prior(with_prior(lambda x, self: x @ FROM_X.to(x)))
    assert not check.passed
    assert float(check.computed) == pytest.approx(float(FROM_X.sum(1).abs().max()), rel=1e-6)
    assert check.expected == "0"


def test_a_prior_of_parameters_has_none():
    weight = torch.nn.Parameter(torch.randn(B, L))
    assert examined_prior(with_prior(lambda x, self: weight * 2)).passed


@pytest.mark.parametrize("step", [torch.detach, torch.sign, lambda x: (x > 0).to(x)], ids=["detach", "sign", "above"])
def test_of_a_prior_of_steps_of_x_slopes_say_nothing(step):
    with pytest.raises(ReadingError, match="by steps"):
        examined_prior(with_prior(lambda x, self: step(x) @ FROM_X.to(x)))


class FromZ(Small):
    """A second posterior's prior is made from z."""

    def __call__(self, x):
        m, v = self.note("m", x @ self.weights["M"]), self.note("v", x @ self.weights["V"])
        eps = self.note("eps", torch.randn_like(m))
        z = m + (v / 2).exp() * eps
        p = self.note("p", z.tanh() + self.leak * m)
        self.note("x", x)
        h = self.note("h", z @ self.weights["W"])
        return ((x - h).square().sum() + (p - m).square().sum() + (v.exp() - 1 - v + m.square()).sum()) / 2

    leak = 0.0


def test_a_prior_made_from_z_is_right_with_z_held():
    assert examined_prior(FromZ()).passed


def test_a_prior_made_from_z_and_from_x_is_not():
    leaking = FromZ()
    leaking.leak = 0.5
    check = examined_prior(leaking)
    assert not check.passed
    assert float(check.computed) == pytest.approx(
        0.5 * float(leaking.weights["M"].detach().sum(1).abs().max()), rel=1e-6
    )


def test_a_condition_in_the_same_tensor_as_the_data_is_allowed():
    """The first two columns are compared, and the prior is made from the other ones."""

    def more(self, x):
        self.note("c", x[:, :2] * 1)
        return self.note("p", x[:, 2:] @ FROM_X[2:].to(x))

    small = Small(
        more=more,
        kl=lambda m, v, p: ((m - p).square() + v.exp() - 1 - v) / 2,
        nll=lambda h, x: (h - x)[:, :2].square() / 2,
    )
    of_two = likelihood(parameters=(term("c", AXES_AND_MORE), term("m")), axes=(ROWS, LATENT))
    assert one(run(prior, made_with(small, divergences=(LEARNED,), likelihoods=(of_two,))), "prior").passed
    assert not examined_prior(small).passed  # where all of x is compared


def test_a_prior_of_numbers_is_not_looked_at():
    assert run(prior, Small().made()).checks == []


def test_data_that_are_no_real_tensor_of_the_batch_have_no_slope():
    with pytest.raises(ReadingError, match="no real tensor of the batch"):
        examined_prior(with_prior(lambda x, self: x @ FROM_X.to(x)), data=frozenset({"h9"}))


# masks


def with_mask(keep):
    return Small(
        more=lambda self, x: self.note("k", keep(x)),
        kl=lambda m, v, k: (m.square() + v.exp() - 1 - v) / 2,
        nll=lambda h, x: (x - h).square() / 2,
    )


FIXED = (torch.arange(B * D).reshape(B, D) % 3 > 0).float()
MASKED = likelihood(mask=term("k", AXES_AND_MORE))


def examined_mask(keep):
    return one(run(mask, made_with(with_mask(keep), likelihoods=(MASKED,))), "mask")


def test_a_mask_that_is_given_stays():
    check = examined_mask(lambda x: FIXED * 1)
    assert (check.passed, check.computed, check.expected) == (True, "0", "0")


def test_a_mask_made_of_what_it_masks_moves():
    check = examined_mask(lambda x: (x > 0).to(x) * 1)
    assert not check.passed
    assert 0 < int(check.computed) <= B * D


def test_the_places_that_move_are_counted():
    """All of them, where each place of the mask is its own datum."""
    assert examined_mask(lambda x: x * 1).computed == str(B * D)


def test_gaps_stay_in_place():
    """What is not a number stays where it is in other rows only if it is there in each."""
    data = grey(B, D)
    data[:, 1] = float("nan")
    small = with_mask(lambda x: (~x.isnan()).to(x) * 1)
    small.encoded = lambda x: x.nan_to_num()
    small.nll = lambda h, x: (x.nan_to_num() - h).square() / 2
    small.data = lambda *shape: data
    assert one(run(mask, made_with(small, likelihoods=(MASKED,))), "mask").passed


def test_without_a_mask_nothing_is_looked_at():
    assert run(mask, Small().made()).checks == []


def test_a_mask_of_data_that_are_not_in_the_batch_is_left():
    hidden = replace(MASKED, parameters=(term("h"), term("h")))
    with pytest.raises(ReadingError, match="what is masked is no real tensor of the batch"):
        run(mask, made_with(with_mask(lambda x: FIXED * 1), likelihoods=(hidden,)))


# support


@pytest.mark.parametrize(
    ("family", "data", "passed", "computed"),
    [
        ("gaussian", grey, True, ""),
        ("bernoulli", binary, True, ""),
        ("bernoulli", lambda *s: binary(*s) * 255, False, "255"),
        ("bernoulli", lambda *s: 2 * binary(*s) - 1, False, "-1"),
        ("poisson", lambda *s: binary(*s) * 7, True, ""),
        ("poisson", lambda *s: (1 + binary(*s)).log(), False, "0.693147182"),
        ("binomial", lambda *s: binary(*s) * 9, False, "9"),
        ("categorical", lambda *s: binary(*s) - 2, False, "-2"),
    ],
)
def test_data_lie_where_the_likelihood_is_a_density(family, data, passed, computed):
    check = one(run(support, Small(family=family, data=data).made()), "support")
    assert (check.passed, check.computed) == (passed, computed)
    assert family in check.meaning


def test_each_likelihood_is_asked():
    made = Small().made(likelihoods=(likelihood(), likelihood("bernoulli")))
    assert [check.passed for check in of(run(support, made), "support")] == [True, False]


# coverage


def covered(**parts):
    return of(run(coverage, Small(**parts).made()), "coverage")


def test_every_row_that_was_decoded_is_compared():
    (check,) = covered()
    assert (check.passed, check.computed) == (True, "1")


def test_rows_that_are_left_out_are_counted():
    (check,) = covered(total=lambda nll, kl: nll[1:].sum() + kl.sum())
    assert (check.passed, check.computed, check.expected) == (False, "0.75", "1")


def test_an_output_that_is_not_compared_at_all():
    (check,) = covered(nll=lambda h, x: x.square())
    assert (check.passed, check.computed) == (False, "0")


def test_columns_of_an_output_may_go_unused():
    """As the mean and the log-variance of a decoder of which one is not needed, or padding at the end of each row."""
    (check,) = covered(nll=lambda h, x: (h - x)[:, :2].square() / 2)
    assert check.passed


def test_an_output_that_autograd_does_not_reach_is_not_looked_at():
    assert covered(output=lambda h: h.detach(), nll=lambda h, x: (h.detach() - x).square())[0].computed == "0"


def under_a_mask(mask, total):
    small = Small(
        more=lambda self, x: self.note("k", mask * 1),
        kl=lambda m, v, k: (m.square() + v.exp() - 1 - v) / 2,
        nll=lambda h, x: mask * (x - h).square() / 2,
        total=total,
    )
    return of(run(coverage, made_with(small, likelihoods=(MASKED,))), "coverage")


WITHOUT_A_ROW = torch.ones(B, D).index_fill(0, torch.tensor([1]), 0.0)


def test_a_row_that_a_mask_leaves_out_altogether_is_not_asked_for():
    (check,) = under_a_mask(WITHOUT_A_ROW, lambda nll, kl: nll.sum() + kl.sum())
    assert (check.passed, check.computed) == (True, "1")


@pytest.mark.parametrize(("mask", "share"), [(FIXED, 3 / 4), (WITHOUT_A_ROW, 2 / 3)])
def test_rows_that_are_left_out_beside_a_mask_are_counted(mask, share):
    kept = 1 if mask is FIXED else 2  # row 1 is left out by the other mask itself
    (check,) = under_a_mask(mask, lambda nll, kl: nll[kept:].sum() + kl.sum())
    assert not check.passed
    assert float(check.computed) == pytest.approx(share, rel=1e-8)


def test_a_mask_that_is_one_number_leaves_out_no_row():
    made = Small().made()
    made.account = replace(made.account, likelihoods=(likelihood(mask=as_term(1), axes=()),))
    (check,) = of(run(coverage, made), "coverage")
    assert (check.passed, check.computed) == (True, "1")


def test_a_mask_of_other_rows_than_the_outputs_is_left():
    """A decoder that puts out another number of rows than the account has places."""

    class Longer(Numbers):
        def __init__(self):
            pass

        def __len__(self):
            return 0

        def tensor(self, name):
            return torch.ones(B + 4, D)

        def of(self, term, axes=None):
            return torch.ones(B, D)

    with pytest.raises(ReadingError, match="the rows of the mask are not those of the decoder's output"):
        _rows_that_count(Small().made().account, Longer(), MASKED, "h")
