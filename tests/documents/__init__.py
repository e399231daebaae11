"""The documents against the code: what they name exists, what they count is so, what they show runs."""
