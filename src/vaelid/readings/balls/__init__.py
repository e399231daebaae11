"""The ball reading: an array of `vaelid.spec` whose elements are balls of Arb, which hold the exact values.

    from vaelid import spec
    from vaelid.readings.balls import balls

    kl = spec.diagonal_gaussian_kl_to_standard_sum(balls(mu), balls(logvar))
    kl.lower, kl.upper                      # rigorous, whatever the code in floating point returns

`BallArray` says what an enclosure is and when there is none, `Balls` what computes it and how precisely.
"""

from vaelid.readings.balls.array import BallArray
from vaelid.readings.balls.namespace import Balls, balls

__all__ = ["BallArray", "Balls", "balls"]
