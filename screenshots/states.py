"""How the states of pages are made before they are photographed."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from screenshots.data import MAIN
from screenshots.studio import PASSWORD, Studio

QUEUE = f"/queues/{MAIN}"
Prepare = Callable[[Page, Studio], None]
FAULTY = """{
  "event": "charge.captured",
  "charge_id": "ch_7QmT2rWd",
  "amount": 12900,
  "currency": "EUR",
}"""


def press(name: str) -> Prepare:
    """Presses the button or link of this name and waits for the dialog it opens."""

    def prepare(page: Page, _studio: Studio) -> None:
        exact = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
        exact.first.click()
        page.locator("dialog[open]").wait_for()

    return prepare


def pause_until(page: Page, studio: Studio) -> None:
    """The dialog of Pause with a time chosen, as it is drawn."""
    press("Pause payments-webhooks")(page, studio)
    page.locator("dialog").get_by_text("Until", exact=True).last.click()
    page.get_by_label("Resume at").fill("2026-03-10T05:00")


def open_the_third(page: Page, _studio: Studio) -> None:
    """The job of the third row, whose arrows lead through the list."""
    page.locator("#jobs a.job-id").nth(2).click()
    page.locator("#job-id").wait_for()


def open_two(page: Page, studio: Studio) -> None:
    """The browser has opened two jobs before."""
    for path in (f"{QUEUE}/failed", "/queues/crm-sync/failed"):
        page.goto(studio.url + path)
        page.locator("#jobs a.job-id").first.click()
        page.locator("#job-id").wait_for()
    page.goto(f"{studio.url}/search")


def select_three(page: Page, _studio: Studio) -> None:
    """Three of the newest rows, and the bar that comes with them."""
    for nth in range(3):
        page.locator("#jobs .row-check").nth(nth).check()
    page.mouse.move(0, 0)


def select_and_press(key: str) -> Prepare:
    """Selects three and presses a button of the bar by its key, which does not scroll the page."""

    def prepare(page: Page, studio: Studio) -> None:
        select_three(page, studio)
        page.keyboard.press(key)
        page.locator("dialog[open]").wait_for()

    return prepare


def press_all(verb: str) -> Prepare:
    """Presses the button about every job of the lane that matches."""

    def prepare(page: Page, _studio: Studio) -> None:
        button = page.locator("#lane-actions button", has_text=verb)
        for _ in range(100):  # a search that takes more than one answer goes on by the clock of the page
            if button.is_visible():
                break
            page.clock.run_for(50)
            page.wait_for_timeout(50)
        button.click()
        page.locator("dialog[open]").wait_for()
        for _ in range(100):  # and so does the count of the dialog
            if page.locator("dialog .needs-valid").is_visible():
                break
            page.clock.run_for(250)
            page.wait_for_timeout(50)

    return prepare


def by_the_clock(page: Page, selector: str) -> None:
    """Waits for what comes by a timer of the page, whose clock stands still."""
    for _ in range(100):
        if page.locator(selector).first.is_visible():
            return
        page.clock.run_for(50)
        page.wait_for_timeout(50)
    raise RuntimeError(f"{selector} did not come")


def let_go(page: Page) -> None:
    """Neither the pointer nor the focus on anything, as the reference is drawn."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")


def publish_with_a_fault(page: Page, studio: Studio) -> None:
    """A comma too many: the form comes back with the line and the column."""
    press("Publish a job")(page, studio)
    page.locator("#f-payload").fill(FAULTY)
    page.locator("#f-gid").fill("acct_1Nf83K")
    page.get_by_role("button", name="Publish job").click()
    by_the_clock(page, "#f-payload[aria-invalid]")
    let_go(page)


def publish_later(page: Page, studio: Studio) -> None:
    press("Publish a job")(page, studio)
    page.get_by_text("In", exact=True).click()


def edit_a_copy(page: Page, studio: Studio) -> None:
    """Another amount, and what differs below it."""
    press("Publish a copy")(page, studio)
    text = page.locator("#f-payload").input_value()
    page.locator("#f-payload").fill(text.replace("12900", "11900"))
    by_the_clock(page, "#copy-changes ins")
    let_go(page)


def follow(name: str) -> Prepare:
    """Goes to the page behind a link of the table."""

    def prepare(page: Page, _studio: Studio) -> None:
        page.locator("tbody").get_by_role("link", name=name, exact=True).first.click()
        page.locator("#jobs").wait_for()

    return prepare


def open_menu(selector: str) -> Prepare:
    """Opens the menu whose summary this is."""

    def prepare(page: Page, _studio: Studio) -> None:
        page.locator(selector).click()
        page.locator("details.menu[open]").wait_for()

    return prepare


def wrong_password(page: Page, _studio: Studio) -> None:
    """As it is drawn: the first try was wrong."""
    _fill_in(page, "not it")
    page.locator("#password-e").wait_for()


def signed_in(page: Page, _studio: Studio) -> None:
    """The menu of whoever signed in."""
    _fill_in(page, PASSWORD)
    page.locator("#user-menu summary").click()
    page.locator("details.menu[open]").wait_for()


def _fill_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("oncall")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def shortcuts(page: Page, _studio: Studio) -> None:
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()


def hold(page: Page, _studio: Studio) -> None:
    """The focus in the table: rows stay where they are."""
    page.locator("#jobs a.job-id").nth(2).focus()
    page.locator("#live[data-held]").wait_for()


def one_left(page: Page, studio: Studio) -> None:
    """The second of three selected rows was retried elsewhere."""
    select_three(page, studio)
    job_id = page.locator("#jobs .row-check").nth(1).get_attribute("value") or ""
    studio.client.retry_failed(queue=MAIN, job_id=job_id, now_ms_override=studio.clock())
    page.clock.run_for(2_500)
    for _ in range(200):  # the row is asked for by name once the tick that lacked it has ended
        if page.locator("tr[data-gone]").is_visible():
            return
        page.clock.run_for(50)
        page.wait_for_timeout(50)
    raise RuntimeError("no row went dim")


def late(page: Page, _studio: Studio) -> None:
    """A menu was open for a while, and the first tick after it is still under way."""
    page.route("**/*live=1*", lambda _route: None)
    summary = page.locator("summary[aria-label='Display settings']")
    summary.click()
    page.clock.run_for(9_000)
    page.keyboard.press("Escape")
    page.clock.run_for(1_000)
    page.locator("#live[data-tone=warn]").wait_for()
    page.mouse.move(0, 0)


def updates_off(page: Page, _studio: Studio) -> None:
    page.keyboard.press("p")
    page.locator("#live[aria-pressed=false]").wait_for()


def toast_retry(page: Page, _studio: Studio) -> None:
    page.locator("#jobs .row-actions button[data-key=r]").first.click()
    page.locator("#toasts .toast").wait_for()
    page.mouse.move(0, 0)


def toast_remove(page: Page, studio: Studio) -> None:
    select_and_press("#")(page, studio)
    page.get_by_role("dialog").get_by_role("button", name="Remove 3 jobs").click()
    page.locator("#toasts .toast").wait_for()


def toast_gone(page: Page, studio: Studio) -> None:
    """The row was retried elsewhere before the button was pressed."""
    button = page.locator("#jobs .row-actions button[data-key=r]").first
    studio.client.retry_failed(queue=MAIN, job_id=button.get_attribute("value") or "", now_ms_override=studio.clock())
    button.click()
    page.locator("#toasts .toast").wait_for()
    page.mouse.move(0, 0)


def moved_on(page: Page, studio: Studio) -> None:
    """A job that was failed when the page was made, and waits by now."""
    button = page.locator("#job-actions button[data-key=r]")
    job_id = page.url.rpartition("/")[2]
    studio.client.retry_failed(queue="crm-sync", job_id=job_id, now_ms_override=studio.clock())
    button.click()
    page.locator("h1").wait_for()


def away(page: Page, studio: Studio) -> None:
    """Redis ended 41 s ago, and three tries found nothing."""
    studio.redis.stop()
    for wait, then in ((38_000, 1), (1_000, 2), (2_000, 4)):
        page.clock.fast_forward(wait)
        page.get_by_text(f"Next try in {then} s").wait_for()
