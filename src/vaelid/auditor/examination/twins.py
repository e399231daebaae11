"""The two sides of each fused kernel agree in further runs: at other weights and rows, and far away.

In: a step that is being examined. Out: the check ``twins``, and how closely they agree. For a kernel that is wrong for
large log-variances alone the recorded call may show nothing, and a run with the posterior far away does.
"""

import torch

from vaelid.auditor.examination.bench import operations
from vaelid.auditor.examination.examined import BATCHES, Examined, other_rows
from vaelid.auditor.examination.far import far_away
from vaelid.auditor.findings.twins import TwinAgreement, TwinDifference, of_all_calls
from vaelid.auditor.recording.agreement import agreements
from vaelid.auditor.recording.events import Recording

__all__ = ["twins"]

_STEPS = (0.1, 0.5, 1.5, 3.0, 6.0, 9.0)
"""In deviations of the weights; those above `_WIDEST` are steps of the posterior itself, by intervention."""
_WIDEST = 1.5
_Found = tuple[TwinAgreement, ...] | TwinDifference | None


def twins(examined: Examined) -> None:
    """No run is made for a step that calls no twin."""
    bench = examined.bench
    if bench.twin_dtype is None:
        return
    found: list[TwinAgreement] = []
    for k, step in enumerate(_STEPS):
        values, rows = bench.moved(min(step, _WIDEST), seed=k), other_rows(examined, k % BATCHES)
        far = step > _WIDEST and bool(examined.account.posteriors)
        do = far_away(examined, values, rows, step, seed=k) if far else None
        outcome: _Found = bench.run(values, rows, seed=k, look=lambda run: _compared(examined, run), do=do).seen
        if isinstance(outcome, TwinDifference):
            meaning = f"in runs at other weights and rows {outcome.meaning}"
            examined.check("twins", False, outcome.computed, f"{outcome.expected} by {outcome.slow}", meaning)
            return
        found += outcome or ()
    examined.twins = of_all_calls(found)
    examined.check("twins", True)


def _compared(examined: Examined, recording: Recording) -> _Found:
    """In the precision of the user's own run: a kernel may have no doubles, and training uses none."""
    if operations(recording) != examined.bench.names:
        return None  # another branch, where an intervention has no meaning; the check `path` counts it
    dtype = examined.bench.twin_dtype
    assert dtype is not None
    return agreements(
        call.with_tensors(lambda value: value.to(dtype) if value.dtype == torch.float64 else value)
        for call in recording.twins
    )
