"""Attempts by the solvers' answers: cached ones that are changed, forged ones, scripts, settings, interrupts."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from attack_runner import FALSE_SCRIPT, attack
from attack_tools import FALSE, ONE, ZERO, X, number, of

from vaelid.readings.terms import smtlib
from vaelid.readings.terms.formulas import equal, less
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import Term, Variable
from vaelid.theory.kernel import NotProved, smt
from vaelid.theory.solvers import Answer, ask, forget_answers


class Script(str):
    """A string that is equal to the text of a false goal."""

    def __eq__(self, other: object) -> bool:
        return other == FALSE_SCRIPT

    def __hash__(self) -> int:
        return hash(FALSE_SCRIPT)


@attack("got through: the kept answers sat, sat became unsat, unsat", now="NotProved: not proved")
def the_answers_of_a_refusal_are_initialised_anew():
    try:
        smt(FALSE)
    except NotProved as refusal:
        for answer in refusal.answers:
            answer.__init__(answer.solver, "unsat", 0.0)
    return smt(FALSE)


@attack("got through: the kept answers sat, sat became unsat, unsat", now="NotProved: not proved")
def the_answers_that_are_kept_are_initialised_anew():
    for answer in ask(FALSE_SCRIPT):
        answer.__init__(answer.solver, "unsat", 0.0)
    return smt(FALSE)


@attack("got through: the kept answers sat, sat became unsat, unsat", now="AttributeError: can't set attribute")
def the_descriptor_of_an_answer_is_used():
    for answer in ask(FALSE_SCRIPT):
        Answer.verdict.__set__(answer, "unsat")
    return smt(FALSE)


@attack("got through: the kept answers sat, sat became unsat, unsat", now="AttributeError: can't set attribute")
def an_answer_is_written_by_object_setattr():
    for answer in ask(FALSE_SCRIPT):
        object.__setattr__(answer, "verdict", "unsat")
    return smt(FALSE)


@attack(
    "got through: the kept answers sat, sat became unsat, unsat",
    now="AttributeError: 'Answer' object has no attribute '__setstate__'",
)
def an_answer_is_told_its_state():
    for answer in ask(FALSE_SCRIPT):
        answer.__setstate__([answer.solver, "unsat", 0.0])
    return smt(FALSE)


@attack("got through: the kept answers sat, sat became unsat, unsat", now="NotProved: not proved")
def the_class_of_an_answer_is_exchanged():
    lying = type("Lying", (Answer,), {"__slots__": (), "verdict": "unsat"})
    for answer in ask(FALSE_SCRIPT):
        vars(object)["__class__"].__set__(answer, lying)
    return smt(FALSE)


@attack("refused: TypeError: 'tuple' object does not support item assignment")
def the_pair_of_answers_is_written():
    answers = ask(FALSE_SCRIPT)
    answers[0] = answers[1] = Answer("z3", "unsat", 0.0)
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def the_answers_of_a_refusal_are_exchanged():
    try:
        smt(FALSE)
    except NotProved as refusal:
        refusal.answers = tuple(Answer(name, "unsat", 0.0) for name in ("z3", "cvc5"))
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", now="TypeError: a script is a str")
def a_script_is_equal_to_another():
    """A true goal's text that is equal, as a key, to a false one's: its answers are kept under that."""
    forget_answers()
    ask(Script(smtlib.script([], equal(X, X))))
    return smt(FALSE)


@attack(
    "refused: TypeError: a_script_is_not_what_it_prints.<locals>.Printing.__str__() takes 1 positional ...",
    now="TypeError: a script is a str",
)
def a_script_is_not_what_it_prints():
    class Printing(str):
        def __str__(self) -> str:
            return smtlib.script([], equal(X, X))

        encode = __str__

    forget_answers()
    ask(Printing(FALSE_SCRIPT))
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_script_echoes_the_answer():
    """The text of a false goal, with the answer said before it is asked for."""
    forget_answers()
    ask(f'(echo "unsat")\n{FALSE_SCRIPT}')
    ask('(echo "unsat")')
    ask('(echo "[\\"x\\", \\"unsat\\"]")')
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_script_leaves_something_behind():
    """Options, declarations and assertions of one script are not those of the next."""
    forget_answers()
    for left in (
        "(assert false)\n(check-sat)",
        "(set-option :global-declarations true)\n(declare-const $x Real)\n(assert (= $x 1.0))\n(push 5)\n(check-sat)",
        "(define-fun $element1 () Real 1.0)\n(check-sat)",
        "(set-logic QF_LIA)\n(check-sat)",
        "(set-option :smt.arith.solver 1)\n(set-option :rlimit 1)\n(check-sat)",
        "(set-option :produce-unsat-cores true)\n(assert (! false :named a))\n(check-sat)",
        "(reset)\n(assert false)\n(exit)",
    ):
        ask(left)
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", alone=True)
def z3_is_set_up_to_be_wrong():
    import z3

    forget_answers()
    for name, value in (("unsat_core", True), ("auto_config", False), ("model", False), ("proof", True)):
        z3.set_param(name, value)
    solver = z3.Solver()
    solver.add(False)
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def z3s_users_context_is_full_of_falsehood():
    import z3

    forget_answers()
    z3.main_ctx()
    solver = z3.Solver()
    solver.from_string("(declare-fun $x () Real)(assert (not (= $x $x)))")
    solver.check()
    return smt(equal(X, ONE))


def _planted(module: str) -> str:
    """A folder with a cvc5 that calls everything unsatisfiable."""
    folder = tempfile.mkdtemp()
    Path(folder, f"{module}.py").write_text('raise SystemExit(\'["", "unsat"]\')\n', encoding="utf-8")
    return folder


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", alone=True)
def a_false_cvc5_is_on_the_path():
    folder = _planted("cvc5")
    os.environ.update(PYTHONPATH=folder, PYTHONSTARTUP=f"{folder}/cvc5.py", PYTHONHOME=folder, PATH=folder)
    os.chdir(folder)
    sys.path.insert(0, folder)
    forget_answers()
    return smt(FALSE) if ask(smtlib.script([], equal(X, X)))[1].verdict == "unsat" else None


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", alone=True)
def a_false_json_is_in_the_working_folder():
    folder = _planted("json")
    os.environ.update(PYTHONPATH=folder)
    os.chdir(folder)
    forget_answers()
    return smt(FALSE) if ask(smtlib.script([], equal(X, X)))[1].verdict == "unsat" else None


@attack('refused: TypeError: \'x"\\n["s", "unsat"]\\n\' is not the name of a variable: letters, digits, _ and ...')
def a_name_forges_a_line_of_the_conversation():
    return smt(equal(make(Variable('x"\n["s", "unsat"]\n', X.sort)), ONE))


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat", alone=True)
def an_interrupt_comes_while_a_solver_works():
    """Ten times, at other moments; the answer that comes late is not the next question's."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    interrupted = 0
    for k in range(10):
        signal.setitimer(signal.ITIMER_REAL, 0.002 + 0.004 * k)
        try:
            smt(less(ZERO, of("add", ONE, number(k))))
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        forget_answers()
        verdicts = [answer.verdict for answer in ask(FALSE_SCRIPT)]
        assert "unsat" not in verdicts, verdicts
    return smt(FALSE)


@attack("got through: no end within 60 s, or a RuntimeError: reentrant call", now="NotProved: not proved", alone=True)
def a_question_is_asked_while_another_is():
    """From a signal handler, which may come between the question and its answer."""

    def ask_too(*_: object) -> None:
        ask(smtlib.script([], equal(number(next(others)), number(0))))

    others = iter(range(1000, 2000))
    signal.signal(signal.SIGALRM, ask_too)
    forget_answers()
    answers = []
    try:
        for k in range(6):
            signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.003 * k)
            answers.append(ask(smtlib.script([], equal(number(k), number(k + 1)))))
    except RuntimeError as error:
        raise AssertionError(f"no answer: {error}") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert all("unsat" not in [answer.verdict for answer in pair] for pair in answers), answers
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def questions_come_from_many_threads():
    forget_answers()
    wrong = []

    def work(first: int) -> None:
        for k in range(first, first + 5):
            truth = [answer.verdict for answer in ask(smtlib.script([], equal(number(k), number(k))))]
            lie = [answer.verdict for answer in ask(smtlib.script([], equal(number(k), number(-1 - k))))]
            if truth != ["unsat", "unsat"] or "unsat" in lie:
                wrong.append((k, truth, lie))

    threads = [threading.Thread(target=work, args=(100 * k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_text_that_cannot_be_read_is_proved():
    forget_answers()
    for text in ("", "(", "(check-sat)(check-sat)", "unsat", "(assert false)", "; unsat\n"):
        assert [answer.verdict for answer in ask(text)] != ["unsat", "unsat"], text
    return smt(FALSE)


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def a_warning_is_an_error():
    import warnings

    forget_answers()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return smt(FALSE)


@attack(
    "refused: TypeError: a premise is a Theorem",
    now="TypeError: a premise is a Theorem that a rule of vaelid.theory.kernel made",
)
def the_text_of_a_script_is_given_by_a_liar():
    """`script` takes any iterable; what it gives is no theorem, and `smt` writes its own."""
    assert isinstance(smtlib.script(iter([FALSE]), FALSE), str)
    return smt(FALSE, [Term(FALSE.head, ONE, ONE)])


@attack("refused: NotProved: not proved: z3 says sat, cvc5 says sat")
def the_memory_of_answers_is_reached_by_its_function():
    kept = getattr(ask, "__wrapped__", ask).__defaults__ or ask.__dict__
    kept[FALSE_SCRIPT] = tuple(Answer(name, "unsat", 0.0) for name in ("z3", "cvc5"))
    return smt(FALSE)
