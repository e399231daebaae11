"""The runs that are edited: small, real, one finished, one half done, one more of the same shape."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vaelid.interface.data import load_data
from vaelid.interface.fit import train
from vaelid.interface.recorder import recording
from vaelid.interface.runs import Run
from vaelid.train.loop import init, run
from vaelid.train.model import VAE
from vaelid.train.recipe import Recipe
from vaelid.train.rows import rows_of
from vaelid.train.task import Task

ROWS, WIDTH, STEPS = 24, 3, 7


@dataclass(frozen=True)
class Folders:
    """`whole` is finished, `half` is the same run cut in its third epoch, `other` has another seed."""

    base: Path

    @property
    def data(self) -> Path:
        return self.base / "x.npy"

    def of(self, name: str) -> Path:
        return self.base / name


def recipe(seed: int) -> Recipe:
    return Recipe(epochs=4, batch_size=6, learning_rate=1e-2, validation=0.2, test=0.2, kl_warmup=1, seed=seed)


def model(seed: int) -> VAE:
    return VAE(obs=WIDTH, latent=2, hidden=(4,), likelihood="gaussian", seed=seed)


def make(base: Path) -> Folders:
    """Train the three runs below `base`."""
    folders = Folders(base)
    base.mkdir(parents=True)
    np.save(folders.data, np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32))
    data = load_data(folders.data)
    for name, seed in (("whole", 0), ("other", 1)):
        train(model(seed), data, recipe(seed), folder=Run(folders.of(name)), progress=False, command="vaelid train")
    task = Task(model(0), recipe(0), rows_of(data.x, model(0).likelihood))
    with (
        torch.random.fork_rng(),
        recording(Run(folders.of("half")), task, data, init(task), every=1e9, command="vaelid train") as recorder,
    ):
        for state in run(task, recorder.state):
            recorder.see(state)
            if state.step == STEPS:
                break
        recorder.close(finished=False)
    return folders


def copy(pristine: Folders, base: Path) -> Folders:
    """The folders elsewhere, with the data there."""
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(pristine.base, base)
    found = Folders(base)
    for name in ("whole", "half", "other"):
        path = found.of(name) / "config.json"
        config = json.loads(path.read_text())
        config["data"]["source"] = str(found.data)
        path.write_text(json.dumps(config, indent=2) + "\n")
    return found
