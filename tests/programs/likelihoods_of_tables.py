"""Likelihoods that are more than one formula for each datum: mixed columns, loops, bins, full covariances, mixtures."""

from .likelihood_kinds import add

MIXED = "=torch.cat([-td.Normal(means, log_sigma.exp()).log_prob(x[..., :-1]), {classes}], dim=-1)"
add(
    "columns_by_loop",
    "real",
    "parts = []\nfor j in range({D}):\n    sigma = log_sigma[j].exp()\n"
    "    parts.append((x[..., j] - out[..., j]) ** 2 / (2 * sigma**2) + sigma.log())\n"
    "nll = torch.stack(parts, dim=-1)",
    "td.Normal(out, log_sigma.exp())",
    layers=(("log_sigma", "nn.Parameter(0.1 * torch.randn({D}))"),),
    family="gaussian",
)
add(
    "numbers_and_a_flag",
    "flagged",
    "means, logit = out[..., :-1], out[..., -1:]\n"
    "numbers = 0.5 * ((x[..., :-1] - means) / log_sigma.exp()) ** 2 + log_sigma\n"
    "flag = F.softplus(logit) - x[..., -1:] * logit\n"
    "nll = torch.cat([numbers, flag], dim=-1)",
    MIXED.replace("{classes}", "-td.Bernoulli(logits=logit).log_prob(x[..., -1:])"),
    layers=(("log_sigma", "nn.Parameter(0.1 * torch.randn({D} - 1))"),),
)
add(
    "discretised_logistic",
    "bytes",
    "upper = (x - out + 1 / 255) * torch.exp(-log_s)\nlower = (x - out - 1 / 255) * torch.exp(-log_s)\n"
    "mass = torch.log(torch.sigmoid(upper) - torch.sigmoid(lower))\n"
    "nll = -torch.where(x < -0.999, F.logsigmoid(upper), torch.where(x > 0.999, F.logsigmoid(-lower), mass))",
    "=-torch.log(torch.where(x > 0.999, torch.ones_like(out), torch.sigmoid((x - out + 1 / 255) / log_s.exp()))"
    " - torch.where(x < -0.999, torch.zeros_like(out), torch.sigmoid((x - out - 1 / 255) / log_s.exp())))",
    layers=(("log_s", "nn.Parameter(-1 + 0.2 * torch.randn({D}))"),),
)
add(
    "zero_inflated_negative_binomial",
    "counts",
    "log_rate, gate = out.chunk(2, dim=-1)\ntheta, rate = log_theta.exp(), log_rate.exp()\n"
    "log_sum = torch.log(theta + rate)\nlog_zero = theta * (log_theta - log_sum)\n"
    "log_nb = log_zero + x * (log_rate - log_sum) + torch.lgamma(x + theta)\n"
    "log_nb = log_nb - torch.lgamma(theta) - torch.lgamma(x + 1)\n"
    "zero = F.softplus(log_zero - gate) - F.softplus(-gate)\ncount = log_nb - gate - F.softplus(-gate)\n"
    "nll = -torch.where(x < 0.5, zero, count)",
    "=-torch.log(gate.sigmoid() * (x == 0) + (1 - gate.sigmoid())"
    " * td.NegativeBinomial(log_theta.exp(), logits=log_rate - log_theta).log_prob(x).exp())",
    outputs=2,
    layers=(("log_theta", "nn.Parameter(torch.randn({D}))"),),
)
add(
    "mixture_of_two_normals",
    "real",
    "first, second = out.chunk(2, dim=-1)\n"
    "logs = torch.stack([-0.5 * (x - first) ** 2, -0.5 * (x - second) ** 2])\n"
    "nll = math.log(2.0) - torch.logsumexp(logs, dim=0)",
    "=-torch.log(0.5 * td.Normal(first, 1.0).log_prob(x).exp() + 0.5 * td.Normal(second, 1.0).log_prob(x).exp())",
    outputs=2,
)
add(
    "learned_precision",
    "real",
    "precision = F.softplus(raw_precision)\nnll = 0.5 * precision * (x - out) ** 2 - 0.5 * precision.log()",
    "td.Normal(out, F.softplus(raw_precision).rsqrt())",
    layers=(("raw_precision", "nn.Parameter(torch.randn({D}))"),),
    family="gaussian",
)
