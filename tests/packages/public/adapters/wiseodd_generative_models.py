"""wiseodd/generative-models: scripts of three VAEs, each run up to its training loop, whose first part is the step."""

import ast
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import torch
from tests.packages.public.project import Case, Project, Step, definitions

B, D, CLASSES = 64, 11, 7  # B is the scripts'


def step(file: str, conditional: bool = False) -> Callable[[Path], Step]:
    """What the loop does after it loaded data and before it computes gradients."""

    def make(source: Path) -> Step:
        path = source / "VAE" / file
        mnist = SimpleNamespace(images=torch.empty(0, D), labels=torch.empty(0, CLASSES))
        scope = definitions(path, mnist=SimpleNamespace(train=mnist))
        body = [n for n in ast.parse(path.read_text()).body if not isinstance(n, ast.Import | ast.ImportFrom)]
        start = next(i for i, n in enumerate(body) if isinstance(n, ast.For))
        loop = body[start].body
        end = next(i for i, n in enumerate(loop) if ast.unparse(n).startswith("loss ="))
        first = max(i for i, n in enumerate(loop[:end]) if "from_numpy" in ast.unparse(n)) + 1
        networks = [n for n in body[:start] if "input_data" not in ast.unparse(n)]
        exec(compile(ast.Module(networks, []), str(path), "exec"), scope)
        code = compile(ast.Module(loop[first : end + 1], []), str(path), "exec")

        def run(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            scope.update(batch)
            exec(code, scope)
            return scope["loss"]

        classes = {"c": torch.eye(CLASSES)[torch.randint(CLASSES, (B,))]} if conditional else {}
        return Step(run, {"X": torch.rand(B, D).round()} | classes)

    return make


PROJECT = Project(
    "wiseodd/generative-models",
    "b930d5fa9e2f69adfd4ea8ec759f38f6ce6da4c2",
    (
        Case(
            "vanilla_vae",
            step("vanilla_vae/vae_pytorch.py"),
            "PROVED",
            "sum of BCE / 64 + mean over rows of KL, with B = 64 fixed in the code",
            beta=1,
            checked=True,
        ),
        Case(
            "conditional_vae",
            step("conditional_vae/cvae_pytorch.py", conditional=True),
            "PROVED",
            "sum of BCE / 64 + mean over rows of KL; classes go to encoder and decoder",
            beta=1,
            checked=True,
        ),
        Case(
            "denoising_vae",
            step("denoising_vae/dvae_pytorch.py"),
            "PROVED",
            "sum of BCE / 64 + mean of KL; the encoder sees x + noise, the likelihood x: an ELBO with that posterior",
            beta=1,
            checked=True,
        ),
    ),
)
