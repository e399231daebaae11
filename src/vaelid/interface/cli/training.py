"""The commands that train: `train` and `demo`."""

import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from vaelid.interface.cli.options import RUN, SHARE, WIDTHS, as_json, config_file, debug, print_json, typed_command
from vaelid.interface.shell import suggested

if TYPE_CHECKING:
    from vaelid.interface.fit import Fit

__all__ = ["demo", "train"]

INTERRUPTED = 130
POSITIVE, COUNT = click.IntRange(1, 2**53), click.IntRange(0, 2**53)


class _Train(click.Command):
    """`train`, whose help names the likelihoods; they are imported for that only."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The likelihoods by name."""
        from vaelid.spec.likelihoods import LIKELIHOOD_NAMES

        self.epilog = f"p(x|z) is one of: {', '.join(LIKELIHOOD_NAMES)}."
        super().format_epilog(ctx, formatter)


@click.command(cls=_Train)
@click.argument("data", required=False)
@click.option("--out", type=RUN, required=True, metavar="RUN", help="The run's folder.")
@config_file
@click.option("--resume", is_flag=True, help="Go on from the folder's checkpoint, with its own settings.")
@click.option("--likelihood", default="auto", show_default=True, metavar="NAME", help="p(x|z); auto fits the data.")
@click.option("--latent", type=POSITIVE, default=16, metavar="L", show_default=True, help="Latent coordinates.")
@click.option("--hidden", type=WIDTHS, default="256", show_default=True, help="Hidden widths, or none: linear.")
@click.option("--arch", type=click.Choice(["mlp", "conv"]), default="mlp", show_default=True)
@click.option("--epochs", type=POSITIVE, default=100, metavar="N", show_default=True, help="Passes over the rows.")
@click.option("--batch-size", type=POSITIVE, metavar="N", help="Rows in a step.  [default: 128, or all if fewer]")
@click.option("--learning-rate", type=float, default=1e-3, metavar="X", show_default=True, help="Of Adam.")
@click.option("--schedule", type=click.Choice(["constant", "cosine"]), default="constant", show_default=True)
@click.option("--optimizer", type=click.Choice(["adam", "adamw"]), default="adam", show_default=True)
@click.option("--weight-decay", type=float, default=0.0, metavar="X", show_default=True, help="Of adamw.")
@click.option("--beta", type=float, default=1.0, metavar="X", show_default=True, help="The KL's weight; 1: the ELBO.")
@click.option("--kl-warmup", type=COUNT, default=0, metavar="N", show_default=True, help="Epochs from 0 to beta.")
@click.option("--clip", type=float, metavar="X", help="Greatest norm of the gradient.")
@click.option("--patience", type=POSITIVE, metavar="N", help="Stop after so many epochs without improvement.")
@click.option("--validation", type=SHARE, default=0.1, metavar="X", show_default=True, help="Share to choose by.")
@click.option("--test", type=SHARE, default=0.0, metavar="X", show_default=True, help="Share used for nothing.")
@click.option("--expectation", type=click.Choice(["sampled", "exact"]), default="sampled", show_default=True)
@click.option("--seed", type=COUNT, default=0, metavar="N", show_default=True, help="Same seed, same bits.")
@click.option("--device", default="auto", metavar="NAME", show_default=True, help="cpu or cuda, say.")
@click.option("--threads", type=click.IntRange(1, 1024), metavar="N", help="Of torch.  [default: by model and load]")
@click.option("--scale", type=float, default=1.0, metavar="X", show_default=True, help="Divide the data by this.")
@click.option("--checkpoint-seconds", type=float, default=10.0, metavar="X", show_default=True, help="Between two.")
@as_json
@debug
def train(data: str | None, out: Path, resume: bool, as_json: bool, **options: Any) -> int:
    """Train a VAE on DATA and keep it in a folder.

    For instance: vaelid train digits --out runs/first
    """
    if data is None and not resume:
        raise click.UsageError(
            "DATA is missing: name what to train on, for instance digits.", click.get_current_context()
        )
    from vaelid.interface.files import NoRoom
    from vaelid.interface.fit import Interrupted
    from vaelid.interface.fit import train as fit_run
    from vaelid.interface.runs import Run
    from vaelid.interface.threads import on_stderr, silent

    folder = Run(out)
    folder.expect(present=resume)
    arguments = _resumed(out, data, options) if resume else _started(data, options, tell=not as_json)
    settings = {name: options[name] for name in ("device", "threads", "checkpoint_seconds")}
    try:
        result = fit_run(**arguments, **settings, folder=folder, resume=resume, tell=silent if as_json else on_stderr)
    except Interrupted as interruption:
        click.echo(str(interruption))
        return INTERRUPTED
    except NoRoom as full:
        again = suggested("vaelid", "train", "--resume", "--out", out)
        raise NoRoom(f"{full} Then go on with: {again}" if folder.exists else str(full)) from None
    _report_training(out, result, as_json)
    return 0


def _started(data: str | None, options: dict[str, Any], *, tell: bool) -> dict[str, Any]:
    """Model, data and recipe of a new run."""
    from vaelid.interface.data import load_data, suggest_likelihood
    from vaelid.interface.room import check_model_fits
    from vaelid.spec.errors import InputError
    from vaelid.train.model import VAE
    from vaelid.train.recipe import Recipe
    from vaelid.train.split import split_counts, training_count

    loaded = load_data(data, scale=options["scale"])
    shape = getattr(loaded.x, "shape", None)
    if shape is None:
        raise InputError(
            f"{data} gave a {type(loaded.x).__name__}: the command needs an array; use vaelid.fit in Python."
        )
    suggested = suggest_likelihood(loaded) if options["likelihood"] == "auto" else None
    # where none fits, a row is not finite: the check of all rows will name it
    name = (suggested or "gaussian") if options["likelihood"] == "auto" else options["likelihood"]
    chosen = {field.name: options[field.name] for field in fields(Recipe)}
    if chosen["batch_size"] is None:
        chosen["batch_size"] = min(128, training_count(len(loaded), options["validation"], options["test"]))
    recipe = Recipe(**chosen)
    sizes = {"obs": tuple(shape[1:]), "likelihood": name, **{key: options[key] for key in ("latent", "hidden", "arch")}}
    split_counts(len(loaded), recipe)  # a batch that the rows cannot give is no matter of memory
    check_model_fits(sizes, chosen["batch_size"])
    model = VAE(**sizes, seed=options["seed"])
    if tell and suggested is not None:
        click.echo(f"likelihood {suggested}, which fits these data (--likelihood names another)", err=True)
    return {
        "model": model,
        "data": loaded,
        "recipe": recipe,
        "scale": options["scale"],
        "command": typed_command(),
    }


def _resumed(out: Path, data: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Model, data and recipe as the run's config.json has them; a flag that says otherwise is an error."""
    from vaelid.interface.data import load_data
    from vaelid.interface.runs import Run
    from vaelid.spec.errors import InputError

    run = Run(out)
    config = run.config()
    model = {name: getattr(config.model, name) for name in ("latent", "hidden", "likelihood", "arch")}
    settings = {**asdict(config.recipe), **model, "scale": config.data.scale}
    context = click.get_current_context()
    for name, value in options.items():
        typed = context.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)
        if typed and name in settings and _as_typed(settings[name]) != _as_typed(value):
            flag = "--" + name.replace("_", "-")
            before = f"without {flag}" if settings[name] is None else f"with {flag} {_as_typed(settings[name])}"
            raise InputError(
                f"{out} was started {before}, so it cannot be resumed with {_as_typed(value)}: leave {flag} out, or "
                "start another folder."
            )
    loaded = run.data(config) if data is None else load_data(data, scale=config.data.scale)
    return {"model": run.untrained_model(), "data": loaded, "recipe": config.recipe}


def _as_typed(value: Any) -> str:
    """The value of an option as a user types it."""
    return (",".join(map(str, value)) or "none") if isinstance(value, list | tuple) else str(value)


def _report_training(out: Path, result: "Fit", as_json: bool) -> None:
    if as_json:
        values = asdict(result)
        values["split"] = {name: len(rows) for name, rows in vars(result.split).items()}
        print_json({"run": str(out), **values})
        return
    kept = f", kept the weights of epoch {result.kept_epoch}" if result.kept_epoch else ""
    threads = f"{result.threads} thread{'s' * (result.threads != 1)}"
    click.echo(f"trained {len(result.history)} epochs in {result.seconds:.1f} s on {threads}{kept}: {out}")
    click.echo(f"next: {suggested('vaelid', 'evaluate', out)}   {suggested('vaelid', 'report', out)}")


@click.command()
@click.option("--out", type=RUN, metavar="RUN", help="The run's folder.  [default: runs/digits]")
@as_json
@debug
def demo(out: Path | None, as_json: bool) -> int:
    """Train on scikit-learn's digits, and report what was learned."""
    from vaelid.interface.demo import run_demo
    from vaelid.interface.files import make_unused_folder
    from vaelid.interface.fit import Interrupted
    from vaelid.interface.runs import Run

    folder = out or make_unused_folder(Path("runs/digits"))
    if Run(folder).exists:
        raise click.UsageError(f"{folder} already holds a run: choose another --out.", click.get_current_context())
    started = time.monotonic()
    try:
        outcome = run_demo(folder, tell=lambda message: click.echo(message, err=True))
    except Interrupted as interruption:
        click.echo(str(interruption))
        return INTERRUPTED
    seconds = time.monotonic() - started
    if as_json:
        print_json({"run": str(folder), "seconds": seconds, "evaluation": asdict(outcome.evaluation)})
    else:
        click.echo("\n".join(outcome.lines(seconds)))
    return 0
