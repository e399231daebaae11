"""From a model of a loss to its objective: which likelihoods, which priors, which weights.

May import from model, lifting, proofs, recording, formula, findings.
"""
