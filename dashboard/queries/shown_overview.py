"""The overview where values of jobs are hidden: the leader that wrote its errors down may not know of it."""

from __future__ import annotations

from dataclasses import replace

from omniq_core import Notice

from ..redaction import Redaction
from .overview import OverviewPage


def shown_overview(page: OverviewPage, redaction: Redaction) -> OverviewPage:
    """The page, with no more of its errors than their types."""
    if not redaction.on:
        return page

    def shown(notice: Notice) -> Notice:
        return replace(notice, text=redaction.kind(notice.text)) if notice.kind == "failing" else notice

    rows = tuple(replace(row, name=redaction.kind(row.name)) for row in page.top.rows)
    return replace(page, notices=tuple(map(shown, page.notices)), top=replace(page.top, rows=rows))
