"""The loss of a `vaelid.VAE`, audited as it is: its fused kernels are read by the definitions that they stand for.

vaelid audit examples/own_loss.py:loss

The report says PROVED. Its row `twins` says how far each kernel and its definition were apart in this audit, which is
tested and not proved. A kernel of your own is read in the same way once it is registered: see
`vaelid.register_twin`.
"""

import torch
import vaelid
from sklearn.datasets import load_digits

images = torch.tensor(load_digits().data, dtype=torch.float32)  # (1797, 64): each pixel counts from 0 to 16
batch = images[:32]
model = vaelid.VAE(64, latent=8, hidden=64, likelihood="binomial:16", seed=0)
loss = model.loss
