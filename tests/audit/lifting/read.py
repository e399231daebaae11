"""Helpers: a function run and read, and the values of what was read."""

import torch

from vaelid.auditor.formula.axes_of_terms import index_names, sizes_of
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.recording.record import record

ROWS = torch.linspace(0.2, 1.9, 15, dtype=torch.float64).reshape(3, 5)
OTHER = ROWS.flip(1).contiguous()


def given():
    """Two arguments of shape (3, 5)."""
    return {"a": ROWS, "b": OTHER}


def read(function, tensors=None, **options):
    """The reading of one run, and its recording."""
    tensors = given() if tensors is None else tensors
    recording = record(function, tuple(tensors.values()), tensors)
    return lift(recording, **options), recording


def values(reading, found=None):
    """The values of a tensor that was read, with a dimension for each axis; of the result, if none is named."""
    found = reading.result if found is None else found
    names = index_names(axis for dim in found.dims for axis in reading.axes.now(dim))
    return values_of(found.element.term, reading.arrays(), sizes_of(reading.axes.lengths), names)


def check(function, tensors=None, **options):
    """The formula has the values that torch gives; the reading, for more."""
    reading, recording = read(function, tensors, **options)
    found = values(reading).reshape(recording.returned.shape)
    torch.testing.assert_close(found, recording.returned.detach().double(), rtol=1e-12, atol=1e-12)
    return reading
