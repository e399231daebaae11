"""Errors that a user can mend: one message that says what, where, what was expected and how to mend it."""


class InputError(ValueError):
    """Something given by the user cannot be used. The message stands alone; no traceback is needed."""


class SupportError(InputError):
    """An observation lies outside the support of the likelihood."""
