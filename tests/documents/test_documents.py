"""`docs/trust.md`, the README and the others name and count only what is so, and what they show runs."""

import doctest
import re
import shlex

import pytest
import torch
from tests.documents.counts import COUNTS, DOCUMENTS, ROOT, marked, rewritten
from tests.documents.references import named, problem
from tests.documents.tour import tour
from tests.test_layers import ROOMS

import vaelid
from vaelid.interface.audit.asked import EXIT
from vaelid.interface.cli.status import EXIT_STATUS

NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("document", NAMES)
def test_what_a_document_names_is_there(document):
    path = ROOT / document
    found = {name: said for name in named(path.read_text()) if (said := problem(name, path))}
    assert found == {}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("vaelid tarin x", "no command tarin"),
        ("vaelid encode | decode RUN", "no command decode"),
        ("vaelid audit f.py:loss --betta 1", "audit has no --betta"),
        ("vaelid --jsno", "vaelid has no --jsno"),
        ("make tests", "no target tests in the Makefile"),
        ("python -m tests.mutant", "no module tests.mutant"),
        ("python benchmarks/nothing.py", "no file benchmarks/nothing.py"),
        ("vaelid.train.twins.TWIN", "no vaelid.train.twins.TWIN"),
        ("theory/kernl.py", "no file theory/kernl.py"),
        ("tests/twin", "no file tests/twin"),
        ("kernl.py", "no file kernl.py"),
    ],
)
def test_what_is_not_there_is_found(name, says):
    assert problem(name, ROOT / "docs/trust.md") == says


@pytest.mark.parametrize("document", NAMES)
def test_what_a_document_counts_is_so(document):
    text = (ROOT / document).read_text()
    assert {name for _, name in marked(text)} <= COUNTS.keys()
    assert rewritten(text, COUNTS) == text, "write the numbers anew: make counts"


def test_a_wrong_count_is_written_anew():
    counts = {"a": lambda: 1234, "b": lambda: 8, "c": lambda: 14}
    text = "3<!--a--> of 7<!--b-->, seven<!--b--> or Nine<!--b-->, nine<!--c-->"
    assert rewritten(text, counts) == "1,234<!--a--> of 8<!--b-->, eight<!--b--> or Eight<!--b-->, 14<!--c-->"


@pytest.mark.parametrize("name", ["theorems", "axioms", "rocq_theorems", "spec_mutants", "cases", "kernel_lines"])
def test_the_counts_that_matter_are_marked_in_the_document_on_trust(name):
    assert name in {name for _, name in marked((ROOT / "docs/trust.md").read_text())}


def test_the_table_of_folders_is_the_folders():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    written = re.findall(r"^\| `src/vaelid/(\w+)` \|", text, re.MULTILINE)
    folders = {path.name for path in (ROOT / "src/vaelid").iterdir() if path.is_dir() and path.name[0] not in "_."}
    assert len(written) == len(set(written))
    assert set(written) == folders


def test_the_rooms_of_the_auditor_are_named_in_their_order():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    (said,) = re.findall(r"rooms with an order of their own, each imported only by those before it: ([^.]*)\.", text)
    assert re.findall(r"`(\w+)`", said) == list(ROOMS)


def test_no_count_of_what_the_repository_holds_is_without_its_mark():
    """A number of tests, files, claims or attacks that were made is counted; what was tried once stands in a table."""
    text = (ROOT / "docs/trust.md").read_text().partition("## What was attacked")[0]
    assert re.findall(r"(?<![\w,.])(\d[\d,]*) (?:tests|claims|files|attacks)\b", text) == []


def test_every_exit_status_is_in_the_help_and_the_document(vaelid):
    said = " ".join(vaelid("--help").out.split())
    listed = said[said.index("Exit status: ") :]
    assert all(re.search(rf"\b{status} ", listed) for status in EXIT_STATUS)
    document = " ".join((ROOT / "docs/audit-command.md").read_text().split())
    listed = document[document.index("Exit status: ") :]
    assert all(f"{status} {verdict}" in listed for verdict, status in EXIT.items())
    assert all(re.search(rf"\b{status} ", listed) for status in EXIT_STATUS)


SHOWN = [
    example
    for block in re.findall(r"```pycon\n(.*?)```", README, re.DOTALL)
    for example in doctest.DocTestParser().get_examples(block)
]


@pytest.mark.slow
@pytest.mark.parametrize("example", SHOWN, ids=[example.source.split("(")[0].strip() for example in SHOWN])
def test_what_the_readme_shows_at_the_prompt_is_what_python_answers(example, capsys):
    answer = ""
    try:
        exec(compile(example.source, "README.md", "single"), {"vaelid": vaelid, "torch": torch})
    except vaelid.VaelidError as error:
        answer = f"{type(error).__name__}: {error}\n"
    answer = " ".join((capsys.readouterr().out + answer).split())
    if example.want:  # nothing is shown of an answer that is long
        expected = " ".join(example.want.split())
        assert doctest.OutputChecker().check_output(expected, answer, doctest.ELLIPSIS), answer


COMMANDS = [line.partition("  #")[0].strip() for line in README.splitlines() if line.startswith("vaelid ")]


@pytest.mark.slow
def test_the_commands_of_the_readme_run(vaelid, folder, monkeypatch):
    """In their order, with a small data set for DATA; `encode | reconstruct | sample` are three."""
    import numpy as np

    np.save("x.npy", np.random.default_rng(0).integers(0, 2, (40, 4)))
    given = {"DATA": "x.npy", "RUN": "run", "FILE": "out.npy"}
    for line in COMMANDS:
        names, rest = re.fullmatch(r"vaelid ((?:\w+ \| )*\w+)(.*)", line).groups()
        if "theorems" in names:
            continue  # tests/interface/test_theorems.py
        for name in names.split(" | "):
            words = [given.get(word, word) for word in shlex.split(rest)]
            small = ["--epochs", "1", "--json"] if name == "train" and "--resume" not in words else []
            outcome = vaelid(name, *words, *small)
            assert outcome.status == 0, (line, outcome.err)


def test_the_tour_of_the_auditor_is_what_it_does():
    assert (ROOT / "docs/auditor.md").read_text() == tour(), "write it anew: make counts"
