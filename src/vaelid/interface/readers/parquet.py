"""Parquet files, through pyarrow."""

from pathlib import Path
from typing import Any

import numpy as np

from vaelid.interface.files import open_file
from vaelid.interface.readers.loaded import Loaded, check_memory
from vaelid.spec.errors import InputError

__all__ = ["parquet_shape", "read_parquet"]

# The column in which pandas keeps a table's row labels, where these are no plain 0, 1, 2, ...
_INDEX = "__index_level_"


def read_parquet(path: Path) -> Loaded:
    """The columns of numbers, side by side."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f"{path}: reading parquet needs pyarrow. Install it with: pip install 'vaelid[parquet]'"
        ) from None
    with open_file(path) as stream:
        try:
            file = pyarrow.parquet.ParquetFile(stream, page_checksum_verification=True)
            fields = list(file.schema_arrow)
            rows = file.metadata.num_rows
        except Exception as cause:  # damaged bytes end the parser in any error
            raise _damaged(path, cause) from None
        for field in fields:
            _check_type(path, field)
        check_memory(path, 8 * rows * max(1, len(fields)), "save it as .npy, which is read a batch at a time.")
        try:
            table = file.read()
            named_columns = list(zip(table.column_names, table.columns, strict=True))
        except Exception as cause:
            raise _damaged(path, cause) from None
    return _side_by_side(path, named_columns)


def _damaged(path: Path, cause: Exception) -> InputError:
    return InputError(f"{path} is not a parquet file, or is damaged ({str(cause)[:200]}): write it again.")


def _check_type(path: Path, field: Any) -> None:
    import pyarrow

    kinds = (pyarrow.types.is_floating, pyarrow.types.is_integer, pyarrow.types.is_boolean)
    if not any(is_kind(field.type) for is_kind in kinds):
        raise InputError(f"{path}, column {field.name!r} is of type {field.type}: expected numbers. Leave it out.")


def _side_by_side(path: Path, named_columns: list[tuple[str, Any]]) -> Loaded:
    kept = [(name, column) for name, column in named_columns if not name.startswith(_INDEX)]
    if not kept:
        raise InputError(f"{path} has no columns: expected one for each coordinate of an observation.")
    columns = []
    for name, column in kept:
        if column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise InputError(f"{path}, row {row}, column {name!r} is missing: fill it in, or leave the row out.")
        columns.append(column.to_numpy())
    notes = (f"{path}: the table's index was left out.",) if len(kept) < len(named_columns) else ()
    return Loaded(np.column_stack(columns), notes=notes)


def parquet_shape(path: Path) -> tuple[int, int] | None:
    """The shape that `read_parquet` gives, by the file's own description; None where that cannot be read."""
    try:
        import pyarrow.parquet

        with open_file(path) as stream:
            file = pyarrow.parquet.ParquetFile(stream)
            return file.metadata.num_rows, sum(not name.startswith(_INDEX) for name in file.schema_arrow.names)
    except Exception:  # the reader will say what it is
        return None
