"""Which operations of torch draw random numbers, by their law.

In: the name of an operation. Out: whether it is random, and whether its law is one that is read. For example,
`randn_like` is normal; `bernoulli` is random, and its law is not read: its result is noise of the law ``other``.
"""

__all__ = ["NORMAL", "RANDOM", "UNIFORM"]


NORMAL = frozenset({"randn", "randn_like", "normal", "normal_functional"})
UNIFORM = frozenset({"rand", "rand_like", "uniform"})
_OF_OTHER_LAWS = frozenset(
    {"bernoulli", "exponential", "cauchy", "log_normal", "geometric", "multinomial", "randperm", "randint", "random"}
    | {"poisson", "binomial", "_standard_gamma", "_sample_dirichlet", "native_dropout"}
)
RANDOM = NORMAL | UNIFORM | _OF_OTHER_LAWS
"""Every operation that draws."""
