from .assertion import NotElbo as NotElbo
from .assertion import assert_elbo as assert_elbo
