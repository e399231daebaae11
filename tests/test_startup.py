"""What is imported when: `import vaelid` and each command load no more than they need; a lazy package is a package."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import vaelid
from vaelid import spec
from vaelid.interface import audit as of_audits

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "numpy",
    "scipy",
    "sklearn",
    "PIL",
    "pyarrow",
    "z3",
    "cvc5",
    "flint",
    "tqdm",
    "jaxtyping",
    "safetensors",
}
READS_SPEC = {"numpy", "jaxtyping"}
COMMANDS = ("demo", "train", "evaluate", "encode", "reconstruct", "sample", "report", "audit", "theorems")

# in one process, from light to heavy: what a line may have loaded, the lines after it may have too
LIGHT = [
    ("import vaelid", [], set()),
    *((f"{command} --help", [command, "--help"], set()) for command in COMMANDS if command != "train"),
    ("--help", ["--help"], set()),
    ("--version", ["--version"], set()),
    ("no such command", ["trian"], set()),
    ("no DATA", ["train", "--out", "run"], set()),
    ("no such option", ["audit", "f.py:loss", "--bta", "1"], set()),
    ("no RUN", ["evaluate"], set()),
    ("audit of no place", ["audit", "loss"], set()),
    ("audit of a missing file", ["audit", "missing.py:loss"], set()),
    ("audit of a loss", ["audit", "loss.py:kl"], set()),
    ("audit of a missing folder", ["audit", "missing.py"], {"numpy", "PIL"}),
    ("the listing of a file", ["audit", "loss.py"], {"numpy", "PIL"}),
    ("train --help", ["train", "--help"], READS_SPEC | {"PIL"}),
]
THEOREM = [("a theorem", ["theorems", "kl_loss_nonneg"], READS_SPEC | {"PIL", "z3"})]
TRAINS = {"torch", "tqdm", "safetensors", "PIL"} | READS_SPEC
TRAIN = [
    ("train on a missing file", ["train", "missing.npy", "--out", "run"], TRAINS),
    ("evaluate a missing run", ["evaluate", "missing"], TRAINS),
    ("report a missing run", ["report", "missing"], TRAINS | {"flint", "z3", "cvc5", "scipy", "sklearn"}),
]

SCRIPT = """
import contextlib, io, json, sys
import vaelid
from vaelid.interface.cli import main

heavy, calls = json.loads(sys.argv[1])
found = [sorted(set(heavy) & set(sys.modules))]
for arguments in calls:
    if arguments:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                main(arguments)
            except SystemExit as ended:
                assert ended.code in (0, 64), (arguments, ended.code)
    found.append(sorted(set(heavy) & set(sys.modules)))
print(json.dumps(found[1:]))
"""
KL = "import torch\ndef kl(mu, logvar):\n    return -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())\n"


@pytest.mark.parametrize("lines", [LIGHT, THEOREM, TRAIN], ids=["light", "theorem", "train"])
def test_what_is_loaded(lines, tmp_path):
    (tmp_path / "loss.py").write_text(KL)
    given = json.dumps([sorted(HEAVY), [arguments for _, arguments, _ in lines]])
    command = [sys.executable, "-W", "error", "-c", SCRIPT, given]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    for (name, _, allowed), loaded in zip(lines, json.loads(found.stdout), strict=True):
        assert set(loaded) <= allowed, name


def test_the_check_can_fail(tmp_path):
    given = json.dumps([sorted(HEAVY), [["train", "--help"]]])
    found = subprocess.run([sys.executable, "-c", SCRIPT, given], cwd=tmp_path, capture_output=True, check=True)
    assert "numpy" in json.loads(found.stdout)[0]


IN_A_FRESH_PROCESS = """
import importlib, pickle, sys, threading
import vaelid

assert "torch" not in sys.modules
assert set(vaelid.__all__) < set(dir(vaelid)) and "__version__" in dir(vaelid)
names, barrier, failures = list(vaelid.__all__), threading.Barrier(8), []

def first(order):
    barrier.wait()
    try:
        for name in order:
            assert getattr(vaelid, name) is getattr(vaelid, name), name
            assert getattr(vaelid.spec, "ElboTerms").__name__ == "ElboTerms"
    except BaseException as error:
        failures.append(repr(error))

threads = [threading.Thread(target=first, args=(names[k:] + names[:k],)) for k in range(0, 24, 3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert failures == [], failures

before = vaelid.VAE
assert pickle.loads(pickle.dumps(vaelid.VAE)) is before and pickle.loads(pickle.dumps(vaelid.fit)) is vaelid.fit
assert importlib.reload(vaelid) is vaelid and vaelid.VAE is before and vaelid.__version__
namespace = {}
exec("from vaelid import *", namespace)
assert set(vaelid.__all__) <= set(namespace), set(vaelid.__all__) - set(namespace)

import vaelid.auditor, vaelid.interface.evaluate, vaelid.interface.audit.assertion, vaelid.spec.likelihoods.likelihood
assert callable(vaelid.audit) and callable(vaelid.evaluate) and callable(vaelid.spec.likelihood)
assert vaelid.interface.audit.assert_elbo.__name__ == "assert_elbo"
import pydoc
assert "Minimise the mean over rows" in pydoc.render_doc(vaelid)
"""


def test_first_access_in_threads_pickling_reloading_star_and_help():
    found = subprocess.run([sys.executable, "-W", "error", "-c", IN_A_FRESH_PROCESS], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("package", [vaelid, spec, of_audits])
def test_a_name_that_is_not_there_is_an_attribute_error_as_usual(package):
    with pytest.raises(AttributeError, match=rf"^module '{package.__name__}' has no attribute 'fitt'$") as raised:
        package.fitt  # noqa: B018
    assert (raised.value.name, raised.value.obj) == ("fitt", package)
    assert not hasattr(package, "__wrapped__")


def test_modules_of_a_lazy_package_are_found_without_importing_them():
    script = "import vaelid; print(vaelid.spec.latent.__name__, vaelid.auditor.__name__)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "vaelid.spec.latent vaelid.auditor\n"


@pytest.mark.parametrize("package", [vaelid, spec, of_audits])
def test_type_checkers_and_python_see_the_same_names(package):
    """Pyright reads the stub; `attach` does too. Sorted, and each once: it is a table of contents."""
    imports = [line.split() for line in Path(package.__file__).with_suffix(".pyi").read_text().splitlines()]
    names = [words[-1] for words in imports if words[:1] == ["from"]]
    assert sorted(names) == package.__all__
    assert all(words[-1] == words[-3] for words in imports if words[:1] == ["from"]), "exported as it is"
