"""Few needles in 200,000 jobs: each is found, none is found twice, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from omniq_core import OmniqClient
from omniq_core.operator.filtered import filtered_page
from omniq_core.operator.filters import Filter
from omniq_core.operator.lane_scan import mark, scan_lane

pytestmark = pytest.mark.broken_data
JOBS = 200_000

# Every 5,406th payload (37 of 200,000) is one that is looked for, written in four ways; so is every 162nd error, up to
# the 1,234th. Between them stand payloads and errors that only look alike.
SEED = """
local ways = {'{"user":{"email":"zoë@example.com"},"n":%d}', '{"user":{"email":"zo\\\\u00eb@example.com"},"n":%d}',
  '{"n":%d,"user":[{"email":"amy@example.com"},{"email":"Zoë@Example.com"}]}',
  '[{"user":{"email":["x","zoë@example.com"]}},%d]'}
local alike = {'{"user":{"email":"zoe@example.com"},"n":%d}', '{"user":{"mail":"zoë@example.com"},"n":%d}',
  '{"email":"zoë@example.com","n":%d}', '{"user":{"email":"zoë@example.org"},"n":%d}'}
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id, at = string.format("job-%07d", n), string.format("%.0f", 1700000000000 + n)
  local payload = string.format(n % 5406 == 0 and ways[n / 5406 % 4 + 1] or alike[n % 4 + 1], n)
  local failure = n % 162 == 0 and n / 162 < 1234 and "ConnectionError: no route" or "ConnectError: no route"
  redis.call("LPUSH", "{q}:failed", id)
  redis.call("ZADD", "{q}:idx:failed", at, id)
  redis.call("HSET", "{q}:job:" .. id, "id", id, "state", "failed", "payload", payload, "last_error", failure)
end
"""


@pytest.fixture
def lane(redis: Any) -> None:
    for start in range(0, JOBS, 10_000):
        redis.eval(SEED, 1, "{q}:meta", start, start + 9_999)


def test_exactly_the_needles_are_found(client: OmniqClient, lane: None) -> None:
    link, upto = client.link, mark(client.link, "q", "failed")
    email = Filter(payload="user.email:zoë@example.com")
    found = scan_lane(link, "q", "failed", email, upto=upto, limit=100, rows=False, budget_ms=600_000)
    assert [match.job_id for match in found.matches] == [f"job-{n * 5406:07d}" for n in range(36, -1, -1)]
    assert (found.scanned, found.left, found.cursor) == (JOBS, 0, None)
    counted, cursor, answers = 0, None, 0
    error = Filter(q="connectionerror")
    while True:
        part = scan_lane(link, "q", "failed", error, cursor=cursor, upto=upto, limit=0, budget_ms=20)
        counted, answers = counted + part.matched, answers + 1
        if not (cursor := part.cursor):
            break
    assert counted == 1_234 and answers > 5
    page = filtered_page(link, "q", "failed", Filter(q="ConnectionError"), size=100, budget_ms=600_000)
    assert page.count and page.count.matching == 1_234
    assert page.jobs.rows[0].job_id == f"job-{1233 * 162:07d}"
