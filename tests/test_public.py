"""What the package promises by name: exports, docstrings, the names of the specification, its documents."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import vaelid
from vaelid import spec

ROOT = Path(__file__).parents[1]

PART_A = [
    "reparameterize_diag",
    "diagonal_gaussian_kl_to_standard",
    "Encoder",
    "Decoder",
    "Model",
    "encode",
    "sample_latent",
    "forward",
    "reconstruction_loss",
    "kl_loss",
    "loss",
    "WeightedTwoTerm",
    "weighted_two_term",
    "WeightedThreeTerm",
    "weighted_three_term",
    "vae_objective_terms",
    "coordinate_kl_to_standard",
    "diagonal_gaussian_kl_to_standard_sum",
    "variance_of_scale",
    "ElboTerms",
    "negative_elbo",
    "beta_negative_elbo",
]


@pytest.mark.parametrize("name", PART_A)
def test_every_definition_of_the_seed_is_in_the_spec_and_names_its_source(name):
    definition = getattr(spec, name)
    assert name in spec.__all__
    assert "Source: `" in inspect.getdoc(definition)
    camel = re.search(r"Source: `(\w+)", inspect.getdoc(definition)).group(1)
    if name != "diagonal_gaussian_kl_to_standard_sum":  # TorchLean calls it ...Real
        assert camel.lower() == name.replace("_", "").lower()


@pytest.mark.parametrize("module", [vaelid, spec])
def test_exports_exist_are_sorted_as_listed_and_documented(module):
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name
            if dataclasses.is_dataclass(value):
                assert not inspect.getdoc(value).startswith(f"{name}("), f"{name} has only the made-up docstring"


def modules():
    for info in pkgutil.walk_packages(vaelid.__path__, "vaelid."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def test_every_module_and_every_public_function_says_what_it_is():
    for module in modules():
        assert module.__doc__, module.__name__
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__:
                assert inspect.getdoc(value), f"{module.__name__}.{name}"
                for method, function in vars(value).items() if inspect.isclass(value) else ():
                    if inspect.isfunction(function) and not method.startswith("_") and method != "forward":
                        assert inspect.getdoc(function), f"{module.__name__}.{name}.{method}"


def test_every_public_function_is_annotated():
    for module in modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isfunction(value):
                signature = inspect.signature(value)
                missing = [p.name for p in signature.parameters.values() if p.annotation is inspect.Parameter.empty]
                assert not missing, f"{module.__name__}.{name}: {missing}"
                assert signature.return_annotation is not inspect.Signature.empty, f"{module.__name__}.{name}"


def test_files_have_one_subject_and_fewer_than_500_lines():
    long = {p.name: n for p in (ROOT / "src").rglob("*.py") if (n := len(p.read_text().splitlines())) > 500}
    assert long == {}


def test_the_version_is_the_same_everywhere():
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{vaelid.__version__}"' in pyproject
    assert f"version: {vaelid.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {vaelid.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    """The block is run as it stands, but for the number of epochs."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(block.replace("epochs=150", "epochs=1, progress=False"), "README.md", "exec"), {})


def test_the_links_of_the_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
