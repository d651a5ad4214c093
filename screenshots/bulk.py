"""Bulk work for the pictures: tasks that stand still in each of their states."""

from __future__ import annotations

from playwright.sync_api import Page

from dashboard.queries.tasks import look_again
from omniq_core import Filter, Matching, read_task, start_task
from screenshots.data import MAIN
from screenshots.studio import Studio

TASK = "01c0ffee01c0ffee"
_KEY = f"{{{MAIN}}}:x:task:{TASK}"


def _begun(studio: Studio, **fields: str | int) -> None:
    """A retry of all that contains ConnectionError, as far as `fields` say."""
    link, selection = studio.client.link, Matching(Filter(q="ConnectionError"))
    if read_task(link, MAIN, TASK) is None:
        counted = selection.count(link, MAIN, "failed")
        while not counted.finished:  # a busy machine needs more than one look
            counted = selection.count(link, MAIN, "failed", counted)
        began = studio.clock() - 14_000
        start_task(
            link,
            MAIN,
            TASK,
            action="retry",
            lane="failed",
            selection=selection,
            counted=counted,
            actor="oncall",
            now_ms=began,
            probe=10,
        )
    told = {"owner_name": "dash-1, process 811", "owner_until": studio.clock() + 9_000} | fields
    studio.client.link.call("HSET", _KEY, *(part for pair in told.items() for part in pair))
    look_again(link)


def running(page: Page, studio: Studio) -> None:
    """The page of a task that is two thirds through."""
    done = {"state": "running", "total": 4_213, "done": 2_588, "skipped": 12, "batches": 26, "probe_left": 0}
    _begun(studio, pace='{"v":1,"per_s":0,"probe":0}', **done, **{"why:LEFT_LANE": 9, "why:NO_JOB": 3})
    page.goto(f"{studio.url}/queues/{MAIN}/tasks/{TASK}")


def card(page: Page, studio: Studio) -> None:
    """The same at the foot of another page."""
    running(page, studio)
    page.goto(studio.url)
    page.mouse.move(0, 0)


def probing(page: Page, studio: Studio) -> None:
    """Ten were retried, seven ended."""
    pace = '{"v":1,"per_s":0,"probe":10}'
    _begun(studio, pace=pace, state="probing", total=4_213, done=10, skipped=0, batches=1, probe_well=6, probe_again=1)
    studio.client.link.call("HDEL", _KEY, "why:LEFT_LANE", "why:NO_JOB")
    look_again(studio.client.link)
    page.goto(f"{studio.url}/queues/{MAIN}/tasks/{TASK}")


def stopped(page: Page, studio: Studio) -> None:
    """Somebody pressed Cancel on the card."""
    card(page, studio)
    page.locator("#tasks").get_by_role("button", name="Cancel").click()
    page.locator("#tasks [data-close]").wait_for()


def put_away(page: Page, studio: Studio) -> None:
    """Nothing is at work any more, for the pictures after these."""
    studio.client.link.call("DEL", _KEY)
    studio.client.link.call("DEL", "{omniq:x}:tasks")
    look_again(studio.client.link)
    page.goto(f"{studio.url}/queues/{MAIN}/tasks/{TASK}")
