"""Results as lines for a terminal."""

import math

from vaelid.train.evaluation import Estimate, Evaluation

__all__ = ["evaluation_lines"]


def _pm(estimate: Estimate, digits: int = 2) -> str:
    error = "" if math.isnan(estimate.standard_error) else f" ± {estimate.standard_error:.{digits}f}"
    return f"{estimate.mean:10.{digits}f}{error}"


def evaluation_lines(title: str, found: Evaluation) -> list[str]:
    """The evaluation, a quantity a line, with units; ± is one standard error over rows."""
    unit = "nats per observation"
    lines = [
        f"{title}: {found.rows:,} observations of {found.coordinates} coordinates, {found.likelihood}, "
        f"{found.draws} draws each",
        f"  ELBO                       {_pm(found.elbo)}  {unit}",
        f"                             {_pm(found.bits_per_dim, 4)}  bits/dim of -ELBO",
        f"  reconstruction NLL         {_pm(found.reconstruction_nll)}  {unit}",
        f"  KL                         {_pm(found.kl)}  {unit}",
        f"  importance-weighted bound  {_pm(found.importance_weighted)}  {unit}, K = {found.draws}",
    ]
    if found.log_evidence is not None:
        lines.append(f"  log p(x), exact            {_pm(found.log_evidence)}  {unit}")
    ranked = sorted(enumerate(found.kl_per_dimension), key=lambda pair: -pair[1].mean)
    shown = ", ".join(f"z{index} {kl.mean:.3g}" for index, kl in ranked[:8])
    more = f", {len(ranked) - 8} more" if len(ranked) > 8 else ""
    lines += [
        f"  active units               {found.active_units:10d} of {len(ranked)}",
        f"  KL by latent, nats         {shown}{more}",
        found.verdict,
        "± is one standard error over observations." if found.rows > 1 else "One observation: no standard error.",
    ]
    if not found.discrete:
        lines.append("The likelihood is a density: nats and bits/dim depend on the data's units.")
    return lines
