-- Takes back leases that ran out: the next attempt, or the failed lane. The older error stays.
-- KEYS[1] anchor
-- ARGV now, most (0 none, negative all)
-- Returns how many were taken back, ids without a job included.
-- @include keys
-- @include numbers
-- @include counters
-- @include leases
local now, most = ARGV[1], tonumber(ARGV[2])
if most == 0 then return 0 end
local ids = redis.call("ZRANGEBYSCORE", key("active"), "-inf", now, "LIMIT", 0, most)
for _, id in ipairs(ids) do
  local kept = job_fields(id, "id", "gid", "attempt", "max_attempts", "backoff_ms")
  if kept[1] then
    release(id, kept[2] or "", now)
    retry_or_fail(id, int(kept[3], 0), int(kept[4], 0), int(kept[5], 0), now)
  else
    release(id, "", now)
  end
end
if #ids > 0 then stamp("last_activity_ms", now) end
return #ids
