"""The likelihoods that public code has, by hand and by library."""

from .likelihood_kinds import add

NORMAL = "td.Normal(out, 1.0)"
HETERO = "td.Normal(mean_x, (0.5 * logvar_x).exp())"
BINARY = "td.Bernoulli(logits=out, validate_args=False)"
TOKENS = "td.Categorical(logits=logits)"
LOGITS = "logits = out.unflatten(-1, ({D}, 3))\n"
COUNTED = {"family": "poisson"}

# A squared error: what variance it has is the reader's choice, 1 unless something fixes it.
add("half_squares", "real", "nll = 0.5 * (out - x).pow(2)", NORMAL, family="gaussian")
add("squares", "real", "nll = (x - out) ** 2", NORMAL, scale=2.0, family="gaussian")
add("mse_loss", "real", 'nll = F.mse_loss(out, x, reduction="none")', NORMAL, scale=2.0, family="gaussian", draws=False)
add("normal_object", "real", "nll = -td.Normal(out, 1.0).log_prob(x)", NORMAL, family="gaussian", single=False)
add(
    "squares_over_variance",
    "real",
    "nll = (x - out) ** 2 / (2 * 0.3**2)",
    "td.Normal(out, 0.3)",
    family="gaussian",
    other_scales=(0.09,),
)
add("normal_of_known_std", "real", "nll = -td.Normal(out, 0.5).log_prob(x)", "td.Normal(out, 0.5)", single=False)
# A variance that is learned: one, one a column, one a datum.
add(
    "learned_std_by_column",
    "real",
    "nll = 0.5 * ((x - out) / log_sigma.exp()) ** 2 + log_sigma",
    "td.Normal(out, log_sigma.exp())",
    layers=(("log_sigma", "nn.Parameter(0.1 * torch.randn({D}))"),),
    family="gaussian",
)
add(
    "learned_std_for_all",
    "real",
    "nll = -td.Normal(out, log_scale.exp()).log_prob(x)",
    "td.Normal(out, log_scale.exp())",
    layers=(("log_scale", "nn.Parameter(torch.tensor([0.2]))"),),
    family="gaussian",
    single=False,
)
add(
    "variance_of_decoder",
    "real",
    "mean_x, logvar_x = out.chunk(2, dim=-1)\nnll = 0.5 * (logvar_x + (x - mean_x) ** 2 / logvar_x.exp())",
    HETERO,
    outputs=2,
    family="gaussian",
)
add(
    "gaussian_nll_loss",
    "real",
    "mean_x, raw_x = out.chunk(2, dim=-1)\nvar_x = F.softplus(raw_x) + 1e-3\n"
    'nll = F.gaussian_nll_loss(mean_x, x, var_x, reduction="none")',
    "td.Normal(mean_x, var_x.sqrt())",
    outputs=2,
    family="gaussian",
    draws=False,
    single=False,
)
add("l1_loss", "real", 'nll = F.l1_loss(out, x, reduction="none")', "td.Laplace(out, 1.0)", draws=False)
add("absolute", "real", "nll = (x - out).abs()", "td.Laplace(out, 1.0)", family="laplace")
add(
    "laplace_object",
    "real",
    "loc, raw_x = out.chunk(2, dim=-1)\nnll = -td.Laplace(loc, F.softplus(raw_x)).log_prob(x)",
    "td.Laplace(loc, F.softplus(raw_x))",
    outputs=2,
    family="laplace",
    single=False,
)
add(
    "student_object",
    "real",
    "nll = -td.StudentT(4.0, out, F.softplus(raw_scale)).log_prob(x)",
    "td.StudentT(4.0, out, F.softplus(raw_scale))",
    layers=(("raw_scale", "nn.Parameter(torch.randn({D}))"),),
    single=False,
)
add(
    "student_by_hand",
    "real",
    "nll = 2.5 * torch.log1p((x - out) ** 2 / 4)",
    "td.StudentT(4.0, out, 1.0)",
)
add(
    "logistic_by_hand",
    "real",
    "u = (x - out) * torch.exp(-log_s)\nnll = u + log_s + 2 * F.softplus(-u)",
    "=(lambda v: v + log_s - 2 * F.logsigmoid(v))((x - out) / log_s.exp())",
    layers=(("log_s", "nn.Parameter(0.2 * torch.randn({D}))"),),
)
add("log_cosh", "real", "e = x - out\nnll = e + F.softplus(-2 * e) - math.log(2.0)", "=torch.cosh(x - out).log()")
add(
    "pinball",
    "real",
    "e = x - out\nnll = torch.max(0.8 * e, -0.2 * e)",
    "=torch.where(x > out, 0.8 * (x - out), 0.2 * (out - x))",
)
# Zeros and ones.
add(
    "bce_with_logits",
    "binary",
    'nll = F.binary_cross_entropy_with_logits(out, x, reduction="none")',
    BINARY,
    family="bernoulli",
    draws=False,
)
add(
    "bce_of_sigmoid",
    "binary",
    'x_hat = torch.sigmoid(out)\nnll = F.binary_cross_entropy(x_hat, x, reduction="none")',
    BINARY,
    family="bernoulli",
    draws=False,
)
add("softplus_minus_product", "binary", "nll = F.softplus(out) - x * out", BINARY, family="bernoulli")
add("bernoulli_object", "binary", "nll = -td.Bernoulli(logits=out).log_prob(x)", BINARY, single=False)
add(
    "logs_of_probabilities",
    "binary",
    "p = torch.sigmoid(out)\nnll = -(x * torch.log(p) + (1 - x) * torch.log(1 - p))",
    BINARY,
    family="bernoulli",
)
add("bce_of_grey", "grey", "nll = F.softplus(out) - x * out", BINARY, family="bernoulli")
add(
    "continuous_bernoulli",
    "grey",
    "nll = -td.ContinuousBernoulli(logits=out).log_prob(x)",
    "td.ContinuousBernoulli(logits=out)",
    single=False,
)
add(
    "beta_object",
    "grey",
    "a, b = F.softplus(out).chunk(2, dim=-1)\nnll = -td.Beta(a + 0.5, b + 0.5).log_prob(x)",
    "=(torch.lgamma(a + 0.5) + torch.lgamma(b + 0.5) - torch.lgamma(a + b + 1)"
    " - (a - 0.5) * x.log() - (b - 0.5) * (1 - x).log())",
    outputs=2,
    single=False,
)
# Classes.
add(
    "cross_entropy",
    "tokens",
    LOGITS + 'nll = F.cross_entropy(logits.transpose(1, 2), x, reduction="none")',
    TOKENS,
    outputs=3,
    family="categorical",
    draws=False,
    single=False,
)
add(
    "flat_cross_entropy",
    "tokens",
    LOGITS + 'nll = F.cross_entropy(logits.reshape(-1, 3), x.reshape(-1), reduction="none").view(x.shape)',
    TOKENS,
    outputs=3,
    family="categorical",
    draws=False,
    single=False,
)
add(
    "gathered_log_softmax",
    "tokens",
    LOGITS + "nll = -logits.log_softmax(-1).gather(-1, x.unsqueeze(-1)).squeeze(-1)",
    TOKENS,
    outputs=3,
    family="categorical",
    draws=False,
    single=False,
)
add(
    "categorical_object",
    "tokens",
    LOGITS + "nll = -td.Categorical(logits=logits).log_prob(x)",
    TOKENS,
    outputs=3,
    family="categorical",
    single=False,
)
add(
    "one_hot_log_softmax",
    "one_hot",
    LOGITS + "nll = -(x * F.log_softmax(logits, dim=-1)).sum(-1)",
    "=(logits.logsumexp(-1) - (x * logits).sum(-1))",
    outputs=3,
    family="categorical",
    single=False,
)
# Counts.
add(
    "poisson_nll_loss",
    "counts",
    'nll = F.poisson_nll_loss(out, x, log_input=True, reduction="none")',
    "td.Poisson(out.exp())",
    draws=False,
    **COUNTED,
)
add("poisson_by_hand", "counts", "nll = out.exp() - x * out", "td.Poisson(out.exp())", **COUNTED)
add(
    "poisson_object",
    "counts",
    "rate = F.softplus(out)\nnll = -td.Poisson(rate).log_prob(x)",
    "td.Poisson(rate)",
    single=False,
    **COUNTED,
)
NEGATIVE_BINOMIAL = {
    "law": "td.NegativeBinomial(log_theta.exp(), logits=out - log_theta)",
    "layers": (("log_theta", "nn.Parameter(torch.randn({D}))"),),
    "family": "negative_binomial",
}
add(
    "negative_binomial_object",
    "counts",
    "nb = td.NegativeBinomial(total_count=log_theta.exp(), logits=out - log_theta)\nnll = -nb.log_prob(x)",
    single=False,
    **NEGATIVE_BINOMIAL,
)
add(
    "negative_binomial_by_hand",
    "counts",
    "theta, rate = log_theta.exp(), out.exp()\nlog_sum = torch.log(theta + rate)\n"
    "log_p = torch.lgamma(x + theta) - torch.lgamma(theta) - torch.lgamma(x + 1)\n"
    "nll = -(log_p + theta * (log_theta - log_sum) + x * (out - log_sum))",
    **NEGATIVE_BINOMIAL,
)
add(
    "zero_inflated_poisson",
    "counts",
    "log_rate, gate = out.chunk(2, dim=-1)\nzero = F.softplus(-gate - log_rate.exp()) - F.softplus(-gate)\n"
    "count = -F.softplus(-gate) - gate + x * log_rate - log_rate.exp() - torch.lgamma(x + 1)\n"
    "nll = -torch.where(x < 0.5, zero, count)",
    "=-torch.log(gate.sigmoid() * (x == 0) + (1 - gate.sigmoid()) * td.Poisson(log_rate.exp()).log_prob(x).exp())",
    outputs=2,
)
add(
    "binomial_object",
    "few",
    "nll = -td.Binomial(5, logits=out).log_prob(x)",
    "td.Binomial(5, logits=out)",
    family="binomial",
    single=False,
)
add(
    "geometric_by_hand",
    "counts",
    "nll = F.softplus(-out) + x * F.softplus(out)",
    "td.Geometric(logits=out)",
)
# Positive numbers.
add("exponential_by_hand", "positive", "nll = x * torch.exp(-out) + out", "td.Exponential((-out).exp())")
add(
    "gamma_object",
    "positive",
    "a, b = F.softplus(out).chunk(2, dim=-1)\nnll = -td.Gamma(a + 0.1, b + 0.1).log_prob(x)",
    "=(torch.lgamma(a + 0.1) - (a + 0.1) * (b + 0.1).log() - (a - 0.9) * x.log() + (b + 0.1) * x)",
    outputs=2,
    single=False,
)
add(
    "log_normal_by_hand",
    "positive",
    "nll = 0.5 * (x.log() - out) ** 2",
    "td.LogNormal(out, 1.0)",
    family="gaussian",
)
