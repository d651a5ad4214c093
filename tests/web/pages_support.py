"""The real pages on a real Redis, read and pressed the way a browser without script does it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from dashboard import create_app
from dashboard.tokens import from_token, to_token
from omniq_core import OmniqClient
from tests.support.snapshot import snapshot
from tests.web.trial import parsed

OURS = {"Sec-Fetch-Site": "same-origin"}
SCRIPT = {"HX-Request": "true", "HX-Request-Type": "partial", **OURS}
NOW = 1_750_000_000_000
QUEUE = "mail"
UNDO = " Undo works for 15 min Undo"
"""What the message of a removal ends with: its second line and its button."""


def pages_app(redis: OmniqClient | str, **settings: Any) -> Flask:
    """The standalone dashboard with its own pages, without its background, at NOW unless `clock` says otherwise."""
    usual: dict[str, Any] = {"clock": lambda: NOW, "secret": "not secret", "background": False, "insecure": True}
    return create_app(redis=redis, **{**usual, **settings})


def browser(redis: OmniqClient | str, **settings: Any) -> Browser:
    """Somebody who looks at that dashboard."""
    return Browser(pages_app(redis, **settings))


class Page:
    """An answer: `status`, `text`, and where it stands."""

    def __init__(self, path: str, response: TestResponse) -> None:
        self.path, self.status, self.headers = path, response.status_code, response.headers
        self.text = response.text

    @functools.cached_property
    def soup(self) -> Any:
        """The tree of the answer."""
        return parsed(self.text)

    def one(self, selector: str) -> Any:
        """The only element that matches."""
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} elements match {selector} on {self.path} ({self.status})"
        return found[0]

    def words(self, selector: str = "main") -> str:
        """The text people read there, blanks joined."""
        return words(self.one(selector))

    def rows(self, body: str) -> list[list[str]]:
        """The cells of each row of the table body with that id, as text."""
        found = self.soup.select(f"tbody#{body} > tr")
        return [[words(cell) for cell in row.find_all(["th", "td"], recursive=False)] for row in found]

    def heads(self) -> list[str]:
        """The column heads of the page's first table."""
        return [words(head) for head in self.soup.select_one("table.table").select("thead th")]

    def job_ids(self) -> list[str]:
        """The raw ids of the jobs listed, read from the links of their rows."""
        links = self.soup.select("tbody#jobs a.job-id")
        return [from_token(urlsplit(link["href"]).path.rsplit("/", 1)[1]) for link in links]

    def toast(self) -> str:
        """The message shown, or ""."""
        found = self.soup.select("#toasts .toast, hx-partial[hx-target='#toasts'] .toast")
        return " | ".join(words(one) for one in found)

    def region(self, target: str) -> Any:
        """The region of an answer to script with that id."""
        return self.one(f'hx-partial[id="{target}"]')

    def targets(self) -> list[str]:
        """The ids of the regions of an answer to script."""
        return [region["id"] for region in self.soup.find_all("hx-partial") if region.get("id")]


class Browser:
    """Follows links and sends forms as they stand in the page: what is not in the form is not sent."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.http = app.test_client()

    def get(self, path: str, status: int = 200, headers: dict[str, str] | None = None) -> Page:
        """Opens a page, redirects followed."""
        response = self.http.get(path, headers=headers or {}, follow_redirects=True)
        page = Page(response.request.full_path.rstrip("?"), response)
        assert page.status == status, f"{path}: {page.status} {page.soup.get_text(' ', strip=True)[:300]}"
        return page

    def follow(self, page: Page, selector: str, status: int = 200) -> Page:
        """The page behind a link."""
        return self.get(urljoin(page.path, page.one(selector)["href"]), status)

    def press(self, page: Page, button: Any, *, check: Sequence[str] = (), script: bool = False) -> Page:
        """Sends the form of a button (a selector or an element), with the rows of these raw ids checked."""
        element = page.one(button) if isinstance(button, str) else button
        form = page.one(f"form#{element['form']}") if element.get("form") else element.find_parent("form")
        assert form["method"] == "post", form
        sent: MultiDict[str, str] = MultiDict()
        for field in form.find_all("input"):
            if field.get("type") == "checkbox":
                assert not field.has_attr("checked")
                wanted = field.get("value") in {to_token(job_id) for job_id in check}
                if not wanted:
                    continue
            if field.get("type") == "radio" and not field.has_attr("checked"):
                continue
            sent.add(field["name"], field.get("value", ""))
        assert len(sent.getlist("id")) >= len(check), f"not all of {check!r} have a box"
        if element.get("name"):
            sent.add(element["name"], element.get("value", ""))
        return self.post(element.get("formaction") or form.get("action") or page.path, sent, script=script)

    def post(self, path: str, data: Any, *, script: bool = False, headers: dict[str, str] | None = None) -> Page:
        """Sends a form; a 303 is followed."""
        response = self.http.post(path, data=data, headers=(SCRIPT if script else OURS) | (headers or {}))
        if response.status_code == 303:
            return self.get(response.headers["Location"])
        return Page(path, response)


def words(element: Any) -> str:
    """The text of an element, blanks joined."""
    return " ".join(element.get_text(" ").split())


def job_url(queue: str, job_id: str) -> str:
    """The address of a job's page."""
    return f"/queues/{to_token(queue)}/jobs/{to_token(job_id)}"


def row_button(page: Page, job_id: str, verb: str) -> Any:
    """The button of a job's row, found by what it sends."""
    found = [b for b in page.soup.select("tbody#jobs button[form=row]") if b["value"] == to_token(job_id)]
    return next(b for b in found if f"/jobs/{verb}" in b["formaction"])


def bulk_button(page: Page, verb: str) -> Any:
    """A button of the bar that acts on the checked rows."""
    return next(b for b in page.soup.select("#bulk-bar button[formaction]") if f"/jobs/{verb}/" in b["formaction"])


def everything(redis: Any, queue: str = QUEUE) -> Any:
    """All keys of a queue, to see that nothing changed."""
    return snapshot(redis, queue)
