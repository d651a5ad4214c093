-- Drops completed jobs beyond the newest 100, the oldest first, as an ack does.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] how many at most
-- Returns what a batch of a task does.
-- @include repairing
-- @include counters
-- @include types
local kept, refusal = open_repair()
if not kept then return refusal end
local fault = wrong_type({ stats = HASH, completed = LIST, ["idx:completed"] = ZSET })
if fault then return fault end
local length = redis.call("LLEN", key("completed"))
local over = math.max(math.min(length - 100, tonumber(ARGV[9])), 0)
for _ = 1, over do
  local old = redis.call("RPOP", key("completed"))
  redis.call("ZREM", key("idx:completed"), old)
  -- An id that was published again stands in another lane by now: its hash is that job's.
  if job_fields(old, "state")[1] == "completed" then redis.call("UNLINK", job_key(old)) end
end
if over > 0 then stamp("completed_kept", text(length - over)) end
return close_whole("completed_over", kept, { OK = over }, length - over <= 100)
