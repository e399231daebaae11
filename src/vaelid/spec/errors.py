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


def kind_of(error: BaseException) -> str:
    """The name of its class. Not as ``type(error).__name__``: a metaclass may say something else, or raise."""
    return type.__dict__["__name__"].__get__(type(error))


def words_of(error: BaseException) -> str:
    """As in "ValueError: no such layer"; the kind alone where the error has no text, or cannot give it."""
    try:
        words = str(error)
    except BaseException:  # its own __str__ raises
        words = ""
    return f"{kind_of(error)}: {words}" if words else kind_of(error)
