"""The command `echospine`: one module for each command, imported only when it runs."""

from echospine.apps.cli.main import main as main
