"""Why a part of a loss was decided as it was: values with their facts, without words.

In come the facts that a decision rests on, out goes a value that two decisions can be compared by: for a likelihood of
weight 1 / B that is `IsLikelihood(Monomial(1, {"B": -1}), "Gaussian")`. `judgement/wording.py` has the sentence for
each.
"""
