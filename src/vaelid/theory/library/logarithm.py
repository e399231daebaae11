"""What follows from the axioms on exp and log. Used by other files; not about the spec."""

from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import scalar
from vaelid.theory.result import Result, solved
from vaelid.theory.statement import both, eq, given, iff, le, lt
from vaelid.theory.tactics import exp_of_sum, use

__all__ = ["RESULTS", "exp_pos", "log_at_least_one", "log_of_product", "log_of_scaled"]

_a, _u = scalar("a"), scalar("u")


def _log_at_least_one() -> list[Theorem]:
    log = xp.log(_u)
    return [
        use("exp_log", x=_u),
        use("log_exp", x=0),
        use("exp_zero"),
        use("exp_gt_one_plus", x=-log),
        *exp_of_sum(log, -log),
    ]


exp_pos: Result = solved(
    "exp_pos",
    "e^a is positive",
    lt(0, xp.exp(_a)),
    lambda: [*exp_of_sum(_a / 2, _a / 2), *exp_of_sum(_a, -_a), use("exp_zero")],
)
log_of_product: Result = solved(
    "log_of_product",
    "log(e^a u) = a + log(u) for u > 0",
    given(lt(0, _u), eq(xp.log(xp.exp(_a) * _u), _a + xp.log(_u))),
    lambda: [use("exp_log", x=_u), *exp_of_sum(_a, xp.log(_u)), use("log_exp", x=_a + xp.log(_u))],
)
log_of_scaled: Result = solved(
    "log_of_scaled",
    "log(u e^a) = log(u) + a for u > 0",
    given(lt(0, _u), eq(xp.log(_u * xp.exp(_a)), xp.log(_u) + _a)),
    lambda: [use("exp_log", x=_u), *exp_of_sum(xp.log(_u), _a), use("log_exp", x=xp.log(_u) + _a)],
)
log_at_least_one: Result = solved(
    "log_at_least_one",
    "from 1 on the logarithm is not negative, and zero at 1 only",
    given(le(1, _u), both(le(0, xp.log(_u)), iff(eq(xp.log(_u), 0), eq(_u, 1)))),
    _log_at_least_one,
)

RESULTS = (exp_pos, log_of_product, log_of_scaled, log_at_least_one)
