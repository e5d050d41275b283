"""`python -m kit`, the same as `kit`."""

from kit.workshop.cli import app

app()
