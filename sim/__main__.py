"""`python -m simrun` is `simrun`."""

from simrun.cli.main import main

main()
