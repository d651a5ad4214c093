"""The dashboard as an operator finds it: by the names of buttons, rows and boxes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Request, expect

_SHOWN_IDS = "links => links.map(link => link.getAttribute('title'))"
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Desk:
    """A browser page on a running dashboard. Ids are given as the page prints them."""

    page: Page
    url: str

    def open(self, path: str) -> None:
        """Goes to a path of the dashboard."""
        self.page.goto(self.url + path)

    def still(self) -> None:
        """Turns updates off, for a test that owns the browser's clock: after a jump every answer would be late."""
        setting = {"name": "omniq_display", "value": "auto.2.utc.on.off", "url": self.url}
        self.page.context.add_cookies([setting])  # pyright: ignore[reportArgumentType]

    @property
    def ids(self) -> list[str]:
        """The job ids of the lane's table, from top to bottom."""
        return self.page.locator("#jobs a.job-id").evaluate_all(_SHOWN_IDS)

    @property
    def checked(self) -> list[str]:
        """The ids whose boxes are checked, from top to bottom."""
        labels = self.page.locator(".row-check:checked").evaluate_all("all => all.map(box => box.ariaLabel)")
        return [label.removeprefix("Select ") for label in labels]

    def shows(self, ids: Sequence[str]) -> None:
        """Fails unless the table comes to hold exactly these rows in this order."""
        links = self.page.locator("#jobs a.job-id")
        expect(links).to_have_count(len(ids))
        assert self.ids == list(ids)

    def row(self, job_id: str) -> Locator:
        """The row of a job."""
        return self.page.locator("#jobs tr").filter(has=self.page.get_by_role("link", name=job_id, exact=True))

    def box(self, job_id: str) -> Locator:
        """The check box of a job's row."""
        return self.page.get_by_role("checkbox", name=f"Select {job_id}", exact=True)

    def check(self, *ids: str) -> None:
        """Checks the boxes of these jobs."""
        for job_id in ids:
            self.box(job_id).check()

    def press(self, name: str) -> None:
        """Presses the one button (or the link that looks like one) of this name."""
        self.control(name).click()

    def control(self, name: str) -> Locator:
        """The button, or the link, of exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        )

    def bulk(self, name: str) -> Locator:
        """A button of the bar that stands under a table while something is selected."""
        return self.page.locator("#bulk-bar").get_by_role("button", name=name, exact=True)

    @property
    def dialog(self) -> Locator:
        """The open dialog."""
        return self.page.get_by_role("dialog")

    def confirm(self, title: str, button: str) -> None:
        """Waits for the dialog of this title and presses its button."""
        expect(self.dialog.get_by_role("heading", name=title, exact=True)).to_be_visible()
        self.dialog.get_by_role("button", name=button, exact=True).click()

    def told(self, text: str) -> Locator:
        """Waits for a message with this text and returns it."""
        toast = self.page.locator("#toasts .toast").filter(has_text=text).last
        expect(toast).to_be_visible()
        return toast

    def quiet(self) -> None:
        """Takes the messages away, so that the next one is told apart."""
        self.page.evaluate("document.querySelectorAll('#toasts .toast').forEach(toast => toast.remove())")

    def posts(self) -> list[str]:
        """A list that gets the path of every POST from now on."""
        seen: list[str] = []

        def note(request: Request) -> None:
            if request.method == "POST":
                seen.append(request.url.removeprefix(self.url))

        self.page.on("request", note)
        return seen

    @property
    def focused(self) -> str:
        """The accessible label, else the text, of what has the focus; "" when nothing has."""
        return self.page.evaluate(
            "() => { const at = document.activeElement;"
            " return at === document.body ? '' : (at.ariaLabel || at.textContent).trim().replace(/\\s+/g, ' ') }"
        )

    def focus_is(self, name: str) -> None:
        """Fails unless the focus comes to stand on the control of this name."""
        pattern = re.compile(f"^\\s*{re.escape(name)}\\s*$")
        focus = self.page.locator(":focus")
        expect(focus).to_have_accessible_name(pattern)

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate(_OVERFLOW)


OpenDesk = Callable[..., Desk]
"""`desk(page=None, **settings)`: starts the dashboard and gives a Desk on it."""
