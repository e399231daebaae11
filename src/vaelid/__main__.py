"""`python -m vaelid`: the command. Python runs `vaelid/__init__.py` first, which imports as little as it can."""

from vaelid_command import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
