"""A queue of a million waiting and 200,000 failed jobs, one of a thousand beside it, and a thousand other queues.

Written by a script in Redis, as the protocol's own would leave it: publishing them one by one would take minutes.
"""

from __future__ import annotations

from typing import Any

LARGE, SMALL = "payments", "payments-eu"
BATCH = 2_000

# ARGV: queue, lane, gid, first, count, the first moment in ms, the errors...
_FILL = """
local queue, lane, gid = ARGV[1], ARGV[2], ARGV[3]
local first, count, begin_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local base = '{' .. queue .. '}:'
local name = gid ~= '' and base .. 'g:' .. gid .. ':wait' or base .. lane
for n = first, first + count - 1 do
  local at = string.format('%d', begin_ms + n)
  local id = string.format('01KKAVN0RC%s%015d', lane == 'wait' and 'W' or 'F', n)
  local job = base .. 'job:' .. id
  redis.call('HSET', job, 'id', id, 'payload', string.format('{"invoice":%d,"customer":{"id":"cus_%d"}}', n, n % 977),
    'state', lane, 'attempt', 0, 'max_attempts', 3, 'timeout_ms', 30000, 'backoff_ms', 5000, 'created_ms', at,
    'updated_ms', at, 'queued_ms', at, 'first_started_ms', '', 'last_started_ms', '', 'completed_ms', '',
    'failed_ms', '')
  if gid ~= '' then redis.call('HSET', job, 'gid', gid) end
  if lane == 'failed' then
    redis.call('HSET', job, 'attempt', 3, 'first_started_ms', at, 'last_started_ms', at, 'failed_ms', at,
      'last_error', (string.gsub(ARGV[7 + n % (#ARGV - 6)], '#', tostring(n))), 'last_error_ms', at)
    redis.call('LPUSH', name, id)
  else
    redis.call('RPUSH', name, id)
  end
  redis.call('ZADD', base .. 'idx:' .. lane, at, id)
end
local stats = base .. 'stats'
if lane == 'failed' then
  redis.call('HINCRBY', stats, 'failed', count)
else
  redis.call('HINCRBY', stats, gid ~= '' and 'group_waiting' or 'waiting', count)
  redis.call('HINCRBY', stats, 'waiting_total', count)
  if gid ~= '' and redis.call('ZADD', base .. 'groups:ready', 'NX', begin_ms + first, gid) == 1 then
    redis.call('SET', base .. 'has_groups', '1')
    redis.call('HINCRBY', stats, 'groups_ready', 1)
  end
end
redis.call('HSET', stats, 'last_activity_ms', begin_ms)
"""

_TRACE = '\nTraceback (most recent call last):\n  File "/srv/app/worker.py", line 10, in run\n    capture(job)\n'
ERRORS = (
    "ConnectTimeoutError: HTTPSConnectionPool(host='api.paygate.example', port=443): timed out after 10.# s" + _TRACE,
    "KeyError: 'user_#'" + _TRACE,
    "OSError: [Errno 28] No space left on device: '/scratch/#.tmp'" + _TRACE,
    "TypeError: Cannot read properties of undefined (reading 'amount')\n    at capture (/app/pay.js:#:31)",
)
RARE = "ValueError: no such account acct_#" + _TRACE
"""One failed job in twenty has this error: what a bulk retry is about."""
KINDS = tuple(RARE if n == 7 else ERRORS[n % len(ERRORS)] for n in range(20))


def fill(redis: Any, begin_ms: int, *, waiting: int, failed: int, groups: int, queues: int) -> None:
    """The large queue, the small one (a thousand of each), and the others with a few jobs each.

    A tenth of the waiting jobs is spread over the groups. Everything happened after `begin_ms`, one job a ms.
    """
    run = redis.register_script(_FILL)

    def lane(queue: str, lane: str, count: int, gid: str = "", first: int = 0) -> None:
        for start in range(first, first + count, BATCH):
            run(args=(queue, lane, gid, start, min(BATCH, first + count - start), begin_ms, *KINDS))

    for queue, waits, fails, many in ((LARGE, waiting, failed, groups), (SMALL, 1_000, 1_000, 5)):
        each = waits // 10 // many
        lane(queue, "wait", waits - each * many)
        for n in range(many):
            lane(queue, "wait", each, f"customer-{n}", waits - each * (many - n))
        lane(queue, "failed", fails)
    for n in range(queues):
        lane(f"queue-{n:04d}", "wait", 2)
        lane(f"queue-{n:04d}", "failed", 1)
