-- @include keys
-- @include numbers
-- @include counters
-- @include leases
-- Ending a lease well.
local KEEP, TRIM_AT_ONCE = 100, 1000

-- "OK", or why not; nil and an error when a key has the wrong type, then nothing was changed. The same ack again is OK
-- again and changes nothing.
local function complete(id, token, now)
  local job = job_key(id)
  local kept = redis.call("HMGET", job, "lease_token", "gid", "x_ack")
  if token ~= "" and kept[3] == token .. "|OK" then return "OK" end
  local refusal = token_refusal(token, kept[1])
  if refusal then return refusal end

  local gid = kept[2] or ""
  local fault = wrong("stats", HASH) or wrong("idx:active", ZSET) or wrong("completed", LIST)
    or wrong("idx:completed", ZSET) or group_fault(gid)
  if fault then return nil, fault end
  if not release(id, gid, now) then return "NOT_ACTIVE" end
  redis.call("HSET", job, "state", "completed", "updated_ms", now, "completed_ms", now, "lease_token", "",
    "lock_until_ms", "", "x_ack", token .. "|OK")
  local length = redis.call("LPUSH", key("completed"), id)
  redis.call("ZADD", key("idx:completed"), now, id)
  local over = math.min(length - KEEP, TRIM_AT_ONCE)
  for _ = 1, over do
    local old = redis.call("RPOP", key("completed"))
    redis.call("ZREM", key("idx:completed"), old)
    -- An id that was published again stands in another lane by now: its hash is that job's.
    if job_fields(old, "state")[1] == "completed" then redis.call("UNLINK", job_key(old)) end
  end
  stamp("completed_kept", text(length - math.max(over, 0)), "last_activity_ms", now, "last_finish_ms", now)
  return "OK"
end
