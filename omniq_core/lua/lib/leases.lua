-- @include keys
-- @include numbers
-- @include counters
-- @include groups
-- @include lanes
-- @include types
-- Who may ack, and what the end of a lease leaves behind.
local function token_refusal(token, held)
  if token == "" then return "TOKEN_REQUIRED" end
  if held ~= token then return "TOKEN_MISMATCH" end
  return nil
end

-- Why a lease cannot be ended: a key of the wrong type, of its group or (badly) of the queue. That `active` is right shows
-- with the first write.
local function group_fault(gid) return gid ~= "" and (wrong("groups:ready", ZSET) or wrong_group(gid)) or nil end

local function bad_end_fault()
  return wrong("stats", HASH) or wrong("idx:active", ZSET) or wrong("delayed", ZSET)
    or wrong("idx:delayed", ZSET) or wrong("failed", LIST) or wrong("idx:failed", ZSET)
end

-- False when there is no lease to end; then nothing was changed.
local function release(id, gid, now)
  if redis.call("ZREM", key("active"), id) == 0 then return false end
  redis.call("ZREM", key("idx:active"), id)
  count("active", -1)
  if gid ~= "" then leave_group(gid, now) end
  return true
end

-- The attempt ended badly: another one after the backoff, or the failed lane. Returns the due time, or nil.
local function retry_or_fail(id, attempt, max_attempts, backoff, now)
  if max_attempts < 1 then max_attempts = 1 end
  local job = job_key(id)
  redis.call("HSET", job, "updated_ms", now, "lease_token", "", "lock_until_ms", "")
  if attempt >= max_attempts then
    redis.call("HSET", job, "state", "failed", "failed_ms", now)
    redis.call("LPUSH", key("failed"), id)
    redis.call("ZADD", key("idx:failed"), now, id)
    count("failed", 1)
    return nil
  end
  local due = text(tonumber(now) + backoff)
  redis.call("HSET", job, "state", "delayed", "due_ms", due)
  delay(id, due, now)
  return due
end
