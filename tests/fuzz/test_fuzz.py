"""A short run of the fuzz; and readers with a check left out, each of which it catches."""

import json
from collections import Counter

import pytest
from tests.fuzz.edits import Edit
from tests.fuzz.folders import copy, make
from tests.fuzz.outcomes import COMMANDS, Judge
from tests.fuzz.workers import cases

from vaelid.interface import log, recorded, runs
from vaelid.train import checkpoint, facts

FAULTS = {"wrong", "traceback", "hang", "memory"}
SHORT = 90


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return make(tmp_path_factory.mktemp("fuzz") / "pristine")


@pytest.fixture(scope="module")
def judge(pristine):
    return Judge(pristine, pristine.base.parent / "judged")


@pytest.mark.parametrize("kind", ["structure", "bytes"])
def test_edited_folders_are_refused_or_are_the_same_run(judge, kind):
    done = [judge.case(number, seed=1, kind=kind) for number in range(SHORT)]
    assert [case for case in done if case.verdict in FAULTS] == []
    verdicts = Counter(case.verdict for case in done)
    assert verdicts["refused"] > SHORT / 3
    assert verdicts["same"] > SHORT / 10
    assert {case.command for case in done} == set(COMMANDS)


def found(judge, command=None, only=None, kind="structure"):
    """The verdict of the first fault in 300 edits."""
    for number in range(300):
        case = judge.case(number, 2, kind, command, only)
        if case.verdict in FAULTS:
            return case.verdict
    return None


def nothing(*_, **__):
    return []


def test_a_reader_that_compares_no_identity_is_caught(judge, monkeypatch):
    monkeypatch.setattr(runs, "differences", nothing)
    assert found(judge, "evaluate", "config.json") == "wrong"


def test_a_reader_that_resumes_another_runs_checkpoint_is_caught(judge, monkeypatch):
    monkeypatch.setattr(checkpoint, "differences", nothing)
    assert found(judge, "resume", "config.json") == "wrong"


def test_a_reader_that_compares_no_rows_is_caught(judge, monkeypatch):
    monkeypatch.setattr(recorded, "fingerprint", lambda data: json_digest(judge))
    assert found(judge, "encode", "x.npy", "bytes") == "wrong"


def json_digest(judge) -> str:
    return json.loads((judge.pristine.of("whole") / "config.json").read_text())["data"]["digest"]


def test_a_reader_that_takes_any_log_is_caught(judge, monkeypatch):
    expected = judge.content
    monkeypatch.setattr(log, "history_digest", lambda history: digest_of(judge))
    assert found(judge, "report", "log.jsonl") == "wrong"
    assert judge.content is expected


def digest_of(judge) -> str:
    header = checkpoint.decode_header((judge.pristine.of("whole") / "model.safetensors").read_bytes(), "model")
    return json.loads(header.seal.facts)["history"]


def test_a_reader_that_checks_no_checksum_is_caught(judge, monkeypatch):
    class Any(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

    monkeypatch.setattr(checkpoint, "_digest", lambda tensors, text: Any())
    assert found(judge, "load", "model.safetensors", "bytes") == "wrong"


def test_a_reader_that_lets_json_have_its_way_is_caught(judge, monkeypatch):
    monkeypatch.setattr(facts, "_parse", lambda data, where: json.loads(data))
    assert found(judge) == "traceback"


def test_a_hang_and_a_hunger_for_memory_are_seen(judge, monkeypatch):
    folders = copy(judge.pristine, judge.base)
    monkeypatch.setattr("tests.fuzz.outcomes.SECONDS", 0.2)

    def endless(*_):
        while True:
            pass

    with monkeypatch.context() as patch:
        patch.setattr(runs, "decode_config", endless)
        assert judge.judged("evaluate", folders, Edit(""))[0] == "hang"

    def hungry(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 256 GB")

    monkeypatch.setattr(runs, "decode_config", hungry)
    assert judge.judged("evaluate", folders, Edit(""))[0] == "memory"


def test_a_case_is_the_same_wherever_it_is_begun(judge, pristine):
    """And is done by a worker with a limit of memory as it is done here."""
    here = [judge.case(number, 3, "structure") for number in range(5, 9)]
    there = list(cases(pristine, seed=3, kind="structure", start=5, count=4, workers=1))
    assert [(c.number, c.command, c.edit, c.verdict) for c in there] == [
        (c.number, c.command, c.edit, c.verdict) for c in here
    ]
