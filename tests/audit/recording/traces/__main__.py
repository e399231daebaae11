"""`python -m tests.audit.recording.traces NAMES...`: what an audit of each case changes, without pytest's draws."""

import sys
import warnings

import torch

from vaelid.auditor import audit

from . import CASES, contents, of_process, seen


def changed(name: str) -> list[str]:
    """What is not as it was."""
    made = CASES[name]()
    before = {"watched": contents(made.watched), "batch": contents(made.batch), **of_process(), **seen()}
    try:
        audit(made.step, made.batch)
    except BaseException as error:
        if made.raised is None:
            return [f"raised {type(error).__name__}: {error}"]
    now = {"watched": contents(made.watched), "batch": contents(made.batch), **of_process(), **seen()}
    return [key for key in now if now[key] != before[key]]


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or CASES:
        print(f"{name}: {', '.join(changed(name)) or 'nothing'}")
