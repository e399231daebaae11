"""`demo`: scikit-learn's digits under their exact likelihood, from training to a report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vaelid.interface.collect import collect_report
from vaelid.interface.data import load_data
from vaelid.interface.files import write_atomically
from vaelid.interface.fit import train
from vaelid.interface.run_page import render_run
from vaelid.interface.runs import Run
from vaelid.interface.shell import suggested
from vaelid.interface.threads import with_threads
from vaelid.train.evaluation import Evaluation
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe

__all__ = ["Outcome", "run_demo"]

RECIPE = Recipe(epochs=150, batch_size=64, learning_rate=2e-3, schedule="cosine", validation=0.1, test=0.2)


@dataclass(frozen=True)
class Outcome:
    """What the demo found, on test rows."""

    folder: Path
    evaluation: Evaluation
    independent: float
    objective: str

    def lines(self, seconds: float) -> list[str]:
        """What was learned and where to look, in six lines."""
        found = self.evaluation
        ask = suggested("vaelid", "evaluate", self.folder)
        return [
            f"A digit it has never seen costs {-found.elbo.mean:.1f} ± {found.elbo.standard_error:.1f} nats "
            f"({found.bits_per_dim.mean:.2f} bits per pixel); pixel by pixel it would cost {self.independent:.1f}.",
            f"Of these, {found.kl.mean:.1f} nats say which digit and how it is drawn (KL), "
            f"{found.reconstruction_nll.mean:.1f} the pixels given that (NLL).",
            f"log p(x) is at least {found.importance_weighted.mean:.1f} ± "
            f"{found.importance_weighted.standard_error:.1f} nats ({found.draws} importance weights); the ELBO is "
            f"{found.importance_weighted.mean - found.elbo.mean:.1f} nats below that.",
            found.verdict,
            self.objective,
            f"Done in {seconds:.0f} s. Look: {self.folder / 'report.html'}   Ask: {ask}",
        ]


def run_demo(folder: Path, *, tell: Callable[[str], None]) -> Outcome:
    """Train, evaluate and report in `folder`.

    A pixel of the digits counts how many of 16 points are on, so Binomial(16) is the exact kind of likelihood.
    """
    data = load_data("digits")
    model = VAE(obs=(1, 8, 8), latent=16, hidden=(256,), likelihood="binomial:16", seed=RECIPE.seed)
    tell(f"training on {len(data.x):,} digits, 8 x 8 pixels of 0 to 16, {RECIPE.epochs} epochs")
    command = suggested("vaelid", "demo", "--out", folder)
    fit = train(model, data, RECIPE, folder=Run(folder), command=command, tell=tell)
    with with_threads(fit.threads):
        content = collect_report(folder, progress=tell)
    write_atomically(folder / "report.html", render_run(content).encode())
    assert content.independent is not None
    return Outcome(folder, content.evaluation, content.independent, content.objective.sentence)
