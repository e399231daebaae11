"""A run's log.jsonl: one record for each epoch, with its timings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaelid.interface.files import append_text, read_regular, write_atomically
from vaelid.interface.schema import history_digest
from vaelid.interface.shell import suggested
from vaelid.spec.errors import InputError
from vaelid.train.facts import Epoch, decode, epochs_of, refuse, without_unset

__all__ = ["Log"]

LONGEST = 2**30


@dataclass(frozen=True)
class Log:
    """The records, by the file's path."""

    path: Path

    def append(self, record: dict[str, Any]) -> None:
        """Add one epoch's record."""
        append_text(self.path, json.dumps(record, allow_nan=False) + "\n")

    def _lines(self) -> list[bytes]:
        """The complete lines; a last one that was cut off before its line end is left out."""
        return read_regular(self.path, LONGEST).split(b"\n")[:-1] if self.path.exists() else []

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        return without_unset(decode(line, Epoch, f"{self.path}, line {number}"))

    def first(self, epochs: int, digest: str, weights: str) -> list[dict[str, Any]]:
        """The records of so many epochs; `InputError` where they are not those of `digest`, the weights' history."""
        lines = self._lines()
        if len(lines) < epochs:
            resume = suggested("vaelid", "train", "--resume", "--out", self.path.parent)
            raise InputError(
                f"{self.path} has {len(lines)} of the {epochs} epochs that {weights} is of: it was cut short. It is "
                f"written again from the checkpoint by: {resume}"
            )
        records = [self._record(line, number) for number, line in enumerate(lines[:epochs], 1)]
        if history_digest(records) != digest:
            refuse(str(self.path), f"its numbers are not those of the training that gave {weights}")
        return records

    def _readable(self) -> list[dict[str, Any]]:
        """The records up to the first that cannot be read: what a crash left of the log."""
        records: list[dict[str, Any]] = []
        for number, line in enumerate(self._lines(), 1):
            try:
                records.append(self._record(line, number))
            except InputError:
                break
        return records

    def seconds(self) -> float:
        """How long the epochs took."""
        return sum(record.get("seconds", 0.0) for record in self._readable())

    def align(self, history: Sequence[dict[str, Any]]) -> None:
        """Bring the file to where a checkpoint stands: its records, with the timings that were logged.

        What came after is written again as training goes on; what a crash kept from the disk is put back.
        """
        logged = self._readable()
        same = [epochs_of([record]) == epochs_of([h]) for record, h in zip(logged, history, strict=False)]
        records = [record if agrees else h for record, h, agrees in zip(logged, history, same, strict=False)]
        lines = [json.dumps(record, allow_nan=False) + "\n" for record in (*records, *history[len(records) :])]
        write_atomically(self.path, "".join(lines).encode())
