"""The cases of our own that an audit does not settle yet, or names otherwise: what it says instead."""

GAPS = {
    "losses.negative_binomial_object": "UNKNOWN, not PROVED",
    "wrong_losses.absolute_mean": "bugs {'clamp', None}, not kl-formula",
    "wrong_losses.square_of_the_sum": "UNKNOWN, not REFUTED",
}
