-- @include keys
-- @include numbers
-- @include counters
-- @include leases
-- Ending a lease well.
local KEEP, TRIM_AT_ONCE = 100, 1000

-- The length of the completed lane with the job in it, or nothing was changed and the error says which key has the wrong
-- type.
local function enter_completed(id, now)
  local length = redis.pcall("LPUSH", key("completed"), id)
  local fault = write_fault(length, key("completed"), LIST)
  if fault then return nil, fault end
  fault = write_fault(redis.pcall("ZADD", key("idx:completed"), now, id), key("idx:completed"), ZSET)
  if not fault then
    fault = write_fault(redis.pcall("ZREM", key("idx:active"), id), key("idx:active"), ZSET)
    if not fault then return length end
    redis.call("ZREM", key("idx:completed"), id)
  end
  redis.call("LPOP", key("completed"))
  return nil, fault
end

-- "OK", or why not; nil and an error when a key has the wrong type, then nothing was changed. The same ack again is OK
-- again and changes nothing.
local function complete(id, token, now)
  local job = job_key(id)
  local kept = redis.call("HMGET", job, "lease_token", "gid", "x_ack", "lock_until_ms")
  if token ~= "" and kept[3] == token .. "|OK" then return "OK" end
  local refusal = token_refusal(token, kept[1])
  if refusal then return refusal end

  local gid = kept[2] or ""
  local active = redis.pcall("HGET", key("stats"), "active")
  local fault = write_fault(active, key("stats"), HASH) or group_fault(gid)
  if fault then return nil, fault end
  if redis.call("ZREM", key("active"), id) == 0 then return "NOT_ACTIVE" end
  local length
  length, fault = enter_completed(id, now)
  if fault then
    redis.call("ZADD", key("active"), text(int(kept[4], 0)), id)
    return nil, fault
  end
  if gid ~= "" then leave_group(gid, now) end
  redis.call("HSET", job, "state", "completed", "updated_ms", now, "completed_ms", now, "lease_token", "",
    "lock_until_ms", "", "x_ack", token .. "|OK")
  local over = math.min(length - KEEP, TRIM_AT_ONCE)
  for _ = 1, over do
    local old = redis.call("RPOP", key("completed"))
    redis.call("ZREM", key("idx:completed"), old)
    -- An id that was published again stands in another lane by now: its hash is that job's.
    if job_fields(old, "state")[1] == "completed" then redis.call("UNLINK", job_key(old)) end
  end
  stamp("active", counted(active, -1), "completed_kept", text(length - math.max(over, 0)), "last_activity_ms", now,
    "last_finish_ms", now)
  return "OK"
end
