"""A grammar of training steps whose truths are known by construction, and what audits say of them."""
