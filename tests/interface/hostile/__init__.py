"""User code that does harm while it is audited: what it does, and how the command must end."""
