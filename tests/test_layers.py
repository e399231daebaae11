"""The layers, and the rooms of the auditor: imports go down only, and no module imports itself in the end.

Nothing inside imports the package root. A rule names only what is there, but for rooms that are marked as prepared.
"""

import ast
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
LAYERS = ("lazy", "spec", "readings", "theory", "auditor", "train", "interface")

AUDITOR = "vaelid.auditor"
ROOMS = {  # from the top to the ground: what each room may import besides itself, rooms or single files of them
    "judgement": "refutation recognition model lifting proofs recording formula findings",
    "examination": "recording formula findings",  # the second road, beside judgement: no import either way
    "refutation": "recognition model lifting proofs recording formula findings",
    "recognition": "model lifting proofs recording formula findings",
    "model": "lifting proofs recording formula findings",
    "lifting": "recording formula findings",
    "proofs": "formula",
    "recording": "formula.errors findings.twins",
    "formula": "findings",
    "findings": "",
}
PREPARED: set[str] = set()  # rooms that have their place in the order, and are not made yet
ALL_ROOMS = " ".join(ROOMS)
FILES = {  # beside the rooms, from the top. No room imports any of these
    "__init__": "step loss kl sampler findings",
    **dict.fromkeys(("step", "loss", "kl", "sampler"), f"doors pipeline {ALL_ROOMS}"),  # no door imports another
    "pipeline": ALL_ROOMS,
    "doors": "recording formula findings",
}


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((SOURCE / "vaelid").rglob("*.py"))}


def imports_of(text: str) -> set[str]:
    """Modules of vaelid that a source text imports, at any depth; "vaelid" itself where the root is used."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            found |= {full if (full := f"{module}.{a.name}") in MODULES else module for a in node.names}
    return {name for name in found if name == "vaelid" or name.startswith("vaelid.")}


def layer(module: str) -> str:
    return module.split(".")[1]


def violations(graph: dict[str, set[str]]) -> list[str]:
    found = []
    for module, imported in graph.items():
        if module in ("vaelid", "vaelid.__main__"):
            continue
        for other in imported:
            if other == "vaelid":
                found.append(f"{module} imports the package root")
            elif LAYERS.index(layer(other)) > LAYERS.index(layer(module)):
                found.append(f"{module} imports upward: {other}")
    try:
        TopologicalSorter({m: imported - {m} for m, imported in graph.items()}).prepare()
    except CycleError as error:
        found.append("cycle: " + " -> ".join(error.args[1]))
    return found


def against_rooms(graph: dict[str, set[str]]) -> list[str]:
    """Imports inside the auditor that the lists of its rooms and files do not allow."""
    allowed = {**FILES, **ROOMS}
    found = []
    for module, imported in graph.items():
        if module != AUDITOR and not module.startswith(f"{AUDITOR}."):
            continue
        here = place(module)
        if here not in allowed:
            found.append(f"{module} is in no room")
            continue
        for other in sorted(name for name in imported if name == AUDITOR or name.startswith(f"{AUDITOR}.")):
            inside = other.removeprefix(AUDITOR).removeprefix(".")
            listed = any(inside == name or inside.startswith(f"{name}.") for name in allowed[here].split())
            if place(other) != here and not listed:
                found.append(f"{module} imports {other}: the list of {here} does not allow it")
    return found


def place(module: str) -> str:
    """The room of a module of the auditor, or the file beside the rooms that it is."""
    return (module.removeprefix(AUDITOR).removeprefix(".") or "__init__").split(".")[0]


def rooms_amiss(made: set[str], rules: dict[str, str], prepared: set[str]) -> list[str]:
    """Rooms that are named in a rule and not there, or are there and not named; and rules that go up."""
    order = list(rules)
    found = [f"{room} is no room: make it, or mark it as prepared" for room in order if room not in made | prepared]
    found += [f"{room} is made: it is no longer prepared" for room in sorted(prepared & made)]
    found += [f"{room} is prepared, and has no place in the order" for room in sorted(prepared - {*order})]
    found += [f"{room} is in no rule" for room in sorted(made - {*order})]
    for room, names in rules.items():
        up = order[: order.index(room) + 1]
        found += [f"{room} may import {name}: not below it" for name in names.split() if name.split(".")[0] in up]
    return found


GRAPH = {name: imports_of(path.read_text()) for name, path in MODULES.items()}


def test_imports_go_down_only_and_have_no_cycle():
    assert violations(GRAPH) == []


def test_the_entry_of_the_command_imports_nothing_of_vaelid_before_it_can_answer_an_interruption():
    tree = ast.parse((SOURCE / "vaelid_command.py").read_text())
    first = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in first] == ["import atexit", "import os", "import signal"]
    assert imports_of(ast.unparse(tree)) == {"vaelid.interface.cli.main"}
    assert GRAPH["vaelid.__main__"] == set()


def test_the_wheel_has_every_module_that_an_entry_point_names():
    project = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())
    groups = [project["project"]["scripts"], *project["project"]["entry-points"].values()]
    modules = [target.partition(":")[0] for group in groups for target in group.values()]
    assert modules == ["vaelid_command", "pytest_vaelid"]
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert packed == ["src/vaelid", *(f"src/{module}.py" for module in modules)]


def test_every_folder_is_a_known_layer():
    folders = {layer(module) for module in MODULES if module.count(".")} - {"__main__"}
    assert folders == set(LAYERS)


@pytest.mark.parametrize(
    ("module", "text", "complaint"),
    [
        ("vaelid.spec.latent", "from vaelid.train.model import VAE", "imports upward: vaelid.train.model"),
        ("vaelid.train.loop", "import vaelid.interface.fit", "imports upward: vaelid.interface.fit"),
        ("vaelid.train.loop", "def f():\n    from vaelid.interface import fit", "imports upward: vaelid.interface.fit"),
        ("vaelid.interface.fit", "import vaelid", "imports the package root"),
        ("vaelid.interface.fit", "from vaelid import VAE", "imports the package root"),
        ("vaelid.spec.arrays", "import vaelid.spec.latent", "cycle"),
    ],
)
def test_the_check_can_fail(module, text, complaint):
    graph = {**GRAPH, module: GRAPH[module] | imports_of(text)}
    assert any(complaint in violation for violation in violations(graph))


def test_imports_between_rooms_are_those_that_the_lists_allow():
    assert against_rooms(GRAPH) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("formula.patterns", "from vaelid.auditor.lifting.axes import Axes"),  # up
        ("model.roles", "def f():\n    import vaelid.auditor.judgement.names"),  # up, and inside a function
        ("lifting.lift", "from vaelid.auditor.proofs.sums import split"),  # down, but lifting does not prove
        ("proofs.laws", "from vaelid.auditor.recording.record import record"),  # down, but proofs are of terms alone
        ("recording.record", "from vaelid.auditor.formula import patterns"),  # the room, but not its errors
        ("recording.record", "from vaelid.auditor.findings.report import Report"),
        ("judgement.verdict", "from vaelid.auditor.examination.runs import again"),
        ("examination.runs", "from vaelid.auditor.judgement.verdict import verdict"),
        ("examination.runs", "from vaelid.auditor.lifting.lift import lift"),
        ("judgement.verdict", "from vaelid.auditor.pipeline import assess"),
        ("findings.report", "from vaelid.auditor import audit"),
        ("pipeline", "from vaelid.auditor.doors import door"),
        ("pipeline", "from vaelid.auditor import step"),
        ("kl", "from vaelid.auditor.step import audit"),
        ("doors", "from vaelid.auditor.judgement.verdict import verdict"),
        ("attic.chest", "from vaelid.auditor.findings.report import Report"),
        ("unheard_of", ""),
    ],
)
def test_an_import_that_no_list_allows_is_reported(module, text):
    module = f"{AUDITOR}.{module}"
    found = against_rooms({module: imports_of(text)})
    assert len(found) == 1
    assert found[0].startswith(f"{module} ")


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("recording.calls", "from vaelid.auditor.formula.errors import Unread"),
        ("examination.runs", "from vaelid.auditor.recording.record import record"),
        ("judgement.verdict", "import vaelid.auditor.judgement.names, vaelid.auditor.refutation.search"),
        ("step", "from vaelid.auditor.doors import door\nfrom vaelid.auditor.pipeline import assess"),
    ],
)
def test_an_import_that_a_list_allows_is_not_reported(module, text):
    module = f"{AUDITOR}.{module}"
    assert against_rooms({module: imports_of(text)}) == []


def test_the_rules_name_the_rooms_that_there_are():
    folder = SOURCE / AUDITOR.replace(".", "/")
    made = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert rooms_amiss(made, ROOMS, PREPARED) == []
    assert {path.stem for path in folder.glob("*.py")} == set(FILES)


def test_a_rule_that_names_no_room_is_reported():
    rules = {"top": "middle ground.errors", "later": "ground", "middle": "ground", "ground": ""}
    made = {"top", "middle", "ground"}
    assert rooms_amiss(made, rules, {"later"}) == []
    assert rooms_amiss(made, rules, set()) == ["later is no room: make it, or mark it as prepared"]
    assert rooms_amiss({*made, "later"}, rules, {"later"}) == ["later is made: it is no longer prepared"]
    assert rooms_amiss({*made, "cellar"}, rules, {"later"}) == ["cellar is in no rule"]
    assert rooms_amiss(made, {**rules, "ground": "top"}, {"later"}) == ["ground may import top: not below it"]
    assert rooms_amiss(made, rules, {"later", "never"}) == ["never is prepared, and has no place in the order"]


@pytest.mark.parametrize("room", sorted(set(ROOMS) - PREPARED))
def test_a_room_says_what_it_may_import(room):
    said = ast.get_docstring(ast.parse(MODULES[f"{AUDITOR}.{room}"].read_text()))
    named = re.findall(r"[\w.]+\b", said.partition("May import from ")[2])
    assert named == ROOMS[room].split()
    assert named or said.endswith("Imports from no other room.")


def test_the_spec_imports_no_torch_and_only_the_files_module_opens_files():
    for name, path in MODULES.items():
        tree = ast.parse(path.read_text())
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        imported |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        called = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        opened = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        if name.startswith("vaelid.spec"):
            assert not any(m.split(".")[0] in ("torch", "flint", "z3", "cvc5") for m in imported), name
        if name != "vaelid.interface.files" and not name.startswith("vaelid.interface.readers"):
            assert not called & {"write_bytes", "write_text", "memmap", "loadtxt", "fromfile", "mkdir"}, name
            assert "open" not in opened, name
        assert not opened & {"eval", "exec"}, name
        assert not any(m.split(".")[0] in ("pickle", "cloudpickle", "joblib", "dill") for m in imported), name
