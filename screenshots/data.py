"""The data set: the queues of a shop at 03:14:22 UTC on 10 March 2026, figure by figure. Nothing here is random."""

from __future__ import annotations

from dataclasses import dataclass

NOW = 1_773_112_462_000
"""2026-03-10T03:14:22Z in ms: the clock of the server, of the browser and of the data."""

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
MAIN = "payments-webhooks"


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How many jobs each lane holds, and when things happened (ms before NOW).

    `expired`: the leases of the active jobs have run out. `oldest`: since when the first waiting job waits.
    """

    name: str
    waiting: int
    grouped: int
    active: int
    delayed: int
    failed: int
    oldest: int
    last: int
    error: str = "TimeoutError: no answer within 30 s"
    groups: int = 0
    expired: bool = False
    paused: bool = False


# payments-webhooks is not among them: every row of its lanes is drawn (main_queue.py). The jobs of tenant-import
# that wait or run are in groups, which are drawn (groups_queue.py).
QUEUES = (
    QueueFigures(
        "crm-sync", 88, 1_120, 12, 340, 117, 190 * SECOND, 900, "HubspotRateLimitError: 429, retry after 10 s", 40
    ),
    QueueFigures(
        "image-resize", 2_318, 0, 16, 0, 61, 372 * SECOND, 371_900, "OSError: image file is truncated", expired=True
    ),
    QueueFigures(
        "email-transactional", 31, 0, 24, 212, 38, 400, 100, "SMTPServerDisconnected: connection unexpectedly closed"
    ),
    QueueFigures("video-transcode", 47, 212, 18, 3, 24, 242 * SECOND, 8_000, "ffmpeg exited with status 183", 9),
    QueueFigures("invoice-pdf", 0, 6, 4, 18, 12, 2_000, 1_400, "KeyError: 'vat_id'", 3),
    QueueFigures("tenant-import", 0, 0, 0, 26, 9, 0, 700, "UnicodeDecodeError: invalid byte 0xe9"),
    QueueFigures("search-index", 412, 0, 32, 0, 4, 7_000, 300, "ConflictError: version 41 is newer"),
    QueueFigures("fraud-score", 3, 0, 9, 0, 2, 100, 60, "ValueError: score is not a number"),
    QueueFigures(
        "email-digest", 18_442, 0, 0, 1_266, 1, 124 * MINUTE, 3_000, "TemplateError: no such block", paused=True
    ),
    QueueFigures("push-notify", 96, 0, 48, 14, 0, 400, 50),
    QueueFigures("audit-log", 0, 0, 1, 0, 0, 0, 200),
    QueueFigures("sms-otp", 0, 0, 2, 0, 0, 0, 700),
    QueueFigures("report-nightly", 0, 0, 0, 6, 0, 0, 3 * HOUR),
)

COUNTERS = (
    ("import:tenant-8841:2026-03-09", 1_480, 1_168, 5 * HOUR),
    ("digest:weekly:2026-03-08", 840, 839, 52 * MINUTE),
    ("report:nightly:eu-west", 24, 18, 11 * MINUTE),
    ("order:A-20931:fulfilment", 5, 3, 41 * SECOND),
    ("import:tenant-5310:2026-03-10", 9_600, 7_183, SECOND),
    ("import:tenant-1198:2026-03-10", 2_210, 336, SECOND),
    ("video:ep-4471:renditions", 8, 5, 14 * SECOND),
    ("video:ep-4472:renditions", 8, 1, 22 * SECOND),
    ("search:reindex:products-v9", 51_200, 50_788, SECOND),
    ("invoice:batch:2026-02", 6_418, 6_408, 2 * SECOND),
    ("order:A-20944:fulfilment", 5, 1, 3 * SECOND),
)
"""Completion key, how many children it began with, how many are done, how long ago the last one was."""

DETAIL_ID = "01KKAVN0RC1HJNAGZ6MXY793DY"
"""The failed job whose own page is shown; 260 jobs failed after it."""

DETAIL_PAYLOAD = {
    "event": "charge.captured",
    "id": "evt_3PqY81LmT0",
    "created": 1773112296,
    "livemode": True,
    "account": "acct_1Nf83K",
    "data": {
        "charge_id": "ch_7QmT2rWd",
        "amount": 12900,
        "currency": "EUR",
        "captured": True,
        "refund": None,
        "customer": {"id": "cus_R4x0Wq", "country": "PT"},
        "metadata": {"order": "A-20931", "source": "checkout-v3"},
    },
    "retries": 0,
    "deliver_to": ["https://hooks.shop.example/payments", "https://ledger.internal/v1/entries"],
}

DETAIL_ERROR = """\
ConnectionError: HTTPSConnectionPool(host='api.paygate.example', port=443): Max retries exceeded with url: \
/v2/charges/ch_7QmT2rWd/capture (Caused by ConnectTimeoutError: timed out after 10.0 s)
Traceback (most recent call last):
  File "/srv/worker/hooks/consumer.py", line 61, in handle
    return capture(ctx.payload["data"], account=ctx.gid)
  File "/srv/worker/hooks/capture.py", line 118, in capture
    resp = paygate.post(f"/v2/charges/{data['charge_id']}/capture", json=body)
  File "/srv/worker/.venv/lib/python3.12/site-packages/requests/sessions.py", line 637, in post
    return self.request("POST", url, data=data, json=json, **kwargs)
  File "/srv/worker/.venv/lib/python3.12/site-packages/requests/sessions.py", line 589, in request
    resp = self.send(prep, **send_kwargs)
  File "/srv/worker/.venv/lib/python3.12/site-packages/requests/adapters.py", line 700, in send
    raise ConnectionError(e, request=request)
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.paygate.example', port=443): Max retries exceeded"""
