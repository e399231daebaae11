"""The library: complete, proved from the six axioms, and true at every point tried."""

import random
import time
from fractions import Fraction

import pytest
from flint import arb, ctx, fmpq
from model_values import evaluate, negation, periodic

from vaelid.readings.terms.formulas import conjunction, equal, implies
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import (
    INDEX,
    MAP,
    REAL,
    Number,
    Operator,
    Symbol,
    Term,
    Variable,
    free_variables,
    subterms,
)
from vaelid.theory import solvers
from vaelid.theory.kernel import AXIOMS, NotProved, Theorem
from vaelid.theory.library import LIBRARY, SECTIONS
from vaelid.theory.library.definitions import DEFINITIONS
from vaelid.theory.result import Result
from vaelid.theory.tactics import prove

TORCHLEAN = [
    "sample_latent_eq_reparameterize",
    "forward_eq_decoder_sample_latent",
    "beta_vae_loss_decomposition",
    "beta_vae_loss_eq_weighted_two_term",
    "beta_vae_loss_zero_beta",
    "beta_vae_loss_eq_reconstruction_of_zero_kl",
    "beta_vae_loss_mono_beta_of_kl_nonneg",
    "exp_minus_one_minus_nonneg",
    "exp_minus_one_minus_pos",
    "coordinate_kl_to_standard_nonneg",
    "coordinate_kl_to_standard_eq_zero_iff",
    "diagonal_gaussian_kl_to_standard_sum_nonneg",
    "diagonal_gaussian_kl_to_standard_sum_eq_zero_iff",
    "beta_vae_loss_matches_named_elbo_terms",
    "weighted_two_term_zero_regularizer",
    "weighted_two_term_zero_weight",
    "weighted_two_term_mono_weight",
    "weighted_three_term_zero_regularizer",
    "weighted_three_term_zero_middle_zero_regularizer",
    "weighted_three_term_zero_weight",
    "weighted_three_term_mono_weight",
]
"""TorchLean's theorems, but for the two laws, which no formula of ours can say."""

BEYOND = [
    "mean_sum_link",
    "kl_loss_nonneg",
    "kl_loss_eq_zero_iff",
    "beta_vae_loss_mono_beta",
    "gaussian_nll_identification",
    "effective_beta",
    "effective_beta_exact",
    "bernoulli_identification",
    "iw_gap",
    "iw_bound_ge_elbo",
    "iw_bound_eq_elbo_iff",
]
"""What TorchLean leaves open and the solvers prove."""

WITHOUT_AXIOMS = [
    "encode_eq",
    "sample_latent_eq_reparameterize",
    "forward_eq_decoder_sample_latent",
    "reconstruction_loss_eq",
    "kl_loss_eq",
    "beta_vae_loss_decomposition",
    "beta_vae_loss_eq_weighted_two_term",
    "beta_vae_loss_zero_beta",
    "beta_vae_loss_eq_reconstruction_of_zero_kl",
    "beta_vae_loss_mono_beta_of_kl_nonneg",
    "beta_vae_loss_matches_named_elbo_terms",
    "mean_squared_error_nonneg",
    "mean_squared_error_eq_zero_iff",
    "mean_sum_link",
    "reparameterize_diag_eq",
    "variance_of_scale_eq",
    "sum_nonneg",
    "sum_zero_iff",
    "sum_congruent",
    "sum_add",
    "sum_scale",
    "sum_constant",
    *(name for name in LIBRARY if name.startswith(("weighted_", "beta_negative_elbo"))),
]
"""Algebra and sums: no fact on exp or log is needed."""

PROVED = [result for result in LIBRARY.values() if result.prove is not None]

every_proved = pytest.mark.parametrize("result", PROVED, ids=lambda result: result.name)


class TestNames:
    def test_every_theorem_of_torchlean_is_there_and_names_its_own(self):
        missing = [name for name in TORCHLEAN if name not in LIBRARY or LIBRARY[name].status != "proved"]
        assert missing == []
        assert [name for name in TORCHLEAN if not LIBRARY[name].source] == []

    def test_what_torchlean_leaves_open_is_proved(self):
        assert [name for name in BEYOND if name not in LIBRARY or LIBRARY[name].status != "proved"] == []

    def test_a_result_is_found_by_its_own_name_in_one_section(self):
        assert all(result.name == name for name, result in LIBRARY.items())
        assert sum(map(len, SECTIONS.values())) == len(LIBRARY)

    def test_a_result_without_a_proof_here_is_not_reported_as_proved(self):
        for result in LIBRARY.values():
            assert (result.status == "proved") == (result.prove is not None)


class TestProofs:
    @every_proved
    def test_the_theorem_is_the_statement_from_known_axioms(self, result: Result):
        assert type(result.theorem) is Theorem
        assert result.theorem.statement is result.statement
        assert result.theorem.axioms <= set(AXIOMS)
        assert steps_by_rule(result.theorem) <= RULES
        assert axioms_below(result.theorem) == result.theorem.axioms

    @pytest.mark.parametrize("name", WITHOUT_AXIOMS)
    def test_algebra_needs_no_axiom(self, name):
        assert LIBRARY[name].theorem.axioms == frozenset()

    def test_every_axiom_is_used(self):
        assert frozenset().union(*(result.theorem.axioms for result in PROVED)) == set(AXIOMS)

    def test_a_defined_function_is_one_of_the_spec_everywhere(self):
        known = {symbol for definition in DEFINITIONS for symbol in definition.symbols}
        for result in PROVED:
            for step in steps(result.theorem):
                assert {t.head for t in subterms(step.statement) if isinstance(t.head, Symbol)} <= known

    def test_proofs_are_the_same_each_time(self):
        for name in ("kl_loss_nonneg", "iw_gap", "effective_beta", "sum_zero_iff"):
            result = LIBRARY[name]
            assert result.prove is not None
            assert outline(result.prove()) == outline(result.prove()) == outline(result.theorem)

    @pytest.mark.slow
    def test_the_whole_library_is_proved_within_seconds(self):
        solvers.forget_answers()
        start = time.process_time()
        for result in PROVED:
            assert result.prove is not None
            result.prove()
        assert time.process_time() - start < 9


RULES = {"axiom", "recursion", "definition", "instance", "generalize", "induction", "smt"}


def steps(theorem: Theorem) -> list[Theorem]:
    """The theorems that a proof is made of, each once."""
    found, waiting = {id(theorem): theorem}, [theorem]
    while waiting:
        for premise in waiting.pop().premises:
            if id(premise) not in found:
                found[id(premise)] = premise
                waiting.append(premise)
    return list(found.values())


def steps_by_rule(theorem: Theorem) -> set[str]:
    return {step.rule.split()[0] for step in steps(theorem)}


def axioms_below(theorem: Theorem) -> set[str]:
    rules = (step.rule.split() for step in steps(theorem))
    return {rule[1] for rule in rules if rule[0] == "axiom"}


def outline(theorem: Theorem) -> list[tuple[str, Term]]:
    """Rules and statements, in the order in which they were used."""
    written, waiting = [], [theorem]
    while waiting and len(written) < 300:
        step = waiting.pop(0)
        written.append((step.rule, step.statement))
        waiting += step.premises
    return written


POINTS = 300
ROUNDINGS = arb("1e-25")


@pytest.fixture
def precise():
    before, ctx.prec = ctx.prec, 160
    yield
    ctx.prec = before


@pytest.mark.usefixtures("precise")
class TestTruth:
    """No statement is false anywhere: a model evaluated by ball arithmetic would show it."""

    @every_proved
    def test_a_theorem_is_true_at_points_drawn(self, result: Result):
        assert result.statement is not None
        met = 0
        for seed in range(POINTS):
            model = satisfying(result, random.Random(f"{result.name} {seed}"))
            met += evaluate(conjunction(*result.hypotheses), model) is not False
            assert evaluate(result.statement, model) is not False, f"false at seed {seed}"
        assert met >= POINTS // 6, f"the hypotheses were met at {met} points only"

    @every_proved
    def test_the_same_points_show_that_its_sides_exchanged_or_moved_are_false(self, result: Result):
        assert result.statement is not None
        wrong = [implies(conjunction(*result.hypotheses), other) for other in spoiled(result.conclusion)]
        for statement in wrong:
            models = (satisfying(result, random.Random(f"{result.name} {seed}")) for seed in range(POINTS))
            assert any(evaluate(statement, model) is False for model in models)


def spoiled(conclusion: Term | None) -> list[Term]:
    """Statements near the conclusion that are false: of its first comparison of real numbers another."""
    assert conclusion is not None
    if conclusion.head == Operator("and"):
        return spoiled(conclusion.arguments[0])
    if conclusion.head == Operator("iff"):
        return [make(Operator("not"), conclusion)]
    left, right = conclusion.arguments
    if left.sort is not REAL:
        return [make(Operator("not"), conclusion)]
    more = make(Operator("add"), right, make(Number(Fraction(1, 1000))))
    if conclusion.head == Operator("equal"):
        return [make(conclusion.head, left, more)]
    return [make(Operator("less"), right, left)]


def satisfying(result: Result, rng: random.Random) -> dict[Variable, object]:
    """A point at which the hypotheses hold, as far as they are inequalities of sizes or equations for a variable."""
    assert result.statement is not None
    model = point(free_variables(result.statement), rng)
    for hypothesis in result.hypotheses:
        if hypothesis.head != Operator("equal"):
            continue
        left, right = hypothesis.arguments
        if isinstance(right.head, Variable):
            model[right.head] = evaluate(left, model)
        elif left.head == Operator("exp") and isinstance(left.arguments[0].head, Variable):
            value = evaluate(right, model)
            model[left.arguments[0].head] = arb(value).log() if value > 0 else fmpq(0)
    return model


def point(variables: set[Variable], rng: random.Random) -> dict[Variable, object]:
    """Random values; often simple ones, so that both sides of an equivalence occur."""
    simple = rng.random()

    def rational() -> fmpq:
        if simple < 0.3:
            return fmpq(rng.choice([0, 0, 1]) if simple < 0.15 else 0)
        return fmpq(rng.randint(-24, 24), rng.choice([1, 2, 3, 7, 8]))

    def map_() -> object:
        offset, slope = [rational() for _ in range(3)], rational() / 8
        return lambda vector: lambda i: offset[i % 3] + slope * (vector(i) - vector(0))

    return {
        variable: rng.choice([0, 1, 1, 2, 3, 4, 4, -1])
        if variable.sort is INDEX
        else rational()
        if variable.sort is REAL
        else map_()
        if variable.sort is MAP
        else periodic(*(rational() for _ in range(5)), rank=variable.sort.rank)
        for variable in sorted(variables, key=lambda variable: variable.name)
    }


def test_the_negation_of_what_is_true_is_false():
    assert negation(True) is False


def test_what_is_put_into_a_cache_is_no_proof():
    false = equal(make(Variable("x", REAL)), make(Number(Fraction(0), REAL)))
    other = LIBRARY["exp_minus_one_minus_nonneg"].theorem
    blank = tuple.__new__(Theorem, (false, "smt", (), frozenset()))
    for put in (True, other, blank):
        result = Result("false", "x = 0", false, lambda: prove(false))
        for name in ("theorem", "_made"):
            vars(result)[name] = put
        assert result.status == "open"
        with pytest.raises(NotProved):
            _ = result.theorem
