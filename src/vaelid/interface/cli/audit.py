"""The command `audit`."""

import math
from os.path import realpath
from pathlib import Path
from typing import Any

import click

from vaelid.interface.cli.options import FILE, as_json, debug, print_json, typed_command

__all__ = ["audit"]

USAGE = 64
_YEAR = 365 * 24 * 60 * 60


class RoleOption(click.ParamType):
    """``ARG=ROLE``: what a parameter is."""

    name = "role"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The parameter's name, and its role."""
        argument, equals, role = value.partition("=")
        if not (equals and argument and role):
            self.fail(f"{value!r} is not ARG=ROLE: give logvar=logstd for instance.", param, ctx)
        return argument.strip(), role.strip()


class SecondsOption(click.ParamType):
    """A time that a system can wait for: click lets NaN and infinity pass every range."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= _YEAR:
            self.fail(f"{value} is no number of seconds above 0 and of at most {_YEAR:,}, a year.", param, ctx)
        return seconds


@click.command(
    epilog="Exit status: 0 PROVED, 1 REFUTED, 2 UNKNOWN, 3 OTHER; 64 wrong usage, 70 your code raised, "
    "71 vaelid itself failed."
)
@click.argument("target")
@click.option("--batch", metavar="PLACE", help="What a step is given.  [default: batch in TARGET's file]")
@click.option("--inputs", metavar="PLACE", help="A function that returns the arguments of a loss of tensors.")
@click.option(
    "--role",
    "roles",
    type=RoleOption(),
    multiple=True,
    metavar="ARG=ROLE",
    help="What a parameter is; may be repeated.",
)
@click.option("--beta", type=float, metavar="B", help="The beta that is meant: any other is REFUTED.")
@click.option("--likelihood", metavar="NAME", help="The likelihood that is meant: gaussian, for instance.")
@click.option(
    "--variance",
    type=click.FloatRange(min=0, min_open=True),
    metavar="V",
    help="The observation variance that is meant.  [default: 1]",
)
@click.option("--prior", metavar="PRIOR", help="The prior that is meant: 'N(0, I)', for instance.")
@click.option("--eval-step", metavar="PLACE", help="The step of evaluation, to be compared with TARGET.")
@click.option(
    "--time-limit",
    type=SecondsOption(),
    default=180.0,
    metavar="SECONDS",
    show_default=True,
    help="After which your code is ended.",
)
@as_json
@click.option("--sarif", is_flag=True, help="Print SARIF 2.1.0, for code review.")
@click.option("--html", type=FILE, metavar="FILE", help="Write one page.")
@click.option("--rocq", type=FILE, metavar="FILE", help="Write what was proved, for Rocq.")
@debug
def audit(
    target: str,
    batch: str | None,
    inputs: str | None,
    roles: tuple[tuple[str, str], ...],
    beta: float | None,
    likelihood: str | None,
    variance: float | None,
    prior: str | None,
    eval_step: str | None,
    time_limit: float,
    as_json: bool,
    sarif: bool,
    html: Path | None,
    rocq: Path | None,
) -> int:
    """Prove or refute that a PyTorch loss is an ELBO.

    This RUNS YOUR CODE: TARGET's file is loaded, and TARGET is called a few times. Audit only code that you would run.

    TARGET is file.py:name or module:name. A function of one argument is a training step, from a batch to the loss; one
    of (x_hat, x, mu, logvar) is a loss of tensors; one of (mu, logvar) is a KL, or a sampler if its name says so.
    A file or a folder lists what looks like a loss, and runs nothing. PLACE is written like TARGET.

    For instance: vaelid audit model.py:step --batch data.py:batch
    """
    if as_json and sarif:
        raise click.UsageError("--json and --sarif exclude each other.", click.get_current_context())
    if html and rocq and realpath(html) == realpath(rocq):
        raise click.UsageError(f"--html and --rocq are both {html}: choose another.", click.get_current_context())
    from vaelid.interface.audit.targets import is_a_place

    if is_a_place(target):
        return _list_candidates(Path(target), as_json)
    from vaelid.interface.machine import Load

    _spare(target, batch, inputs, eval_step, outputs={"--html": html, "--rocq": rocq})
    load = Load()
    from vaelid.interface.audit.asked import Job
    from vaelid.interface.audit.process import run_apart, threads_of

    job = Job(
        target=target,
        batch=batch,
        inputs=inputs,
        eval_step=eval_step,
        roles=dict(roles),
        beta=beta,
        likelihood=likelihood,
        variance=variance,
        prior=prior,
        form="json" if as_json else "sarif" if sarif else "text",
        html=str(html) if html else None,
        rocq=str(rocq) if rocq else None,
        command=typed_command(),
    )
    fewer = threads_of(load)
    if fewer and not (as_json or sarif):
        count, busy = fewer
        click.echo(f"vaelid: {count} thread{'s' * (count != 1)} of torch: others use {busy:.0%} of the cores", err=True)
    found = run_apart(job, time_limit, threads=fewer[0] if fewer else None)
    if isinstance(found["answer"], str):
        click.echo(found["answer"])
    else:
        print_json(found["answer"])
    if html:
        click.echo(f"page: {html}", err=True)
    return found["status"]


def _list_candidates(place: Path, as_json: bool) -> int:
    """Say what could be audited. No verdict: so neither is the status one."""
    from vaelid.interface.audit.candidates import listing, scan
    from vaelid.spec.errors import InputError

    if not place.exists():
        raise InputError(f"{place} does not exist: check the path (looked in {Path.cwd()}).")
    found = scan(place)
    if as_json:
        print_json(found.as_data())
    else:
        click.echo("\n".join(listing(place, found)))
    return USAGE


def _spare(*places: str | None, outputs: dict[str, Path | None]) -> None:
    """Raise `InputError` for an output that would replace a run's file, or the code that is audited."""
    given = {option: path for option, path in outputs.items() if path is not None}
    if not given:  # nothing is loaded for it
        return
    from vaelid.interface.files import check_outside_runs
    from vaelid.spec.errors import InputError

    sources = [Path(place.rpartition(":")[0]) for place in places if place]
    for option, path in given.items():
        check_outside_runs(path, option)
        for source in sources:
            if source.is_file() and path.exists() and path.samefile(source):
                raise InputError(f"{path} is the code that is audited, which would be lost: choose another {option}.")
