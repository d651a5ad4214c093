"""What each queue of the demo is like: one table."""

from __future__ import annotations

from dataclasses import dataclass

FAILED_KEPT = 2_000
"""The demo removes its oldest failed jobs beyond this; OmniQ itself never trims that lane."""


@dataclass(frozen=True)
class Plan:
    """One queue. Times as the name says; rates are jobs a second; `waiting_cap` bounds waiting and delayed jobs."""

    name: str
    rate: float
    slots: int
    run_s: tuple[float, float]
    errors: tuple[str, ...] = ()
    first_fails: float = 0.0
    """Share of first attempts that fail."""
    later_fails: float = 0.6
    """Share of later attempts that fail: what failed once often fails again."""
    crashes: float = 0.0
    """Share of attempts whose worker dies: never acked, the lease runs out."""
    max_attempts: int = 3
    timeout_ms: int = 30_000
    backoff_ms: int = 5_000
    groups: tuple[str, ...] = ()
    group_limit: int = 0
    delayed: float = 0.0
    """Share of jobs that are published for later."""
    delay_s: tuple[float, float] = (20.0, 300.0)
    waiting_cap: int = 500
    failed_cap: int = FAILED_KEPT
    worked: bool = True
    paused: bool = False
    counts_children: bool = False
    nightly: int = 0
    """Jobs that stand in the delayed lane for the coming night."""
    seed_failed: int = 0
    seed_done: int = 0
    seed_span_s: int = 6 * 3600
    """How long ago the history begins."""
    seed_waiting: int = 0
    seed_until_s: int = 20
    """How long ago the history ended and the oldest of the waiting jobs was published."""
    seed_leases: int = 0
    """Leases whose workers are gone, taken just before the oldest waiting job."""


_ACCOUNTS = tuple(f"acct_1{tail}" for tail in ("Nf83K", "Mq20Z", "Lw7Ta", "Pb4Rd", "Kc9Xe", "Rt55H", "Sv1Qy", "Ue6Wn"))
_TENANTS = tuple(f"tenant-{number}" for number in (8841, 1204, 3377, 9050, 4418, 2265, 7731, 5102))
_PORTALS = ("hubspot:4410221", "hubspot:7802334", "salesforce:00D3t", "salesforce:00D9k", "pipedrive:acme")
_TEAMS = ("team-aurora", "team-basalt", "team-cobalt", "team-données")

PLANS: tuple[Plan, ...] = (
    Plan(
        "email-digest",
        rate=0.5,
        slots=12,
        run_s=(0.2, 0.8),
        errors=("py_smtp",),
        first_fails=0.01,
        waiting_cap=2_600,
        paused=True,
        seed_failed=1,
        seed_waiting=1_500,
        seed_until_s=2 * 3600 + 240,
    ),
    Plan(
        "image-resize",
        rate=0.4,
        slots=0,
        run_s=(0.5, 3.0),
        errors=("py_image", "py_disk"),
        timeout_ms=60_000,
        waiting_cap=1_200,
        worked=False,
        seed_failed=34,
        seed_done=40,
        seed_waiting=420,
        seed_until_s=372,
        seed_leases=16,
    ),
    Plan(
        "payments-webhooks",
        rate=6.0,
        slots=10,
        run_s=(0.3, 1.6),
        errors=(*("py_connection",) * 6, "go_deadline", "go_deadline", "node_amount", "py_key", "node_json"),
        first_fails=0.07,
        later_fails=0.4,
        groups=_ACCOUNTS,
        group_limit=3,
        backoff_ms=8_000,
        delayed=0.03,
        seed_failed=240,
        seed_span_s=3 * 3600,
    ),
    Plan(
        "crm-sync",
        rate=2.0,
        slots=8,
        run_s=(1.0, 4.0),
        errors=("node_rate_limit", "node_rate_limit", "node_json", "py_key"),
        first_fails=0.06,
        groups=_PORTALS,
        group_limit=2,
        backoff_ms=20_000,
        seed_failed=58,
    ),
    Plan(
        "email-transactional",
        rate=5.0,
        slots=6,
        run_s=(0.2, 0.9),
        errors=("py_smtp", "py_template"),
        first_fails=0.03,
        delayed=0.12,
        seed_failed=26,
    ),
    Plan(
        "video-transcode",
        rate=0.3,
        slots=5,
        run_s=(9.0, 28.0),
        errors=("go_ffmpeg", "go_ffmpeg", "py_disk"),
        first_fails=0.05,
        crashes=0.03,
        max_attempts=2,
        timeout_ms=45_000,
        backoff_ms=30_000,
        groups=_TEAMS,
        group_limit=2,
        waiting_cap=90,
        seed_failed=18,
        seed_done=30,
        seed_waiting=40,
        seed_until_s=242,
    ),
    Plan(
        "invoice-pdf",
        rate=1.2,
        slots=4,
        run_s=(0.6, 2.5),
        errors=("node_browser", "py_key"),
        first_fails=0.03,
        groups=_ACCOUNTS[:4],
        group_limit=1,
        seed_failed=12,
        seed_done=30,
    ),
    Plan(
        "tenant-import",
        rate=3.0,
        slots=14,
        run_s=(3.0, 8.0),
        errors=("py_csv", "go_deadline"),
        first_fails=0.01,
        groups=_TENANTS,
        group_limit=2,
        backoff_ms=15_000,
        waiting_cap=520,
        counts_children=True,
        seed_failed=9,
        seed_waiting=420,
        seed_until_s=14 * 60,
    ),
    Plan(
        "search-index",
        rate=5.0,
        slots=8,
        run_s=(0.2, 1.2),
        errors=("go_index",),
        first_fails=0.004,
        later_fails=0.3,
        seed_failed=4,
    ),
    Plan("push-notify", rate=9.0, slots=10, run_s=(0.1, 0.6), delayed=0.04, delay_s=(5.0, 60.0)),
    Plan("audit-log", rate=3.0, slots=3, run_s=(0.05, 0.3)),
    Plan(
        "report-nightly",
        rate=0.0,
        slots=2,
        run_s=(4.0, 9.0),
        nightly=6,
        timeout_ms=900_000,
        seed_done=12,
        seed_until_s=3 * 3600,
    ),
)
