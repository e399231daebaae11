"""`python -m tests.mutants.audit`: right KLs, losses and steps with one thing changed; no audit may judge one wrong.

What a mutant is, random numbers say: of a KL here, of a loss or a step in `losses`. A KL that is proved is one; one
that is refuted is the KL to no normal prior; at least 95 % of those that are none are refuted. A loss or a step that is
proved to be what the original is, is that; one that still is, is not refuted; of those that run and are changed, at
least 95 % are refuted. The originals are proved. Exit status: 0
when all that is so; 1 otherwise; 2 for wrong usage; 130 when interrupted: the same command goes on from there.
"""

import argparse
import ast
import copy
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

from vaelid import audit_kl
from vaelid.spec.errors import UserCodeError

from .losses import audits
from .losses.mutation import Mutant
from .losses.resumed import key_of, run, state_file

ORIGINALS = (
    "lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())",
    "lambda mu, logvar: torch.mean(-0.5 * torch.sum(1 + logvar - mu ** 2 - torch.exp(logvar), dim=1))",
    "lambda mu, logvar: 0.5 * torch.sum(mu * mu + torch.exp(logvar) - logvar - 1) / mu.size(0)",
    "lambda mu, std: (0.5 * (mu ** 2 + std ** 2 - 1) - torch.log(std)).sum(1)",
    "lambda mu, var: 0.5 * (mu ** 2 + var - 1 - var.log()).sum(1).mean()",
    "lambda mu, log_std: torch.sum(0.5 * torch.exp(2 * log_std) + 0.5 * mu ** 2 - 0.5 - log_std)",
    "lambda mu, logvar: 0.5 * (mu.pow(2).sum() + logvar.exp().sum() - logvar.sum() - mu.numel())",
    "lambda mu, sigma: torch.sum(mu ** 2 / 2 + sigma.square() / 2 - torch.log(sigma ** 2) / 2 - 1 / 2)",
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_METHODS = ("exp", "log", "sum", "mean", "sqrt", "abs", "neg", "tanh", "square")


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield left
            yield right
            if not isinstance(op, ast.Pow):
                yield from (ast.BinOp(left, other(), right) for other in _OPERATORS if not isinstance(op, other))
                yield ast.BinOp(right, op, left)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=value):
            yield from (ast.Constant(new) for new in (-value, value + 1, 2 * value, value / 2, 0) if new != value)
        case ast.Attribute(value=value, attr=attr) if attr in _METHODS:
            yield from (ast.Attribute(value, other, ast.Load()) for other in _METHODS if other != attr)


def mutants(source: str) -> list[str]:
    """Every source with one such change, once."""
    tree = ast.parse(source, mode="eval")
    nodes = list(ast.walk(tree.body.body))  # pyright: ignore[reportAttributeAccessIssue]
    names = [node for node in nodes if isinstance(node, ast.Name) and node.id != "torch"]
    found = []
    for number, node in enumerate(nodes):
        changed = list(_changes(node))
        if node in names:
            changed += [ast.Name(other, ast.Load()) for other in {n.id for n in names} - {node.id}]  # pyright: ignore
        for replacement in changed:
            fresh = copy.deepcopy(tree)
            at = list(ast.walk(fresh.body.body))[number]  # pyright: ignore[reportAttributeAccessIssue]
            fresh = _Replace(at, copy.deepcopy(replacement)).visit(fresh)
            found.append(ast.unparse(ast.fix_missing_locations(fresh)))
    return sorted(set(found) - {ast.unparse(tree)})


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().visit(node)


def values(function, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For twelve random posteriors: the function's sum, the KL by torch.distributions, and what KLs are made of.

    w KL(N(mu, v) || N(m, s2)) is a (mu^2 + v) + b mu - c log v and a constant, with a and c positive.
    """
    generator = torch.Generator().manual_seed(7)
    (name,) = [n for n in function.__code__.co_varnames[:2] if n != "mu"]
    computed, exact, parts = [], [], []
    for _ in range(12):
        mu, logvar = torch.randn(2, rows, columns, dtype=torch.float64, generator=generator)
        spread = {"logvar": logvar, "var": logvar.exp(), "log_std": logvar / 2}.get(name, torch.exp(logvar / 2))
        prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
        computed.append(float(function(*({"mu": mu}.get(n, spread) for n in function.__code__.co_varnames[:2])).sum()))
        exact.append(float(kl_divergence(Normal(mu, torch.exp(logvar / 2)), prior).sum()))
        parts.append([float((mu**2 + logvar.exp()).sum()), float(mu.sum()), float(logvar.sum()), 1.0])
    return np.array(computed), np.array(exact), np.array(parts)


def fitted(basis: np.ndarray, computed: np.ndarray) -> np.ndarray | None:
    """The coefficients with which the basis gives the values, by least squares, if it does."""
    coefficients, *_ = np.linalg.lstsq(basis, computed)
    off = np.abs(basis @ coefficients - computed).max()
    return None if off > 1e-9 * (1 + np.abs(computed).max()) else coefficients


def kind(function) -> str:
    """`kl`: to N(0, I), `other prior`: to another, at each of two sizes; or `none`."""
    kinds = set()
    for rows, columns in ((2, 3), (1, 4)):
        computed, exact, parts = values(function, rows, columns)
        finite = np.isfinite(computed).all()
        to_standard = fitted(np.stack([exact, np.ones(12)], 1), computed) if finite else None
        to_any = fitted(parts, computed) if finite else None
        if to_standard is not None and to_standard[0] > 1e-9:
            kinds.add("kl")
        elif to_any is not None and to_any[0] > 1e-9 and to_any[2] < -1e-9:
            kinds.add("other prior")
        else:
            kinds.add("none")
    return kinds.pop() if len(kinds) == 1 else "none"


def judged(source: str) -> tuple[str, str] | None:
    """The verdict and the truth; None of what is no longer a function of tensors."""
    function = eval(source, {"torch": torch})
    try:
        truth = kind(function)
        return audit_kl(function).verdict, truth
    except (UserCodeError, AttributeError, TypeError, RuntimeError, IndexError, ZeroDivisionError):
        return None


def complaints(verdicts: dict[str, tuple[str, str]], originals: dict[str, tuple[str, str] | None]) -> list[str]:
    """What is not as it must be."""
    found = [f"not proved: {source}" for source, verdict in originals.items() if verdict != ("PROVED", "kl")]
    for source, (verdict, truth) in verdicts.items():
        if (verdict == "PROVED" and truth != "kl") or (verdict == "REFUTED" and truth != "none"):
            found.append(f"{verdict}, though its kind is {truth}: {source}")
    wrong = Counter(verdict for verdict, truth in verdicts.values() if truth == "none")
    if wrong.total() < 300:
        found.append(f"only {wrong.total()} mutants are no KL")
    if wrong["REFUTED"] < 0.95 * wrong.total():
        found.append(f"of {wrong.total()} mutants that are no KL only {wrong['REFUTED']} are refuted")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.audit", description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every N-th loss and step only")
    options = parser.parse_args(arguments)
    kls = list(dict.fromkeys([*ORIGINALS, *(source for original in ORIGINALS for source in mutants(original))]))
    losses = [*audits.originals(), *audits.all_mutants()[:: options.every]]
    jobs: list[tuple[str, Any]] = [(key_of("kl", source), source) for source in kls]
    jobs += [(key_of(mutant.original, mutant.source), mutant) for mutant in losses]
    try:
        results = run(_work, jobs, state_file())
    except KeyboardInterrupt:
        print("interrupted: the same command goes on from here", file=sys.stderr)
        return 130
    found = _kls({source: results[key_of("kl", source)]["found"] for source in kls})
    findings = [audits.Finding(**results[key_of(m.original, m.source)]) for m in losses]
    before = [replace(f, objective=tuple(f.objective)) for f in findings[: len(audits.originals())]]
    after = [replace(f, objective=tuple(f.objective)) for f in findings[len(before) :]]
    print(audits.table(after))
    found += audits.complaints(after, before)
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


def _work(job: str | Mutant) -> dict[str, Any]:
    if isinstance(job, Mutant):
        return audits.finding(job).as_data()
    warnings.simplefilter("ignore")  # mutants divide by zero and take logarithms of what is negative
    torch.set_num_threads(1)
    return {"found": judged(job)}


def _kls(results: dict[str, Any]) -> list[str]:
    """Print what was found of the KLs; what is not as it must be."""
    pairs = {source: found and (found[0], found[1]) for source, found in results.items()}
    verdicts = {source: found for source, found in pairs.items() if found and source not in ORIGINALS}
    for (verdict, truth), count in sorted(Counter(verdicts.values()).items()):
        print(f"{count:6}  KLs: {verdict:8} {truth}")
    print(f"{len(results) - len(ORIGINALS) - len(verdicts):6}  are no functions of tensors any more")
    return complaints(verdicts, {source: pairs[source] for source in ORIGINALS})


if __name__ == "__main__":
    sys.exit(main())
