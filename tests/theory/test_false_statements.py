"""False statements about numbers, sums, names and the VAE, asked of the solvers: none is proved."""

from fractions import Fraction

import pytest
from attack_tools import FALSE, ONE, ZERO, A, I, N, X, Y, not_proved, number, of, refused, total, whole

from vaelid.readings.terms.formulas import (
    conjunction,
    disjunction,
    equal,
    for_all,
    implies,
    less,
    less_equal,
    negation,
)
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, REAL, VECTOR, Binder, Bound, Lambda, Power, Sort, Symbol, Term, Variable
from vaelid.theory.kernel import AXIOMS, NotProved, axiom, generalize, instantiate, smt, sum_equations


class TestArithmetic:
    @pytest.mark.parametrize(
        "goal",
        [
            equal(of("divide", ONE, ZERO), ZERO),
            equal(of("divide", X, X), ONE),
            equal(of("divide", X, ZERO), of("divide", Y, ZERO)),
            equal(of("multiply", of("divide", X, Y), Y), X),
            less(ZERO, of("divide", ONE, of("multiply", X, X))),
            equal(of("divide", of("real", whole(1)), of("real", whole(2))), ZERO),
            equal(of("real", N), X),
            equal(number(10**40), number(10**40 + 1)),
            equal(number(Fraction(10**40, 3)), number(Fraction(10**40 + 1, 3))),
            less(ZERO, make(Power(2), X)),
            equal(make(Power(0), ZERO), ZERO),
            equal(make(Power(3), X), of("multiply", X, X)),
            equal(of("exp", X), of("exp", Y)),
            equal(make(Power(2), of("sqrt", X)), X),
            less_equal(of("log", number(-1)), ZERO),
            equal(of("tanh", of("negative", X)), of("tanh", X)),
        ],
        ids=repr,
    )
    def test_what_is_false_or_unknown_is_not_proved(self, goal):
        with not_proved():
            smt(goal)

    def test_the_exponential_of_a_logarithm_is_the_number_for_positive_ones_only(self):
        with not_proved():
            smt(equal(of("exp", of("log", number(-1))), number(-1)), [axiom("exp_log"), axiom("log_exp")])

    def test_what_every_division_by_zero_gives_is_not_used_against_the_axioms(self):
        divided = of("divide", ONE, ZERO)
        values = {X.head: divided, Y.head: divided}
        everything = [instantiate(axiom(name), values) for name in ("exp_add", "log_exp")]
        with not_proved():
            smt(FALSE, [*everything, *map(axiom, sorted(AXIOMS))])

    def test_an_index_is_not_halved(self):
        with not_proved():
            smt(equal(of("multiply", number(2), of("real", N)), ONE))
        theorem = smt(negation(equal(of("multiply", number(2), of("real", N)), ONE)))
        with refused(TypeError, saying="cannot stand for"):
            instantiate(theorem, {N.head: number(Fraction(1, 2))})


class TestSumsAndIndices:
    def test_the_empty_sum_is_zero_but_a_sum_of_negative_length_is_nothing(self):
        zero, step = sum_equations()
        below = instantiate(step, {N.head: whole(-1)})
        for goal in (equal(total(whole(-1), ONE), ZERO), equal(total(whole(-1), ONE), number(-1))):
            with not_proved():
                smt(goal, [instantiate(t, {A.head: make(Lambda(1), ONE)}) for t in (zero, step, below)])

    def test_a_mean_of_no_numbers_is_nothing(self):
        zero, _ = sum_equations()
        mean = of("divide", total(whole(0), element(A, make(Bound(0)))), of("real", whole(0)))
        for goal in (equal(mean, ZERO), less_equal(ZERO, mean)):
            with not_proved():
                smt(goal, [zero])

    def test_two_sums_are_not_one(self):
        a0, a1 = element(A, whole(0)), element(A, whole(1))
        for left, right in (
            (total(N, X), total(N, Y)),
            (total(N, a0), total(N, a1)),
            (total(N, X), total(whole(3), X)),
            (total(N, element(A, make(Bound(0)))), total(N, element(A, whole(0)))),
        ):
            with not_proved():
                smt(equal(left, right))

    def test_an_index_free_in_a_sum_is_no_constant_of_it(self):
        """For all j: sum over i < n of a[j] is that of a[0]; and with the two indices of a nested sum exchanged."""
        row = total(N, element(A, I))
        with not_proved():
            smt(for_all(I.head, equal(row, total(N, element(A, whole(0))))))
        rank2 = make(Variable("c", Sort("Array2", 2)))
        first = total(N, element(rank2, make(Bound(0)), make(Bound(1))))
        second = total(N, element(rank2, make(Bound(1)), make(Bound(0))))
        with not_proved():
            smt(make(Binder("forall"), equal(first, second)))
        with not_proved():
            smt(equal(total(N, first), total(N, second)))

    def test_an_array_written_out_is_not_another(self):
        for left, right in ((ONE, ZERO), (of("real", make(Bound(0))), ZERO)):
            with not_proved():
                smt(equal(make(Lambda(1), left), make(Lambda(1), right)))

    def test_one_element_is_not_every_element(self):
        with not_proved():
            smt(for_all(I.head, equal(element(A, I), element(A, whole(0)))))
        known = smt(equal(element(A, whole(0)), element(A, whole(0))))
        assert generalize(known, I.head).statement is for_all(I.head, known.statement)

    def test_a_hypothesis_on_one_index_is_not_one_on_all(self):
        at_zero = equal(element(A, I), ZERO)
        theorem = generalize(smt(implies(at_zero, at_zero)), I.head)
        with not_proved():
            smt(implies(at_zero, for_all(I.head, at_zero)), [theorem])

    def test_an_index_before_the_first_is_not_the_last(self):
        with not_proved():
            smt(equal(element(A, whole(-1)), element(A, of("index_add", N, whole(-1)))))

    def test_a_bound_index_is_not_a_variable_of_its_printed_name(self):
        """Bound indices are i0, i1, ... in the solvers' text, where variables of these names are others."""
        for name in ("i0", "i1", "i"):
            with not_proved():
                smt(for_all(I.head, equal(I, make(Variable(name, INDEX))) if name != "i" else less(I, whole(0))))

    def test_an_index_that_nothing_binds_is_no_statement(self):
        for goal in (less(make(Bound(0)), N), make(Binder("forall"), less(make(Bound(1)), make(Bound(0))))):
            with refused(NotProved, saying="a statement is a formula whose indices are all bound"):
                smt(goal)


NAMES = ["sum", "array", "element1", "Array1", "Map", "true", "false", "assert", "exp.e", "let", "forall", "Real"]
UNREADABLE = ["x) (assert false", "x (", "|x|", "$x", "x!1", "", "1", "x y", "x;", "x\n", "é", "x-y"]


class TestNames:
    @pytest.mark.parametrize("name", UNREADABLE)
    def test_a_name_that_could_be_read_as_more_than_a_name_is_refused(self, name):
        with refused(TypeError, saying="is not the name of a variable: letters, digits, _ and dots, please"):
            Variable(name, REAL)
        with refused(TypeError, saying="cannot name a definition"):
            Symbol(name, (), ZERO)
        with refused(TypeError, saying="is not the name of a sort"):
            Sort(name)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_variable_named_like_something_of_the_solvers_is_a_variable(self, name):
        x, v = make(Variable(name, REAL)), make(Variable(name, VECTOR))
        with not_proved():
            smt(equal(x, of("add", x, total(N, element(A, make(Bound(0)))))))
        with not_proved():
            smt(equal(element(v, whole(0)), element(A, whole(0))))
        assert smt(equal(x, x)).statement is equal(x, x)

    def test_one_name_is_not_two_things_in_one_statement(self):
        """Where x is real and whole, the statement would read x < 1 or 1 <= x, or something less true."""
        named = make(Variable("x", INDEX))
        square = make(Symbol("x", (), number(4)))
        for goal in (
            disjunction(less(X, ONE), less_equal(ONE, X), less(named, whole(1))),
            conjunction(equal(X, X), equal(square, square)),
            conjunction(equal(make(Variable("a.b", REAL)), ZERO), equal(make(Variable("a_b", REAL)), ONE)),
        ):
            with refused(NotProved, saying=r"the name (x|a.b) stands for two things in one statement"):
                smt(goal)

    def test_what_holds_of_whole_numbers_says_so(self):
        theorem = smt(disjunction(less_equal(N, whole(0)), less_equal(whole(1), N)))
        assert "; n whole;" in repr(theorem)

    def test_a_negative_fraction_as_divisor_prints_as_one(self):
        from vaelid.readings.terms.rocq import rocq
        from vaelid.readings.terms.text import text

        term = of("divide", X, number(Fraction(-1, 2)))
        assert text(term) == "x / (-1/2)"
        assert rocq(term) == "x / (-1 / 2)"

    def test_two_records_print_apart(self):
        """f(p, q) and f of mixed fields of p and q have no text in common."""
        from vaelid.readings.terms.latex import latex
        from vaelid.readings.terms.text import text

        names = ("p.a", "p.b", "q.a", "q.b")
        f = Symbol("f_of_records", tuple(Variable(name, REAL) for name in names), ZERO)
        fields = {name: make(Variable(name, REAL)) for name in ("t.a", "t.b", "u.a", "u.b")}
        calls = [[fields[name] for name in order.split()] for order in ("t.a t.b u.a u.b", "t.a u.b u.a u.b")]
        assert len({text(make(f, *call)) for call in calls}) == len({latex(make(f, *call)) for call in calls}) == 2

    def test_two_sizes_print_apart(self):
        from vaelid.readings.terms.latex import latex
        from vaelid.readings.terms.text import text

        d, k = Variable("d", INDEX), Variable("k", INDEX)
        f = Symbol("f_of_sizes", (d, k), of("subtract", of("real", make(d)), of("real", make(k))))
        calls = [make(f, whole(5), make(k)), make(f, make(d), whole(5))]
        assert len(set(map(text, calls))) == len(set(map(latex, calls))) == 2

    @pytest.mark.parametrize("name", ["PI", "INR", "fsum", "Rabs", "ln", "R"])
    def test_a_function_named_like_something_of_rocq_is_not_written_there(self, name):
        from vaelid.readings.errors import ReadingError
        from vaelid.readings.terms.rocq import rocq

        with pytest.raises(ReadingError, match=f"the name {name}: in Rocq {name} is something else"):
            rocq(equal(make(Symbol(name, (), number(3))), number(3)))


class TestFalseStatementsAboutTheVae:
    """With every theorem of the library that could help, instantiated or not, nothing false is proved."""

    @pytest.fixture
    def claims(self) -> dict[str, Term]:
        from vaelid.readings.terms.arrays import index, real
        from vaelid.theory.library import definitions as of_spec
        from vaelid.theory.statement import eq, given, le, lt

        model, x, eps, beta = of_spec.MODEL, of_spec.x, of_spec.eps, of_spec.beta
        kl, mu, logvar = of_spec.kl_loss(model, x), of_spec.mu, of_spec.logvar
        coordinate = of_spec.coordinate_kl(of_spec.scalar("m"), of_spec.scalar("v"))
        less_beta, more_beta = of_spec.scalar("beta1"), of_spec.scalar("beta2")
        losses = [of_spec.loss(model, b, x, eps) for b in (less_beta, more_beta)]
        positive = lt(index(0), of_spec.L)
        return {
            "kl_loss < 0": given(positive, lt(kl, 0)),
            "0 < kl_loss": given(positive, lt(0, kl)),
            "0 <= kl_loss also where there is no latent": le(0, kl),
            "coordinate KL <= 0": le(coordinate, 0),
            "coordinate KL < 1": lt(coordinate, 1),
            "a greater beta lowers the loss": given(positive, le(less_beta, more_beta), le(losses[1], losses[0])),
            "a greater beta raises the loss": given(positive, lt(less_beta, more_beta), lt(losses[0], losses[1])),
            "the loss is the reconstruction loss": eq(losses[0], of_spec.reconstruction_loss(model, x, eps)),
            "the mean KL is the sum": given(positive, eq(of_spec.kl_mean(mu, logvar), of_spec.kl_sum(mu, logvar))),
            "the sum KL is D times the mean": eq(
                real(of_spec.D) * of_spec.kl_mean(mu, logvar), of_spec.kl_sum(mu, logvar)
            ),
            "the loss does not depend on the noise": eq(losses[0], of_spec.loss(model, less_beta, x, 0 * eps)),
            "the negative ELBO is the loss": eq(
                of_spec.negative_elbo(of_spec.ELBO_TERMS), of_spec.beta_negative_elbo(beta, of_spec.ELBO_TERMS)
            ),
        }

    @pytest.mark.parametrize("place", range(12))
    def test_a_false_claim_is_not_proved(self, claims, place, monkeypatch):
        from vaelid.theory import solvers, tactics
        from vaelid.theory.library import LIBRARY

        helpful = ("kl_loss_nonneg", "beta_vae_loss_mono_beta", "kl_loss_eq", "mean_sum_link")
        premises = [LIBRARY[name].theorem for name in (*helpful, "coordinate_kl_to_standard_nonneg")]
        monkeypatch.setattr(solvers, "Z3_RESOURCES", 1_000_000)
        assert len(claims) == 12
        with not_proved():
            tactics.prove(list(claims.values())[place], premises)
