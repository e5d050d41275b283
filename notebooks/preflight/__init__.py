"""Preflight: one row through program and metric, before money is spent.

from preflight import preflight

preflight(program, devset, metric)

To copy it, take `scores.py` along, which lies beside this folder.
"""

from preflight.report import Preflight, preflight

__all__ = ["Preflight", "preflight"]
