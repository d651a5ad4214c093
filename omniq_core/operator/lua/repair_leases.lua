-- One batch of taking back leases that ran out, as workers do it. Those of a group with a key of another type stay; the
-- cursor says how many of them stand before the next.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] how many at most
-- Returns what a batch of a task does.
-- @include repairing
-- @include leases
local kept, refusal = open_repair()
if not kept then return refusal end
local fault = bad_end_fault()
if fault then return fault end
-- This clock may be ahead of that of the server: a lease that still runs would be lost.
local now, most, before = text(math.min(tonumber(ARGV[1]), server_ms(ARGV[1]))), tonumber(ARGV[9]), int(ARGV[7], 0)
local told = { OK = 0, BROKEN_GROUP = 0 }
local ids = redis.call("ZRANGEBYSCORE", key("active"), "-inf", now, "LIMIT", before, most)
for _, id in ipairs(ids) do
  local fields = job_fields(id, "id", "gid", "attempt", "max_attempts", "backoff_ms")
  local gid = fields[1] and fields[2] or ""
  if group_fault(gid) then
    told.BROKEN_GROUP = told.BROKEN_GROUP + 1
  else
    release(id, gid, now)
    if fields[1] then retry_or_fail(id, int(fields[3], 0), int(fields[4], 0), int(fields[5], 0), now) end
    told.OK = told.OK + 1
  end
end
if told.OK > 0 then stamp("last_activity_ms", now) end
local cursor = text(before + told.BROKEN_GROUP)
if told.BROKEN_GROUP == 0 then told.BROKEN_GROUP = nil end
return close_whole("leases", kept, told, #ids < most, cursor)
