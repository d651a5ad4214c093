"""`python -m dashboard.demo`: the workload alone, on the database whose URL comes first on stdin."""

from __future__ import annotations

from .child import main

if __name__ == "__main__":
    main()
