"""Errors that a user can mend: one message that says what, where, what was expected and how to mend it."""


class VaelidError(Exception):
    """Whatever vaelid stops with on purpose. The message stands alone; no traceback is needed."""


class InputError(VaelidError, ValueError):
    """Something given by the user cannot be used."""


class SupportError(InputError):
    """An observation lies outside the support of the likelihood."""


class DivergenceError(VaelidError, ArithmeticError):
    """Training met a loss or a gradient that is not finite."""


class UserCodeError(VaelidError):
    """The user's own code raised."""


class InternalError(VaelidError):
    """A defect of vaelid's own: it says nothing of what was given. The cause is chained."""
