"""Prototypes to copy into a project of your own: they need DSPy and nothing else of `kit`."""
