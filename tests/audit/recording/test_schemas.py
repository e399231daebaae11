"""Names and written arguments are those of torch's own schemas."""

import pytest
import torch

from vaelid.auditor.recording.events import Region
from vaelid.auditor.recording.schemas import operation_name, storages_written

_ATEN = torch.ops.aten


def _region(storage):
    return Region(storage, (2,), (1,), 0, True)


@pytest.mark.parametrize(
    ("operation", "arguments", "options", "expected"),
    [
        (_ATEN.add.Tensor, (_region(0), _region(1)), {}, []),
        (_ATEN.add_.Tensor, (_region(3), _region(1)), {}, [3]),
        (_ATEN.add.out, (_region(0), _region(1)), {"out": _region(4)}, [4]),
        (_ATEN._foreach_add_.Scalar, ([_region(5), _region(6)], 1.0), {}, [5, 6]),
        (_ATEN.normal_.default, (_region(2),), {}, [2]),
    ],
    ids=lambda value: str(value) if hasattr(value, "_schema") else "",
)
def test_what_is_written_is_what_the_schema_says(operation, arguments, options, expected):
    assert list(storages_written(operation, arguments, options)) == expected


def test_a_name_is_as_torch_prints_it():
    assert operation_name(_ATEN.add_.Tensor) == "aten.add_.Tensor"
    assert operation_name(_ATEN.add.Tensor) == "aten.add.Tensor"
