-- @include keys
-- @include numbers
-- @include counters
-- @include groups
-- @include lanes
-- @include types
-- Publishing a job once per id. Options stand in ARGV in this order: max_attempts, timeout_ms, backoff_ms, due_ms, gid,
-- group_limit.

-- Nothing when a job of this id may be written, what an earlier life of the id left behind is gone then. Else the answer:
-- 1 (an earlier sending of this call wrote it) or 0 (the id exists), and the job's state.
local function published_before(id, nonce)
  local job = job_key(id)
  if redis.call("EXISTS", job) == 0 then return nil end
  local have = redis.call("HMGET", job, "id", "state", "x_pub")
  if have[1] then
    local state = have[2] or ""
    if have[3] == nonce then return 1, state end
    if state == "wait" or state == "delayed" or state == "active" or state == "failed" then return 0, state end
    local length = redis.call("LLEN", key("completed")) -- raises when it is no list, before anything is written
    redis.call("ZREM", key("idx:completed"), id)
    local left = length - redis.call("LREM", key("completed"), 0, id)
    if left < length then stamp("completed_kept", text(left)) end
  end
  -- Its last error, or a ghost's half record, is not this job's.
  redis.call("UNLINK", job)
  return nil
end

-- What the records of all jobs with the options from ARGV[at] on have in common, and their state.
local function common_fields(now, at)
  local due, gid = ARGV[at + 3], ARGV[at + 4]
  local state = tonumber(due) > tonumber(now) and "delayed" or "wait"
  local fields = { "state", state, "attempt", "0", "max_attempts", ARGV[at], "timeout_ms", ARGV[at + 1],
    "backoff_ms", ARGV[at + 2], "created_ms", now, "updated_ms", now, "queued_ms", now,
    "first_started_ms", "", "last_started_ms", "", "completed_ms", "", "failed_ms", "" }
  if state == "delayed" then
    fields[#fields + 1] = "due_ms"
    fields[#fields + 1] = due
  end
  if gid ~= "" then
    fields[#fields + 1] = "gid"
    fields[#fields + 1] = gid
  end
  return fields, state
end

local function write_job(id, payload, nonce, fields)
  redis.call("HSET", job_key(id), "id", id, "payload", payload, "x_pub", nonce, unpack(fields))
end

local function open_group(gid, limit)
  redis.call("SET", key("has_groups"), "1")
  if tonumber(limit) > 0 then redis.call("SET", group_key(gid, "limit"), limit, "NX") end
end

-- A job that was written takes its place: at the tail of its lane, or among the delayed ones.
local function admit(id, state, due, gid, limit, now)
  if gid ~= "" then open_group(gid, limit) end
  if state == "delayed" then
    delay(id, due, now)
    if gid ~= "" then ready_if_due(gid, now) end
  else
    enqueue(id, gid, now)
  end
  stamp("last_activity_ms", now, "last_enqueue_ms", now)
end
