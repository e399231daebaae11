"""The layers: imports go down only, no module cycle, and nothing inside imports the package root."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
LAYERS = ("lazy", "spec", "readings", "theory", "auditor", "certify", "train", "interface")


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


GRAPH = {name: imports_of(path.read_text()) for name, path in MODULES.items()}


def test_imports_go_down_only_and_have_no_cycle():
    assert violations(GRAPH) == []


def test_every_folder_is_a_known_layer():
    folders = {layer(module) for module in MODULES if module.count(".")} - {"__main__"}
    assert folders <= set(LAYERS)


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
