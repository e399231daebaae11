"""The second road to a verdict: the user's own code runs again, and its numbers are held against the account.

In: a step with its batch, and the symbolic road's `Account` of it. Out: an `Opinion`. For example, where the account
is NLL + KL, the losses of 18 runs at other weights, data and noise have to be NLL + KL, both by `torch.distributions`.

May import from recording, formula, findings.
"""
