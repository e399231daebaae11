"""What users meet: without the run-time checks of types and shapes that only tests have."""

import jaxtyping
import pytest


@pytest.fixture
def unchecked():
    """vaelid's own checks alone, for messages about values of a wrong type or shape."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
