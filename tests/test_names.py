"""Each name of a class or of a public function has one meaning in the whole package.

A name may be in two modules where it means one thing in both: the reasons are listed. Constants, type variables and
names that start with an underscore are left out; so are methods, which stand beside their class.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "vaelid"

_OF_THE_SPEC = "the spec's function, as this reading of the array API computes it"
_TWIN = "the spec's function, and its fast twin"
_SLOW_SIDE = "a fast loss, and the slow side that it is tied to"
_COMMAND = "the command of the command line, and the function of this name that it calls"
_FORMULA = "the same connective: of truths, of formulas, or of statements"
ALLOWED = {
    **dict.fromkeys(
        (
            "continuous_bernoulli_log_normaliser",
            "continuous_bernoulli_mean",
            "exp_minus_one_minus",
            "log_of_number",
            "log_softmax",
            "softplus",
        ),
        _OF_THE_SPEC,
    ),
    "sigmoid": "the logistic function: the spec's, as balls compute it, and as the solvers find it easiest",
    "power": "base^exponent: in balls, and as a term in the form that code means",
    "importance_weighted_bound": _TWIN,
    **dict.fromkeys(
        (
            "continuous_bernoulli_nll",
            "gaussian_fixed_nll",
            "gaussian_nll",
            "kl_sum",
            "logistic_nll",
            "negative_binomial_nll",
            "poisson_nll",
        ),
        _SLOW_SIDE,
    ),
    **dict.fromkeys(("audit", "encode", "evaluate", "theorems", "train"), _COMMAND),
    "main": "where a process starts",
    **dict.fromkeys(("both", "iff", "negation"), _FORMULA),
    "effective_beta": "the weight of the KL: its value in the spec, and the theorem of it in the theory",
    "prove": "a proof by the solvers: of a claim in text for users, which calls that of a goal",
}
"""Names that are in several modules with one meaning, and why."""


def public_names(text: str) -> Iterator[str]:
    """The classes, functions and type aliases of a module: an alias is an assignment to a name in CapWords."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not _is_type_variable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.id for t in targets if isinstance(t, ast.Name) and t.id[0].isupper() and not t.id.isupper()]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


def _is_type_variable(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "TypeVar"


def in_several(modules: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Names that are in several modules, with these; `modules`: by name, with their text."""
    found: dict[str, list[str]] = {}
    for module, text in modules:
        for name in dict.fromkeys(public_names(text)):
            found.setdefault(name, []).append(module)
    return {name: places for name, places in found.items() if len(places) > 1}


def test_each_name_has_one_meaning():
    modules = ((str(path.relative_to(SOURCE)), path.read_text()) for path in sorted(SOURCE.rglob("*.py")))
    found = in_several(modules)
    assert {name: places for name, places in found.items() if name not in ALLOWED} == {}
    assert set(ALLOWED) - set(found) == set(), "no longer in several modules: take it off the list"


@pytest.mark.parametrize(
    "text",
    ["class Sample: ...", "def sample(): ...", "async def sample(): ...", "Sample = int | None", "Sample: type = int"],
)
def test_a_name_in_two_modules_is_found(text):
    (name,) = in_several([("a.py", text), ("b.py", text)])
    assert name.lower() == "sample"


@pytest.mark.parametrize(
    "text",
    [
        "class _Sample: ...",
        "def _sample(): ...",
        "SAMPLES = 3",
        "T = TypeVar('T')",
        "sample = 3",
        "class _Outer:\n    def sample(self): ...",
        "def _outer():\n    def sample(): ...",
    ],
)
def test_what_is_no_public_name_may_be_in_two_modules(text):
    assert in_several([("a.py", text), ("b.py", text)]) == {}
