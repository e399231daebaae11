"""Runs every recorded attack in a process of its own and judges what it obtained. Prints the outcomes as JSON.

An attack is a function that tries, by public means, to obtain a false theorem or to change something that a theorem
rests on. It got through if it returns a theorem of a false statement that the kernel accepts as a premise, or if any
theorem, term, axiom, definition or solver's answer reads differently afterwards. Each runs in a fork, because an
attack that gets through spoils the process.

    python tests/theory/attack_runner.py [NAME ...]
"""

import json
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection

from attack_tools import FALSE, ONE, ZERO, A, I, N, X, of, total, whole

from vaelid.readings.terms import smtlib
from vaelid.readings.terms.formulas import conjunction, disjunction, equal, for_all, less, less_equal, negation
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, REAL, VECTOR, Bound, Lambda, Power, Symbol
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import AXIOMS, Theorem, axiom, generalize, instantiate, smt, sum_equations, unfold
from vaelid.theory.solvers import ask

__all__ = ["MODULES", "Attack", "attack", "attacks"]

MODULES = (
    "attacks_on_objects",
    "attacks_by_copies",
    "attacks_on_layout",
    "attacks_by_classes",
    "attacks_on_tables",
    "attacks_by_liars",
    "attacks_between",
    "attacks_on_rules",
    "attacks_on_names",
    "attacks_on_solvers",
)
SECONDS = 60


@dataclass(frozen=True)
class Attack:
    """What is tried, what came of it at first (on version 0.2.0, or as its file says), and how it is refused now."""

    run: Callable[[], object]
    first: str
    now: str
    alone: bool = False
    """Whether it changes the process in ways that are no fault: its folder, its signal handlers, its environment."""

    @property
    def name(self) -> str:
        """The attack's name."""
        return self.run.__name__

    @property
    def got_through_at_first(self) -> bool:
        """Whether it got through at first."""
        return self.first.startswith("got through")


def attack(first: str, *, now: str | None = None, alone: bool = False) -> Callable[[Callable[[], object]], Attack]:
    """Record a function as an attack with its first result, and with how it is refused now, where that differs."""
    refusal = first.removeprefix("refused: ") if now is None else now
    return lambda run: Attack(run, first, refusal.partition(": z3 says")[0].removesuffix(" ..."), alone)


def attacks() -> list[Attack]:
    """All of them, in the order of the files."""
    found = [vars(import_module(module)).values() for module in MODULES]
    return [one for values in found for one in values if isinstance(one, Attack)]


TWICE = Symbol("twice_of_attack", (X.head,), of("add", X, X))
THEOREMS = {
    "reflexive": smt(equal(X, X)),
    "distinct": smt(negation(equal(ZERO, ONE))),
    "positive": smt(less(ZERO, ONE)),
    "axiom": axiom("pi_pos"),
    "empty sum": sum_equations()[0],
    "longer sum": sum_equations()[1],
    "definition": unfold(TWICE),
    "general": generalize(smt(equal(element(A, I), element(A, I))), I.head),
    "instance": instantiate(smt(equal(X, X)), {X.head: ONE}),
    "discrete": smt(disjunction(less_equal(N, whole(0)), less_equal(whole(1), N))),
}
VARIABLES = (X.head, N.head, A.head)
MAKERS = (
    lambda: FALSE,
    lambda: less(ZERO, ONE),
    lambda: equal(ONE, ONE),
    lambda: conjunction(equal(X, ZERO), equal(whole(2), N)),
    lambda: make(Power(2), X),
    lambda: element(A, make(Bound(0))),
    lambda: total(N, element(A, make(Bound(0)))),
    lambda: for_all(I.head, equal(element(A, I), ZERO)),
    lambda: make(Lambda(1), of("exp", element(A, make(Bound(0))))),
    lambda: make(TWICE, ONE),
)
TERMS = [(made(), made) for made in MAKERS]
FALSE_SCRIPT = smtlib.script([], FALSE)
ask(FALSE_SCRIPT)


def _things() -> Iterator[tuple[str, Callable[[], object]]]:
    """What must read the same before and after an attack."""
    for name, theorem in THEOREMS.items():
        yield f"theorem {name}", lambda t=theorem: (
            text(t.statement), t.rule, sorted(t.axioms), [text(premise.statement) for premise in t.premises]
        )  # fmt: skip
    for name in ("exp_zero", "pi_pos", "log_exp", "abs_neg"):
        yield f"axiom {name}", lambda n=name: text(axiom(n).statement)
        yield f"listed {name}", lambda n=name: text(AXIOMS[n].statement)
    yield "axioms", lambda: list(AXIOMS)
    yield "definition", lambda: text(unfold(TWICE).statement)
    for term, made in TERMS:
        yield "term", lambda t=term: (text(t), t.loose, t.sort.name, t.sort.rank)
        yield "term made again", lambda t=term, m=made: (m() is t, text(m()))
    yield "variables", lambda: [(v.name, v.sort.name, v.sort.rank) for v in VARIABLES]
    yield "sorts", lambda: [(sort.name, sort.rank) for sort in (REAL, INDEX, VECTOR)]
    yield "a false script", lambda: [answer.verdict for answer in ask(FALSE_SCRIPT)]


def seen() -> list[str]:
    """How everything reads now."""
    found = []
    for what, read in _things():
        try:
            found.append(f"{what}: {read()}")
        except Exception as error:
            found.append(f"{what}: {_said(error)}")
    return found


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:200]


def outcome(run: Callable[[], object]) -> str:
    """What came of an attack: `got through: ...` or `refused: ...`."""
    before = seen()
    said = "nothing changed"
    obtained = None
    try:
        obtained = run()
    except AssertionError as error:  # the attack found that something is not as it should be
        return f"got through: {error}"
    except NameError as error:  # a slip of the pen refutes nothing
        return f"got through: not tried, {error}"
    except (Exception, KeyboardInterrupt) as error:
        said = _said(error)
    changed = [f"{old} became {new}" for old, new in zip(before, seen(), strict=True) if old != new]
    if changed:
        return f"got through: {changed[0]}"
    if isinstance(obtained, Theorem):
        try:
            instantiate(obtained, {})
        except Exception as error:
            return f"refused: {_said(error)}"
        if text(obtained.statement) in ("0 = 1", "1 < 0", "1 = 0", "1 ≤ 0"):
            return f"got through: the theorem {text(obtained.statement)}"
    return f"refused: {said}"


def _answer(chosen: list[Attack], sender: Connection) -> None:
    sender.send({one.name: outcome(one.run) for one in chosen})


def in_a_fork(chosen: list[Attack]) -> dict[str, str]:
    """The outcomes of some attacks, one after the other in a process that is then thrown away."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(chosen, sender))
    process.start()
    sender.close()
    try:
        if receiver.poll(SECONDS):
            return receiver.recv()
        return {one.name: f"got through: no end within {SECONDS} s" for one in chosen}
    except EOFError:
        process.join()
        return {one.name: f"got through: the process ended with {process.exitcode}" for one in chosen}
    finally:
        process.kill()
        process.join()


def outcomes(chosen: list[Attack]) -> dict[str, str]:
    """The outcome of each. Those that are all refused together need no process each."""
    together = in_a_fork([one for one in chosen if not one.alone])
    if any(said.startswith("got through") for said in together.values()):
        together = {}
    each = [in_a_fork([one]) for one in chosen if one.name not in together]
    return {name: said for found in [together, *each] for name, said in found.items()}


if __name__ == "__main__":
    import attack_runner  # the attacks' files import this file by its name, so that the names are those of one module

    asked = [one for one in attack_runner.attacks() if not sys.argv[1:] or one.name in sys.argv[1:]]
    json.dump(attack_runner.outcomes(asked), sys.stdout, indent=1)
