"""What `vaelid audit` was asked for, as plain data, and what its verdicts are as exit statuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["EXIT", "Job"]

EXIT = {"PROVED": 0, "REFUTED": 1, "UNKNOWN": 2, "OTHER": 3}
"""The exit status of each verdict."""


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
