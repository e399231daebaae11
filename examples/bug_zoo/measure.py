"""Train each bug and its mend on digits, and store what each is worth: measured.json, and samples in docs/bug-zoo.

Runs that are stored are not repeated; a changed program is run anew. Equal programs (most mends) are run once.
Half an hour on one core.
"""

import ast
import hashlib
import json
import math
import platform
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from digits_run import HERE, LATENT, evaluate, load, logits, program, train, training_rows
from zoo import ZOO

STORE = HERE / "measured.json"
PICTURES = HERE.parents[1] / "docs" / "bug-zoo"
SEEDS, PICTURED, SCALE = (0, 1, 2), 12, 4


def without_prose(text):
    """A program's syntax: its docstrings and comments, which change nothing, left out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def key(name, mended):
    """A name for what is run: equal for equal programs."""
    parts = without_prose(program(name, mended)), without_prose((HERE / "digits_run.py").read_text())
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:12]


def stored():
    """The runs so far, {(key, seed): run}."""
    runs = json.loads(STORE.read_text()) if STORE.exists() else []
    return {(run["key"], run["seed"]): run for run in runs}


def store(runs):
    """One run a line, so that a change reads well."""
    lines = ",\n".join(json.dumps(run) for run in sorted(runs.values(), key=lambda r: (r["name"], r["key"], r["seed"])))
    partial = STORE.with_suffix(".partial")
    partial.write_text(f"[\n{lines}\n]\n")
    partial.replace(STORE)


@torch.no_grad()
def draw(module, name, mended, path: Path):
    """A strip of images whose z comes from the prior: the mean of each pixel."""
    z = torch.randn(PICTURED, LATENT, generator=torch.Generator().manual_seed(2)).double()
    images = torch.sigmoid(logits(module, name, mended, z)).reshape(PICTURED, 8, 8)
    strip = torch.nn.functional.pad(images, (0, 1), value=1.0).permute(1, 0, 2).reshape(8, -1)[:, :-1]
    shades = (np.nan_to_num(strip.numpy()) * 15).round().astype(np.uint8).repeat(SCALE, 0).repeat(SCALE, 1)
    picture = Image.fromarray(255 - 17 * shades).quantize(16)
    path.parent.mkdir(exist_ok=True)
    picture.save(path, bits=4, optimize=True)


def measure(name, mended, seed):
    """One run, as it is stored."""
    module = load(name, mended, seed)
    finite = train(module.step, module.model.parameters(), training_rows(module))
    found = evaluate(module, name, mended)
    numbers = {name: value if math.isfinite(value) else None for name, value in asdict(found).items()}
    run = {"name": name, "mended": mended, "seed": seed, "key": key(name, mended), "finite": finite, **numbers}
    if seed == SEEDS[0]:
        run["picture"] = f"{name}{'-mended' if mended else ''}.png"
        draw(module, name, mended, PICTURES / run["picture"])
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return {**run, "date": date.today().isoformat(), **versions}


def main():
    """Run what is not stored yet."""
    wanted = {}
    for exhibit in ZOO:
        for mended in (False, True):
            for seed in SEEDS:
                wanted.setdefault((key(exhibit.name, mended), seed), (exhibit.name, mended, seed))
    runs = {place: run for place, run in stored().items() if place in wanted}
    for place, program_run in tqdm([(p, w) for p, w in wanted.items() if p not in runs], unit="run"):
        runs[place] = measure(*program_run)
        store(runs)


if __name__ == "__main__":
    main()
