"""`python -m vaelid`."""

from vaelid.interface.cli import main

main()
