"""A page with a table, a selection and a dialog, for tests of what script adds to all such pages."""

from __future__ import annotations

import threading
from typing import Any

from flask import Flask, Response, request
from jinja2 import ChoiceLoader, DictLoader

from dashboard import params, templating
from dashboard.htmx import Partial, Toast, answer, render_page, show_dialog
from dashboard.routes import Routes
from dashboard.state import now_ms
from tests.web.trial import trial_app

_PAGE = """{% extends "omniq/layouts/page.html" %}
{% from "omniq/macros/tables.html" import th, check_all, card_bar, no_enter, bulk_bar, bulk_button %}
{% from "omniq/macros/buttons.html" import dialog_link, copy %}
{% block title %}Trial{% endblock %}
{% block main %}
<header class="page-head"><h1 class="page-title" tabindex="-1" id="h">Trial</h1>
{{ copy("#h", "Copy title", lone=true) }}
{{ dialog_link("Ask", "pause", url_for(".trial_ask")) }}</header>
<section class="panel"><form method="post" id="jobs-form">{{ no_enter() }}{{ csrf_field() }}{{ back_field() }}
<div class="table-box">{{ card_bar(true) }}
<table class="table cards" role="table"><caption class="sr-only">Jobs</caption>
<thead role="rowgroup"><tr role="row">
{{ check_all(ids | length) }}{{ th("Job") }}{{ th("Actions", hidden=true) }}</tr></thead>
<tbody id="jobs" role="rowgroup">{% include "trial/rows.html" %}</tbody></table></div>
{% call bulk_bar() %}{{ bulk_button("Retry", "retry", url_for(".trial_retry")) }}
{{ bulk_button("Remove", "remove", url_for(".trial_ask_remove"), "danger-text") }}{% endcall %}
</form></section>{% endblock %}"""
_ROWS = """{% from "omniq/macros/tables.html" import check_row %}
{% from "omniq/macros/buttons.html" import row_button %}{% from "omniq/macros/names.html" import job_link %}
{% from "omniq/macros/times.html" import ago %}
{% for id in ids %}<tr role="row" id="{{ row_id('job', id) }}">{{ check_row(id) }}
<td role="cell" class="head fit">{{ job_link(id, "#") }} {{ ago(at) }}</td>
<td role="cell" class="end"><span class="row-actions">
{{ row_button("Retry " ~ present("id", id), "retry", url_for(".trial_retry"), id) }}</span></td></tr>{% endfor %}"""
_ASK = """{% from "omniq/macros/dialogs.html" import dialog %}{% from "omniq/macros/names.html" import job_id %}
{% call dialog("Remove these jobs?", url_for(".trial_remove"), "Remove jobs", "Keep jobs",
  fields=fields, as_page=as_page) %}
<p>They leave.</p><div class="quote">{% for id in ids %}{{ job_id(id) }}{% endfor %}</div>{% endcall %}"""


class ScriptTrial:
    """`app`, the ids that are left, what was done; `gate` holds the answers of retries back while it is closed."""

    def __init__(self) -> None:
        self.ids = ["first", "user/234", "..", "a\nb", "\udcff", "🔥"]
        self.done: list[tuple[str, tuple[str, ...]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.app = self._make()

    def _rows(self) -> dict[str, Any]:
        return {"ids": list(self.ids), "at": now_ms() - 5000}

    def _take(self, what: str) -> tuple[str, ...]:
        ids = params.job_ids(request.form)
        self.done.append((what, ids))
        self.ids = [job_id for job_id in self.ids if job_id not in ids]
        return ids

    def _make(self) -> Flask:
        routes = Routes()

        @routes.get("/trial")
        def trial() -> Response:
            return render_page("trial/page.html", **self._rows())

        @routes.post("/trial/retry", action="retry")
        def trial_retry() -> Response:
            self.gate.wait(10)
            ids = self._take("retry")
            return answer(Toast(f"Retried {len(ids)}"), Partial("jobs", "trial/rows.html", context=self._rows()))

        @routes.get("/trial/ask")
        def trial_ask() -> Response:
            return show_dialog("trial/ask.html", ids=(), fields=())

        @routes.post("/trial/remove/confirm", action="remove")
        def trial_ask_remove() -> Response:
            ids = params.job_ids(request.form)
            return show_dialog(
                "trial/ask.html", ids=ids, fields=[("id", value) for value in request.form.getlist("id")]
            )

        @routes.post("/trial/remove", action="remove")
        def trial_remove() -> Response:
            ids = self._take("remove")
            toast = Toast(f"{len(ids)} not removed", tone="danger")
            return answer(toast, Partial("jobs", "trial/rows.html", context=self._rows()))

        environment = templating.environment()
        pages = DictLoader({"trial/page.html": _PAGE, "trial/rows.html": _ROWS, "trial/ask.html": _ASK})
        if environment.loader is not None and not isinstance(environment.loader, ChoiceLoader):
            environment.loader = ChoiceLoader([environment.loader, pages])
        return trial_app(routes.all)
