"""`python -m echospine` is the command `echospine`."""

from echospine.apps.cli import main

main()
