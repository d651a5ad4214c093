"""What is photographed: one entry per page and state, in this order. Those that change data come last."""

from __future__ import annotations

from dataclasses import dataclass

from screenshots import bulk, counter_states, groups_states, health_states
from screenshots.data import DETAIL_ID, MAIN
from screenshots.states import (
    QUEUE,
    Prepare,
    away,
    edit_a_copy,
    follow,
    hold,
    late,
    moved_on,
    one_left,
    open_menu,
    open_the_third,
    open_two,
    pause_until,
    press,
    press_all,
    publish_later,
    publish_with_a_fault,
    select_and_press,
    select_three,
    shortcuts,
    signed_in,
    toast_gone,
    toast_remove,
    toast_retry,
    updates_off,
    wrong_password,
)

GROUPS = "/queues/tenant-import/groups"


@dataclass(frozen=True)
class Shot:
    """`path` is opened on the dashboard `on` (an address of the studio), then `prepare` makes the state.

    `whole`: the page down to its foot (long lists are cut), else what the window shows. `script`: False for the page
    that a browser without script sees.
    """

    name: str
    path: str
    prepare: Prepare | None = None
    whole: bool = True
    on: str = "url"
    script: bool = True
    begins_before: int = 0


SHOTS = (
    Shot("overview", "/"),
    Shot("overview-filtered", "/?q=email"),
    Shot("overview-no-match", "/?q=nothing"),
    Shot("overview-no-queues", "/", on="empty_url"),
    Shot("overview-first-load", "/", on="fresh_url"),
    Shot("overview-read-only", "/", on="read_only_url"),
    Shot("overview-pause", "/", pause_until, whole=False),
    Shot("failed", f"{QUEUE}/failed?size=25"),
    Shot("failed-filtered", f"{QUEUE}/failed?q=ConnectionError&since=24h&size=25"),
    Shot("failed-no-match", f"{QUEUE}/failed?q=SocketError"),
    Shot("failed-selected", f"{QUEUE}/failed?size=25", select_three, whole=False),
    Shot("failed-read-only", f"{QUEUE}/failed?size=25", on="read_only_url"),
    Shot("failed-empty", "/queues/audit-log/failed"),
    Shot("failed-switcher", f"{QUEUE}/failed?size=25", open_menu("summary[aria-label='Switch queue']"), whole=False),
    Shot("errors", f"{QUEUE}/failures"),
    Shot("errors-kind", f"{QUEUE}/failures", follow("ConnectionError"), whole=False),
    Shot("errors-empty", "/queues/audit-log/failures"),
    Shot("waiting", f"{QUEUE}/waiting?size=25"),
    Shot("waiting-empty", "/queues/audit-log/waiting"),
    Shot("active", f"{QUEUE}/active?size=25"),
    Shot("active-consumers", f"{QUEUE}/active?group=acct_4Lm7Zt"),
    Shot("active-stalled", "/queues/image-resize/active?size=25"),
    Shot("delayed", f"{QUEUE}/delayed?size=25"),
    Shot("completed", f"{QUEUE}/completed?size=25"),
    Shot("paused", "/queues/email-digest/waiting?size=25"),
    Shot("groups", f"{GROUPS}?size=25&edit=tenant-1198"),
    Shot("groups-no-match", f"{GROUPS}?group=tenant-99"),
    Shot("groups-none", "/queues/audit-log/groups"),
    Shot("groups-read-only", f"{GROUPS}?size=25", on="read_only_url"),
    Shot("groups-not-saved", f"{GROUPS}?size=25", groups_states.not_saved),
    Shot("groups-jobs", f"{GROUPS}/tenant-8841?size=25"),
    Shot("dialog-repair", GROUPS, press("Repair 2 groups"), whole=False),
    Shot("job-failed", f"{QUEUE}/jobs/{DETAIL_ID}"),
    Shot("job-in-list", f"{QUEUE}/failed?q=ConnectionError&size=25", open_the_third),
    *(Shot(f"job-{lane}", f"{{{MAIN} {lane}}}") for lane in ("waiting", "active", "delayed", "completed")),
    Shot("job-read-only", f"{QUEUE}/jobs/{DETAIL_ID}", on="read_only_url"),
    Shot("job-hidden", f"{QUEUE}/jobs/{DETAIL_ID}", on="hiding_url"),
    Shot("failed-hidden", f"{QUEUE}/failed?size=25", on="hiding_url", whole=False),
    Shot("dialog-copy-hidden", f"{QUEUE}/jobs/{DETAIL_ID}", edit_a_copy, on="hiding_url", whole=False),
    Shot("children", "/children"),
    Shot("children-stuck", "/children?state=stuck", whole=False),
    Shot("counter", "/children/~b3JkZXI6QS0yMDkzMTpmdWxmaWxtZW50"),
    Shot("children-alone", "/children", counter_states.without_jobs),
    Shot("counter-alone", "/children/~aW1wb3J0OnRlbmFudC04ODQxOjIwMjYtMDMtMDk", counter_states.without_jobs),
    Shot("dialog-counter-end", "/children", counter_states.let_the_next_child_end_it, whole=False),
    Shot("health-never", "/health", health_states.never),
    Shot("health-checking", "/health", health_states.checking),
    Shot("health-every-kind", "/health", health_states.every_kind),
    Shot("health-fine", "/health", health_states.fine),
    Shot("health-not-permitted", "/health", on="refused_url"),
    Shot("health", "/health", health_states.as_drawn),
    Shot("health-repair", "/health", health_states.repair, whole=False),
    Shot("health-repaired", "/", health_states.repaired),
    Shot("search", "/search?id=01KKAVN0"),
    Shot("search-none", "/search?id=01KKAVN0RC1HJNAGZ6MXY793DZ", whole=False),
    Shot("search-recent", "/search", open_two, whole=False),
    Shot("children-none", "/children", on="empty_url"),
    Shot("activity", "/activity"),
    Shot("activity-filtered", "/activity?who=oncall&since=1h", whole=False),
    Shot("activity-no-match", "/activity?who=nobody", whole=False),
    Shot("activity-none", "/activity", on="empty_url", whole=False),
    Shot("dialog-remove-3", f"{QUEUE}/failed?size=25", select_and_press("#"), whole=False),
    Shot("dialog-run-3", f"{QUEUE}/delayed?size=25", select_and_press("r"), whole=False),
    Shot("dialog-remove-job", f"{QUEUE}/jobs/{DETAIL_ID}", press("Remove"), whole=False),
    Shot("dialog-publish", f"{QUEUE}/failed?size=25", publish_with_a_fault, whole=False),
    Shot("dialog-publish-later", f"{QUEUE}/failed?size=25", publish_later, whole=False),
    Shot("dialog-publish-page", f"{QUEUE}/publish", script=False),
    Shot("dialog-copy", f"{QUEUE}/jobs/{DETAIL_ID}", edit_a_copy, whole=False),
    Shot("dialog-shortcuts", "/", shortcuts, whole=False),
    Shot("menu-display", "/", open_menu("summary[aria-label='Display settings']"), whole=False),
    Shot("menu-more", f"{QUEUE}/waiting?size=25", open_menu("summary[aria-label='More queue actions']"), whole=False),
    Shot("live-held", f"{QUEUE}/failed?size=25", hold, whole=False),
    Shot("live-late", f"{QUEUE}/failed?size=25", late, whole=False),
    Shot("live-off", f"{QUEUE}/failed?size=25", updates_off, whole=False),
    Shot("signin", "/", on="door_url", script=False),
    Shot("signin-wrong", "/", wrong_password, on="door_url"),
    Shot("signin-over", "/sign-in?lost=1&next=/queues/payments/failed", on="door_url", script=False),
    Shot("signin-menu", "/", signed_in, on="door_url", whole=False),
    Shot("not-found", "/nothing-here"),
    Shot("no-such-job", f"{QUEUE}/jobs/01KKAVN0RC1HJNAGZ6MXY793DZ"),
    Shot("no-such-queue", "/queues/payment-webhooks/failed"),
    Shot("dialog-retry-all", f"{QUEUE}/failed?size=25&q=ConnectionError", press_all("Retry"), whole=False),
    Shot("dialog-remove-all", f"{QUEUE}/failed?size=25", press_all("Remove"), whole=False),
    Shot("all-selected", f"{QUEUE}/failed?size=25&scope=filter", whole=False),
    Shot("task-running", "/", bulk.running),
    Shot("task-card", "/", bulk.card, whole=False),
    Shot("task-stopped", "/", bulk.stopped, whole=False),
    Shot("task-probing", "/", bulk.probing),
    Shot("no-such-task", "/", bulk.put_away),
    Shot("live-gone", f"{QUEUE}/failed?size=25", one_left, whole=False),
    Shot("toast-retry", f"{QUEUE}/failed?size=25", toast_retry, whole=False),
    Shot("toast-remove", f"{QUEUE}/failed?size=25", toast_remove, whole=False),
    Shot("toast-gone", f"{QUEUE}/failed?size=25", toast_gone, whole=False),
    Shot("job-counter", "/", groups_states.behind_a_full_group),
    Shot("moved-on", "{crm-sync failed}", moved_on, script=False),
    Shot("redis-away", f"{QUEUE}/failed?size=25", away, begins_before=41_000),
    Shot("redis-away-page", "/"),
)
