"""The kernel: the only maker of theorems.

A theorem is a formula (`vaelid.readings.terms.syntax`) that is true for all values of its variables: real numbers,
whole indices, arrays (functions from indices to reals) and maps (any functions from vectors to vectors). For example
`smt(equal(x, x))` is the theorem x = x, and `smt(equal(x, y))` raises `NotProved`.

What is trusted:
1. this file, and from `readings/terms` the files that it imports: `unchanging.py` (tuples that cannot be changed),
   `heads.py`, `syntax.py` and `substitution.py` (terms), `formulas.py`, `smtlib.py` (their SMT-LIB text);
2. that z3 and cvc5 do not both call the same satisfiable text unsatisfiable;
3. the axioms in `AXIOMS`: facts on exp, log, pi and abs, each with the Rocq theorem it is;
4. that a spec function does on floats what it does on terms, but for rounding (the tracing: `arrays.py`,
   `selection.py`, `namespace.py` there). The conformance suite tests that; nothing proves it.
Tactics, the library and every other file can at worst fail to prove.

What a caller can do. Theorems, axioms, terms, heads, sorts and solvers' answers are tuples. No function of the files
above, called with any objects whatever, gives a false theorem, and nothing that Python offers on an object changes
the contents of one: `__init__` called again, the class's descriptors, copies, pickles, `object.__setattr__`. An
object that somebody else made of these classes (`tuple.__new__(Theorem, ...)`) is refused as a premise or a part.
`tests/theory` holds all attempts so far, each with its first result. Python itself leaves these ways:
- private names (`_THEOREMS`), and assignment to attributes of modules and classes, the standard library's included,
  however they are reached: by import, `f.__globals__`, `f.__closure__`, frames and tracebacks, a debugger, `gc`;
- the process's memory: `ctypes`, a C extension;
- `object.__setattr__(part, "__class__", other)`, or `object`'s descriptor of that name, which gives a part of a term
  other attributes, not other contents. Every rule refuses such a part. A rule and a maker first take what they are
  given into tuples and dictionaries of their own, and check it after that; from the check on they look things up by
  exact ints and strings and compare by identity, so that no code of the caller's objects or classes runs between the
  check and the use. What runs in between without being called is not noticed if it changes a class and changes it
  back: a second thread, the handler of a signal, a finalizer that the garbage collector runs, a function of
  `sys.settrace` or `sys.setprofile`. Whatever prints the part shows the other attributes;
- other solvers: a z3 module or cvc5 package put in place of the real ones, another `sys.executable`, a library that
  the system's loader puts into the solver's process, writing to that process's pipes. Both solvers must be deceived.
A changed theorem misleads only the process that changed it: prove it again in another.

Why each rule is sound:
- `axiom`, `sum_equations`: true statements, fixed in this file; sum over 0 <= i < n is defined by recursion on n.
- `unfold`: a symbol contains its own definition (`syntax.Symbol`), made of terms that were there before it and of
  its parameters alone, so there is no circular definition and no free constant to define. The first symbol of a
  name that is unfolded keeps the name, so that a printed theorem is about one function of that name; the functions
  of the spec come first (`theory/__init__.py`). Within a statement a name stands for one variable or function.
- `instantiate`: what holds for all values of variables holds for these; no index is captured, for values have none.
- `generalize`: an index variable of a theorem already stands for every index.
- `induct`: the two premises are compared with the scheme as terms, not by reading.
- `smt`: the premises are true for all values, hence for those of the goal's variables; the text says that they hold
  and the goal does not. A sum or array written out is there an unknown function of its free indices: fewer facts,
  never more. Division by zero is any value, in both solvers. Anything but two answers `unsat` is a refusal.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from vaelid.readings.terms import smtlib
from vaelid.readings.terms.formulas import conjunction, equal, for_all, implies, less, less_equal, not_equal
from vaelid.readings.terms.heads import anew
from vaelid.readings.terms.substitution import instance, make
from vaelid.readings.terms.syntax import (
    BOOL,
    INDEX,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Element,
    Number,
    Operator,
    Symbol,
    Term,
    Variable,
    free_variables,
    is_term,
    subterms,
)
from vaelid.readings.terms.unchanging import Made, Unchanging, field
from vaelid.spec.errors import VaelidError
from vaelid.theory.solvers import Answer, ask

__all__ = [
    "AXIOMS",
    "NotProved",
    "Theorem",
    "axiom",
    "generalize",
    "induct",
    "instantiate",
    "is_theorem",
    "smt",
    "sum_equations",
    "unfold",
]


class NotProved(VaelidError):
    """A rule does not apply, or a solver did not answer `unsat`; `answers` holds what the solvers said."""

    def __init__(self, message: str, answers: tuple[Answer, ...] = ()) -> None:
        super().__init__(message)
        self.answers = answers


class Theorem(Unchanging):
    """A formula that a rule of this file accepted. It cannot be made, changed, copied or unpickled from outside."""

    __slots__ = ()
    statement: Term = field(0)
    rule: str = field(1)
    premises: "tuple[Theorem, ...]" = field(2)
    axioms: frozenset[str] = field(3)

    def __new__(cls, *_: object) -> "Theorem":
        raise TypeError("a theorem is made by the rules of vaelid.theory.kernel only")

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("a theorem cannot be copied or pickled: prove it again")

    def __init_subclass__(cls) -> None:
        raise TypeError("a theorem has no other kinds")

    def __repr__(self) -> str:
        from vaelid.readings.terms.text import text

        indices = sorted(v.name for v in free_variables(self.statement) if v.sort is INDEX)
        whole = f"; {', '.join(indices)} whole" if indices else ""
        axioms = ", ".join(sorted(self.axioms)) or "none"
        return f"Theorem({text(self.statement)}{whole}; by {self.rule}; axioms: {axioms})"


_THEOREMS: Made[Theorem] = Made()


def is_theorem(thing: object) -> bool:
    """Whether a rule of this file made it."""
    return type(thing) is Theorem and thing in _THEOREMS


def _theorem(statement: Term, rule: str, premises: tuple[Theorem, ...] = ()) -> Theorem:
    own = {rule.partition(" ")[2]} if rule.startswith("axiom ") else set()
    axioms = frozenset(own.union(*(premise.axioms for premise in premises)))
    made = tuple.__new__(Theorem, (_formula(statement), rule, premises, axioms))
    return _THEOREMS.add((id(statement), rule, tuple(map(id, premises))), made)


def _formula(statement: Term) -> Term:
    """The statement, if it is one: all indices bound, and each name (with _ for a dot, as in Rocq) of one thing."""
    if not is_term(statement) or statement.sort is not BOOL or statement.loose:
        raise NotProved("a statement is a formula whose indices are all bound")
    names: dict[str, object] = {}
    for head in (part.head for part in subterms(statement)):
        if isinstance(head, Variable | Symbol) and names.setdefault(head.name.replace(".", "_"), head) != head:
            raise NotProved(f"the name {head.name} stands for two things in one statement")
    return statement


def _theorems(given: Iterable[Theorem]) -> tuple[Theorem, ...]:
    given = tuple(given)  # an exact tuple: all code of the caller's has run
    if not all(map(is_theorem, given)):
        raise TypeError("a premise is a Theorem that a rule of vaelid.theory.kernel made")
    for theorem in given:
        _formula(theorem.statement)
    return given


def _number(value: int, sort: object = REAL) -> Term:
    return make(Number(Fraction(value), INDEX if sort is INDEX else REAL))


_X, _Y = make(Variable("x", REAL)), make(Variable("y", REAL))
_A, _N = make(Variable("a", VECTOR)), make(Variable("n", INDEX))


def _of(operator: str, *arguments: Term) -> Term:
    return make(Operator(operator), *arguments)


class Axiom(NamedTuple):
    """What is taken as true, and the Rocq theorem (standard library of Coq 8.16) that it is."""

    statement: Term
    rocq: str


_AXIOMS: dict[str, tuple[Term, str]] = {  # plain tuples: the class of no other object is fixed
    "exp_zero": (equal(_of("exp", _number(0)), _number(1)), "Rtrigo_def.exp_0"),
    "exp_gt_one_plus": (
        implies(not_equal(_X, _number(0)), less(_of("add", _number(1), _X), _of("exp", _X))),
        "Rpower.exp_ineq1",
    ),
    "exp_add": (
        equal(_of("exp", _of("add", _X, _Y)), _of("multiply", _of("exp", _X), _of("exp", _Y))),
        "Exp_prop.exp_plus",
    ),
    "log_exp": (equal(_of("log", _of("exp", _X)), _X), "Rpower.ln_exp"),
    "exp_log": (implies(less(_number(0), _X), equal(_of("exp", _of("log", _X)), _X)), "Rpower.exp_ln"),
    "pi_pos": (less(_number(0), _of("pi")), "Rtrigo1.PI_RGT_0"),
    "abs_pos": (implies(less_equal(_number(0), _X), equal(_of("abs", _X), _X)), "Rbasic_fun.Rabs_pos_eq"),
    "abs_neg": (implies(less(_X, _number(0)), equal(_of("abs", _X), _of("negative", _X))), "Rbasic_fun.Rabs_left"),
}


class _Axioms(Mapping[str, Axiom]):
    """For readers. `MappingProxyType` would hand its dictionary to what it is compared with."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("the axioms cannot be changed")

    def __getitem__(self, name: str) -> Axiom:
        return Axiom(*_AXIOMS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(_AXIOMS))

    def __len__(self) -> int:
        return len(_AXIOMS)


AXIOMS: Mapping[str, Axiom] = _Axioms()


def axiom(name: str) -> Theorem:
    """The axiom of this name in `AXIOMS`."""
    if type(name) is not str or name not in _AXIOMS:
        raise NotProved(f"{name!r} is not an axiom; they are {', '.join(_AXIOMS)}")
    return _theorem(_AXIOMS[name][0], f"axiom {name}")


def sum_equations() -> tuple[Theorem, Theorem]:
    """sum over 0 <= i < 0 of a[i] = 0, and 0 <= n -> sum over i < n + 1 is sum over i < n, plus a[n]."""

    def total(size: Term) -> Term:
        return make(Binder("sum"), size, make(Element(1), _A, make(Bound(0))))

    after = make(Operator("index_add"), _N, _number(1, INDEX))
    step = equal(total(after), _of("add", total(_N), make(Element(1), _A, _N)))
    return (
        _theorem(equal(total(_number(0, INDEX)), _number(0)), "recursion"),
        _theorem(implies(less_equal(_number(0, INDEX), _N), step), "recursion"),
    )


_DEFINITIONS: dict[str, Term] = {}


def unfold(symbol: Symbol) -> Theorem:
    """symbol(parameters) = its body."""
    if type(symbol) is not Symbol:
        raise TypeError("a definition is a Symbol")
    symbol = anew(symbol)
    call = make(symbol, *(make(parameter) for parameter in symbol.parameters))
    theorem = _theorem(equal(call, symbol.body), f"definition {symbol.name}")
    if _DEFINITIONS.setdefault(symbol.name.replace(".", "_"), theorem.statement) is not theorem.statement:
        raise NotProved(f"the name {symbol.name} stands for another definition already")
    return theorem


def instantiate(theorem: Theorem, values: Mapping[Variable, Term]) -> Theorem:
    """The theorem with values for some of its variables, all at once."""
    values = dict(values)  # first: the caller's code runs here, and nowhere below
    for value in filter(is_term, values.values()):  # `instance` refuses what is none
        list(subterms(value))
    (theorem,) = _theorems([theorem])
    return _theorem(instance(theorem.statement, values), "instance", (theorem,))


def generalize(theorem: Theorem, variable: Variable) -> Theorem:
    """For all indices i: the theorem with i for the index variable."""
    if type(variable) is not Variable:
        raise TypeError("only an index is quantified; other variables stand for every value")
    variable, (theorem,) = anew(variable), _theorems([theorem])
    return _theorem(for_all(variable, theorem.statement), f"generalize {variable.name}", (theorem,))


def induct(statement: Term, variable: Variable, base: Theorem, step: Theorem) -> Theorem:
    """0 <= n -> P(n), from P(0) and from: 0 <= n and P(n) -> P(n + 1)."""
    if type(variable) is not Variable or variable.sort is not INDEX:
        raise NotProved("induction is on an index variable")
    variable, (base, step), statement = anew(variable), _theorems([base, step]), _formula(statement)
    n, zero = make(variable), _number(0, INDEX)
    after = make(Operator("index_add"), n, _number(1, INDEX))
    if base.statement is not instance(statement, {variable: zero}):
        raise NotProved("the base is not the statement at 0")
    hypothesis = conjunction(less_equal(zero, n), statement)
    if step.statement is not implies(hypothesis, instance(statement, {variable: after})):
        raise NotProved("the step is not: 0 <= n and the statement, implies the statement at n + 1")
    return _theorem(implies(less_equal(zero, n), statement), f"induction on {variable.name}", (base, step))


def smt(goal: Term, premises: Iterable[Theorem] = ()) -> Theorem:
    """The goal, when z3 and cvc5 both find the premises with its negation unsatisfiable."""
    premises = _theorems(tuple(premises))  # first: the caller's code runs here, and nowhere below
    goal = _formula(goal)
    script = smtlib.script([premise.statement for premise in premises], goal)
    answers = ask(script)
    if [answer.verdict for answer in answers] != ["unsat", "unsat"]:
        said = ", ".join(f"{answer.solver} says {answer.verdict}" for answer in answers)
        raise NotProved(f"not proved: {said}", answers)
    return _theorem(goal, "smt", premises)
