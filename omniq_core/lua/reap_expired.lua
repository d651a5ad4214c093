-- Takes back leases that ran out: the next attempt, or the failed lane. The older error stays.
-- KEYS[1] anchor
-- ARGV now, most (0 none, negative all)
-- Returns how many were taken back, ids without a job included. One whose group has a key of the wrong type stays, and is
-- an error when nothing else was there to take back.
-- @include keys
-- @include numbers
-- @include counters
-- @include leases
local now, most = ARGV[1], tonumber(ARGV[2])
if most == 0 then return 0 end
local fault = bad_end_fault()
if fault then return fault end
local reaped = 0
local ids = redis.call("ZRANGEBYSCORE", key("active"), "-inf", now, "LIMIT", 0, most)
for _, id in ipairs(ids) do
  local kept = job_fields(id, "id", "gid", "attempt", "max_attempts", "backoff_ms")
  local gid = kept[1] and kept[2] or ""
  local broken = group_fault(gid)
  if broken then
    fault = broken
  elseif kept[1] then
    release(id, gid, now)
    retry_or_fail(id, int(kept[3], 0), int(kept[4], 0), int(kept[5], 0), now)
  else
    release(id, "", now)
  end
  if not broken then reaped = reaped + 1 end
end
if reaped > 0 then stamp("last_activity_ms", now) end
return reaped == 0 and fault or reaped
