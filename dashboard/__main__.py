"""`python -m dashboard`: the same as `omniq-dashboard`."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
