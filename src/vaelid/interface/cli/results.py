"""The commands that use a trained run: `evaluate`, `encode`, `reconstruct`, `sample`, `report`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaelid.interface.cli.options import FILE, RUN, as_json, debug, print_json

if TYPE_CHECKING:
    import numpy as np

    from vaelid.interface.runs import Opened

__all__ = ["encode", "evaluate", "reconstruct", "report", "sample"]

DRAWS = click.option(
    "--draws",
    type=click.IntRange(1, 2**31 - 1),
    default=100,
    metavar="K",
    show_default=True,
    help="Draws from each posterior, and importance weights.",
)
SEED = click.option(
    "--seed", type=click.IntRange(0, 2**53), default=0, metavar="N", show_default=True, help="Of the draws."
)
OUT = click.option("--out", type=FILE, metavar="FILE", required=True, help="A .npz, .npy or .csv file.")
BATCH = 512


@click.command()
@click.argument("run", type=RUN)
@click.argument("data", required=False)
@DRAWS
@SEED
@as_json
@debug
def evaluate(run: Path, data: str | None, draws: int, seed: int, as_json: bool) -> None:
    """Measure a run in nats: ELBO, tighter bound, KL, active units.

    On DATA, scaled as the run's own data were; without DATA, on the run's own held-out rows.
    """
    from vaelid.interface.evaluate import evaluate as evaluate_model
    from vaelid.interface.runs import Run
    from vaelid.interface.text import evaluation_lines

    evaluation = evaluate_model(run, data, draws=draws, seed=seed)
    split = Run(run).config().split
    held_out = next((name for name in ("test", "validation") if getattr(split, name)), "training")
    which = data or f"{held_out} rows"
    if as_json:
        print_json({"run": str(run), "data": which, "seed": seed, **asdict(evaluation)})
    else:
        click.echo("\n".join(evaluation_lines(f"{run} on {which}", evaluation)))


def _opened(run: Path) -> "Opened":
    from vaelid.interface.runs import Run

    opened = Run(run).open()
    if opened.untrained:
        click.echo(opened.untrained, err=True)
    return opened


def _batches(run: Path, data: str | None) -> tuple[Any, Any]:
    """The model, and all rows of DATA (or of the run's own data) in batches."""
    import torch

    from vaelid.interface.runs import Run
    from vaelid.train.rows import rows_of

    opened = _opened(run)
    model = opened.model
    loaded = Run(run).data(opened.config) if data is None else Run(run).like_its_own(data, opened.config)
    rows = rows_of(loaded.x, model.likelihood, shape=model.obs)
    return model, rows.batches(torch.arange(len(rows)).split(BATCH))


@click.command()
@click.argument("run", type=RUN)
@click.argument("data", required=False)
@OUT
@as_json
@debug
def encode(run: Path, data: str | None, out: Path, as_json: bool) -> None:
    """Write each row's posterior: its mean and log-variance.

    A .npz holds the means as `mu` and the log-variances as `logvar`; a .npy or .csv holds the means alone.
    """
    import torch

    from vaelid.interface.outputs import check_output

    check_output(out, run, data)
    model, batches = _batches(run, data)
    with torch.no_grad():
        posteriors = [model.encode(x) for x in batches]
    mu, logvar = (torch.cat(parts).numpy() for parts in zip(*posteriors, strict=True))
    _write(out, {"mu": mu, "logvar": logvar}, as_json)


@click.command()
@click.argument("run", type=RUN)
@click.argument("data", required=False)
@OUT
@as_json
@debug
def reconstruct(run: Path, data: str | None, out: Path, as_json: bool) -> None:
    """Write E[x|z] at each row's posterior mean.

    In the data's units, after scaling; of classes the most probable.
    """
    import numpy as np
    import torch

    from vaelid.interface.collect import decoded_mean
    from vaelid.interface.outputs import check_output

    check_output(out, run, data)
    model, batches = _batches(run, data)
    with torch.no_grad():
        posteriors = [model.encode(x) for x in batches]
        mu, logvar = (torch.cat(parts) for parts in zip(*posteriors, strict=True))
        _check_finite({"mu": mu.numpy(), "logvar": logvar.numpy()})
        parts = [decoded_mean(model, z) for z in mu.split(BATCH)]
    _write(out, {"x": np.concatenate(parts)}, as_json)


@click.command()
@click.argument("run", type=RUN)
@click.option("--count", type=click.IntRange(1, 2**53), default=16, metavar="N", show_default=True, help="How many.")
@click.option("--mean", is_flag=True, help="Write E[x|z] instead of a draw from p(x|z).")
@OUT
@SEED
@as_json
@debug
def sample(run: Path, count: int, mean: bool, out: Path, seed: int, as_json: bool) -> None:
    """Draw z from the prior, then x from p(x|z).

    A .npz holds `x`, in the data's units after scaling, and `z`; a .npy or .csv holds `x` alone.
    """
    import torch

    from vaelid.interface.collect import decoded_mean
    from vaelid.interface.outputs import check_output
    from vaelid.interface.room import check_samples_fit
    from vaelid.train.randomness import Stream, numpy_generator, standard_normal

    check_output(out, run, None)
    model = _opened(run).model
    check_samples_fit(model, count)
    z = standard_normal(torch.empty(count, model.latent), seed, Stream.SAMPLES)
    rng = numpy_generator(seed, Stream.SAMPLES)
    x = decoded_mean(model, z) if mean else model.sample_observation(z, rng).numpy()
    _write(out, {"x": x, "z": z.numpy()}, as_json)


def _check_finite(arrays: "dict[str, np.ndarray]") -> None:
    import numpy as np

    from vaelid.spec.errors import InputError

    for name, array in arrays.items():
        finite = np.asarray(np.isfinite(array).reshape(len(array), -1).all(1))
        if not finite.all():
            raise InputError(
                f"{name} of row {int(np.argmin(finite))} is not finite (of {int((~finite).sum()):,} of "
                f"{len(finite):,} rows), so nothing is written: the model cannot take these data, or has diverged."
            )


def _write(out: Path, arrays: "dict[str, np.ndarray]", as_json: bool) -> None:
    from vaelid.interface.files import write_array

    _check_finite(arrays)
    write_array(out, arrays)
    written = arrays if out.suffix == ".npz" else dict(list(arrays.items())[:1])
    shapes = {name: list(array.shape) for name, array in written.items()}
    if as_json:
        print_json({"file": str(out), "arrays": shapes})
    else:
        click.echo(f"{out}: " + ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items()))


@click.command()
@click.argument("run", type=RUN)
@click.option("--out", type=FILE, metavar="FILE", help="The page.  [default: RUN/report.html]")
@DRAWS
@SEED
@as_json
@debug
def report(run: Path, out: Path | None, draws: int, seed: int, as_json: bool) -> None:
    """Write one page: curves, latent map, pictures, numbers."""
    from vaelid.interface.collect import collect_report
    from vaelid.interface.files import write_atomically
    from vaelid.interface.outputs import check_output
    from vaelid.interface.run_page import render_run

    page = out or run / "report.html"
    check_output(page, run, None)
    content = collect_report(run, draws=draws, seed=seed, progress=lambda message: click.echo(message, err=True))
    html = render_run(content).encode()
    write_atomically(page, html)
    if as_json:
        print_json({"file": str(page), "bytes": len(html)})
    else:
        click.echo(f"{page}: {len(html) / 1000:.0f} kB")
