"""What `vaelid audit` was asked for, as plain data. Imports nothing heavy: the parent never loads torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """What `vaelid audit` was asked for, as plain data: it travels to the process that runs the user's code.

    Attributes:
        target, batch, inputs, eval_step: places in the user's code, ``file.py:name``.
        roles: from parameter to role.
        beta, likelihood, variance, prior: as declared.
        form: ``text``, ``json`` or ``sarif``.
        html, rocq: files to write.
        command: the command, to be shown.
    """

    target: str
    batch: str | None = None
    inputs: str | None = None
    eval_step: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    beta: float | None = None
    likelihood: str | None = None
    variance: float | None = None
    prior: str | None = None
    form: str = "text"
    html: str | None = None
    rocq: str | None = None
    command: str = "vaelid audit"
