"""What the tests of terms share."""

import jaxtyping
import pytest


@pytest.fixture
def unchecked():
    """As users run it: without the run-time type checks of the tests, so that the code's own checks answer."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
