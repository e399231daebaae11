"""What the attempts at false theorems share: short names for terms, objects that lie, and what counts as refused."""

import re
from contextlib import contextmanager
from fractions import Fraction

import pytest
from beartype.roar import BeartypeException

from vaelid.readings.terms.formulas import equal
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, REAL, VECTOR, Binder, Number, Operator, Term, Variable
from vaelid.theory.kernel import NotProved


def number(value, sort=REAL) -> Term:
    return make(Number(Fraction(value), sort))


def of(operator: str, *arguments: Term) -> Term:
    return make(Operator(operator), *arguments)


X, Y = make(Variable("x", REAL)), make(Variable("y", REAL))
N, I = make(Variable("n", INDEX)), make(Variable("i", INDEX))  # noqa: E741
A = make(Variable("a", VECTOR))
ZERO, ONE = number(0), number(1)
FALSE = equal(ZERO, ONE)


def whole(value: int) -> Term:
    return number(value, INDEX)


def total(size: Term, body: Term) -> Term:
    """The sum of the body over its index 0."""
    return make(Binder("sum"), size, body)


@contextmanager
def refused(*kinds: type[Exception], saying: str):
    """What is inside raises one of these, with these words, unless the tests' type checks came first."""
    with pytest.raises((TypeError, NotProved, AttributeError, BeartypeException)) as raised:
        yield
    if raised.type.__name__ != "TypeCheckError" and not raised.type.__module__.startswith("beartype"):
        assert issubclass(raised.type, kinds)
        assert re.search(saying, str(raised.value)), f"{raised.value!r} does not say {saying!r}"


def not_proved():
    """A solver found a counterexample, or gave up: at least one did not say unsat."""
    verdict = r"(unsat|sat|unknown( \(\w+\))?)"
    return refused(
        NotProved, saying=rf"^not proved: z3 says (?!unsat, cvc5 says unsat$){verdict}, cvc5 says {verdict}$"
    )


class Impostor:
    """Looks like what it wraps, until it is told to look like something else."""

    def __init__(self, shown: object) -> None:
        self.shown = shown

    def __getattr__(self, name: str) -> object:
        return getattr(self.shown, name)


class Name(str):
    """A string that is equal to whatever it is told to be."""

    told = ""

    def __eq__(self, other: object) -> bool:
        return Name.told == other

    def __ne__(self, other: object) -> bool:
        return Name.told != other

    def __hash__(self) -> int:
        return hash(Name.told)


class Whole(int):
    """An int that says that it is its own numerator, and prints as it is told."""

    told = "0"
    numerator = property(lambda self: self)
    denominator = property(lambda self: 1)

    def __str__(self) -> str:
        return Whole.told

    def __format__(self, spec: str) -> str:
        return Whole.told

    def __abs__(self) -> "Whole":
        return self


def forged(genuine: object, **changes: object) -> object:
    """An object of the same class as a genuine one with other contents, made without the class's own constructor."""
    kind = type(genuine)
    if isinstance(genuine, tuple):
        old = [(getattr(genuine, name), new) for name, new in changes.items() if hasattr(genuine, name)]
        inside = [next((new for was, new in old if was is item), item) for item in tuple.__getitem__(genuine, slice(9))]
        return tuple.__new__(kind, inside)
    slots = tuple(kind.__slots__)
    # the same base and the same slots: then Python allows the class to be assigned
    open_kind = {"__slots__": slots, "__setattr__": object.__setattr__}
    made = object.__new__(type("Disguise", (kind.__base__,), open_kind))
    for name in slots:
        if name != "__weakref__":
            setattr(made, name, changes.get(name, getattr(genuine, name)))
    made.__class__ = kind
    return made
