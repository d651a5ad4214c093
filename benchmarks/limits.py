"""A figure beside its limit, as the benchmarks of the dashboard print it."""

from __future__ import annotations


def line(name: str, value: float, limit: float, unit: str) -> None:
    """Prints it; without a unit it is a count."""
    text = f"{value:,.2f} {unit}" if unit else f"{value:,.0f}"
    print(f"{name:<44}{text:>12}  at most {limit:g}  {'PASS' if value <= limit else 'OVER'}", flush=True)
