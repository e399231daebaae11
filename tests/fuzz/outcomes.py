"""A command on an edited folder, in this process, and the judgement on what came of it."""

import contextlib
import io
import json
import os
import random
import signal
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz.edits import Edit, edit_folder
from tests.fuzz.folders import Folders, copy

from vaelid.interface.cli import main
from vaelid.interface.cli.status import INTERNAL
from vaelid.interface.collect import collect_report
from vaelid.interface.run_page import render_run
from vaelid.interface.runs import load
from vaelid.train.checkpoint import decode_tensors

COMMANDS = ("evaluate", "encode", "reconstruct", "sample", "report", "resume", "load")
VERDICTS = ("refused", "same", "forged", "wrong", "traceback", "hang", "memory")
"""`same`: accepted, and what came out is the run's. `forged`: another run, of somebody who made its checksum anew."""

SECONDS, WAIT = 10.0, 120.0
"""Of processor time, which other work on the machine does not lengthen; and of waiting, on a pipe say."""


class TooLong(BaseException):
    """The time limit: no handler of ordinary errors may take it for one."""


@dataclass(frozen=True)
class Case:
    """One edit, one command, and what came of it."""

    number: int
    command: str
    edit: str
    verdict: str
    detail: str


def arguments(command: str, folders: Folders) -> list[str]:
    run, out = folders.of("whole"), folders.base / "out"
    return {
        "evaluate": ["evaluate", str(run), "--json", "--draws", "3"],
        "encode": ["encode", str(run), "--out", f"{out}.npz", "--json"],
        "reconstruct": ["reconstruct", str(run), "--out", f"{out}.npz", "--json"],
        "sample": ["sample", str(run), "--count", "3", "--out", f"{out}.npz", "--json"],
        "report": ["report", str(run), "--draws", "3", "--out", f"{out}.html", "--json"],
        "resume": ["train", "--resume", "--out", str(folders.of("half")), "--json"],
    }[command]


def run_command(command: str, folders: Folders) -> tuple[int, str, str]:
    """Exit status, standard output and standard error; what is raised is a traceback for a user."""
    out, err = io.StringIO(), io.StringIO()
    status: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            if command == "load":
                weights = load(folders.of("whole")).state_dict()
                print({name: tensor.tolist() for name, tensor in weights.items()})
            else:
                main(arguments(command, folders))
        except SystemExit as ended:
            status = ended.code
            if status == INTERNAL and TooLong.__name__ in err.getvalue():  # the command ends every error in a status
                raise TooLong from None
        except ValueError as error:
            if command != "load" or type(error).__name__ != "InputError":
                raise
            print(f"vaelid: {error}", file=err)
            status = 64
    return status, out.getvalue(), err.getvalue()


def result(command: str, folders: Folders, printed: str) -> Any:
    """All that a command which ended well gave, as a value to compare."""
    out = folders.base / "out"
    match command:
        case "encode" | "reconstruct" | "sample":
            with np.load(f"{out}.npz") as arrays:
                return {name: arrays[name].tolist() for name in arrays.files}
        case "report":
            return Path(f"{out}.html").read_text()
        case "resume":
            weights, facts = decode_tensors((folders.of("half") / "model.safetensors").read_bytes(), "weights")
            log = [json.loads(line) for line in (folders.of("half") / "log.jsonl").read_text().splitlines()]
            epochs = [{k: v for k, v in record.items() if k not in ("seconds", "rows_per_second")} for record in log]
            return {name: tensor.tolist() for name, tensor in weights.items()}, facts, epochs
        case "evaluate":
            return json.loads(printed)
    return printed


class Judge:
    """Knows what each command gives on the runs as they are, and tells what an edit has done to it."""

    def __init__(self, pristine: Folders, base: Path) -> None:
        self.pristine, self.base = pristine, base
        self.expected = {}
        for command in COMMANDS:
            folders = copy(pristine, base)
            status, printed, errors = run_command(command, folders)
            assert status == 0, errors
            self.expected[command] = result(command, folders, printed)
        self.content = collect_report(copy(pristine, base).of("whole"), draws=3)

    def case(self, number: int, seed: int, kind: str, command: str | None = None, only: str | None = None) -> Case:
        """The case of that number: the same for the same seed and kind. Of one command and file, if they are given."""
        rng = random.Random(f"{seed} {kind} {number}")
        command = command or rng.choice(COMMANDS)
        folders = copy(self.pristine, self.base)
        target = folders.of("half" if command == "resume" else "whole")
        edit = edit_folder(rng, kind, target, folders.data, folders.of("other"), only)
        verdict, detail = self.judged(command, folders, edit)
        return Case(number, command, edit.what, verdict, detail)

    def judged(self, command: str, folders: Folders, edit: Edit) -> tuple[str, str]:
        def too_long(number: int, frame: Any) -> None:
            raise TooLong

        limits = {signal.SIGPROF: (signal.ITIMER_PROF, SECONDS), signal.SIGALRM: (signal.ITIMER_REAL, WAIT)}
        before = {number: signal.signal(number, too_long) for number in limits}
        for timer, seconds in limits.values():
            signal.setitimer(timer, seconds)
        try:
            status, printed, errors = run_command(command, folders)
            if status == 0:
                return self.accepted(command, folders, printed, edit)
        except TooLong:
            return "hang", f"longer than {SECONDS:g} s of work, or {WAIT:g} s of waiting"
        except MemoryError:
            return "memory", "MemoryError"
        except BaseException:
            return "traceback", traceback.format_exc()
        finally:
            for number, (timer, _) in limits.items():
                signal.setitimer(timer, 0)
                signal.signal(number, before[number])
        message = errors.splitlines()[-1] if errors.strip() else ""
        others = [line for line in errors.splitlines()[:-1] if line not in ("evaluating training rows", "drawing")]
        if "out of memory" in errors:
            return "memory", errors
        if not message.startswith("vaelid: ") or status not in (1, 64) or any("vaelid" in line for line in others):
            return "traceback", f"status {status}: {errors}"
        if not message.isprintable():
            return "traceback", f"what cannot be printed: {message!r}"
        return "refused", message

    def accepted(self, command: str, folders: Folders, printed: str, edit: Edit) -> tuple[str, str]:
        found = result(command, folders, printed)
        if found == self.expected[command] or (command == "report" and found == self.page(folders)):
            return "same", ""
        return ("forged" if edit.forged else "wrong"), str(found)[:300]

    def page(self, folders: Folders) -> str:
        """The report as it should be, with what is not sealed as the folder has it: the command, the source, times."""
        config = json.loads((folders.of("whole") / "config.json").read_text())
        told = dict(self.content.config)
        told["command"] = config.get("command")
        told["data"] = {**told["data"], "source": config["data"]["source"], "kind": config["data"]["kind"]}
        seconds = (config.get("result") or {}).get("seconds", self.content.seconds)
        told["result"] = {**told["result"], "seconds": seconds}
        content = self.content.__class__(**{**vars(self.content), "config": told, "seconds": seconds})
        return render_run(content)


def limit_memory(extra: int) -> None:
    """Refuse this process more memory than it has and `extra` bytes."""
    import resource

    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + extra, now + extra))
