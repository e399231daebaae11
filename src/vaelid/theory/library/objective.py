"""The algebra of weighted objectives, and the negative ELBO."""

from vaelid import spec
from vaelid.theory.library.definitions import (
    beta_negative_elbo,
    negative_elbo,
    scalar,
    weighted_three_term,
    weighted_two_term,
)
from vaelid.theory.library.references import HIGGINS
from vaelid.theory.result import solved
from vaelid.theory.statement import eq, given, le

__all__ = ["RESULTS"]

_base, _middle, _regularizer = (scalar(name) for name in ("base", "middle", "regularizer"))
_weight, _w1, _w2 = (scalar(name) for name in ("weight", "weight1", "weight2"))
_two = spec.WeightedTwoTerm(_base, _regularizer)
_three = spec.WeightedThreeTerm(_base, _middle, _regularizer)
_terms = spec.ElboTerms(scalar("nll"), scalar("kl"))

RESULTS = (
    solved(
        "weighted_two_term_zero_regularizer",
        "without a regularizer the base is left",
        eq(weighted_two_term(_weight, spec.WeightedTwoTerm(_base, 0)), _base),
        source="weightedTwoTerm_zero_regularizer",
    ),
    solved(
        "weighted_two_term_zero_weight",
        "at weight 0 the base is left",
        eq(weighted_two_term(0, _two), _base),
        source="weightedTwoTerm_zero_weight",
    ),
    solved(
        "weighted_two_term_mono_weight",
        "a greater weight on a regularizer that is not negative does not lower the objective",
        given(le(_w1, _w2), le(0, _regularizer), le(weighted_two_term(_w1, _two), weighted_two_term(_w2, _two))),
        source="weightedTwoTerm_mono_weight",
    ),
    solved(
        "weighted_two_term_linear_weight",
        "the objective moves by the regularizer for each unit of weight",
        eq(weighted_two_term(_w2, _two) - weighted_two_term(_w1, _two), (_w2 - _w1) * _regularizer),
    ),
    solved(
        "weighted_three_term_zero_regularizer",
        "without a regularizer the base and the middle term are left",
        eq(weighted_three_term(_weight, spec.WeightedThreeTerm(_base, _middle, 0)), _base + _middle),
        source="weightedThreeTerm_zero_regularizer",
    ),
    solved(
        "weighted_three_term_zero_middle_zero_regularizer",
        "without both the base is left",
        eq(weighted_three_term(_weight, spec.WeightedThreeTerm(_base, 0, 0)), _base),
        source="weightedThreeTerm_zero_middle_zero_regularizer",
    ),
    solved(
        "weighted_three_term_zero_weight",
        "at weight 0 the base and the middle term are left",
        eq(weighted_three_term(0, _three), _base + _middle),
        source="weightedThreeTerm_zero_weight",
    ),
    solved(
        "weighted_three_term_mono_weight",
        "a greater weight on a regularizer that is not negative does not lower the objective",
        given(
            le(_w1, _w2), le(0, _regularizer), le(weighted_three_term(_w1, _three), weighted_three_term(_w2, _three))
        ),
        source="weightedThreeTerm_mono_weight",
    ),
    solved(
        "weighted_three_term_linear_weight",
        "the objective moves by the regularizer for each unit of weight",
        eq(weighted_three_term(_w2, _three) - weighted_three_term(_w1, _three), (_w2 - _w1) * _regularizer),
    ),
    solved(
        "beta_negative_elbo_one",
        "at beta = 1 the beta-objective is the negative ELBO",
        eq(beta_negative_elbo(1, _terms), negative_elbo(_terms)),
        references=(HIGGINS,),
    ),
    solved(
        "beta_negative_elbo_eq_weighted_two_term",
        "the beta-objective is the weighted objective of NLL and KL",
        eq(
            beta_negative_elbo(_weight, _terms),
            weighted_two_term(_weight, spec.WeightedTwoTerm(_terms.reconstruction_nll, _terms.kl_posterior_prior)),
        ),
        references=(HIGGINS,),
    ),
)
