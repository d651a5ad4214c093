-- @include keys
-- @include numbers
-- @include counters
-- @include groups
-- @include lanes
-- The record of one job, once per id. Its nine arguments stand in ARGV from `at` on: id, payload, max_attempts,
-- timeout_ms, backoff_ms, due_ms, gid, group_limit, nonce. `fresh` says that nothing stands under the id's key.
-- Returns 1 or 0 (the id exists), the job's state, and whether it is still to be put into its lane.
local function record_job(now, at, fresh)
  local id, due, gid, nonce = ARGV[at], ARGV[at + 5], ARGV[at + 6], ARGV[at + 8]
  local job = job_key(id)

  if not fresh and redis.call("EXISTS", job) == 1 then
    local have = redis.call("HMGET", job, "id", "state", "x_pub")
    if have[1] then
      local state = have[2] or ""
      -- An earlier sending of this call.
      if have[3] == nonce then return 1, state, false end
      if state == "wait" or state == "delayed" or state == "active" or state == "failed" then return 0, state, false end
      if redis.call("LREM", key("completed"), 0, id) > 0 then
        stamp("completed_kept", text(redis.call("LLEN", key("completed"))))
      end
      redis.call("ZREM", key("idx:completed"), id)
    end
    -- What an earlier life of this id left behind (its last error, a ghost's half record) is not this job's.
    redis.call("UNLINK", job)
  end

  local delayed = tonumber(due) > tonumber(now)
  local state = delayed and "delayed" or "wait"
  redis.call("HSET", job, "id", id, "payload", ARGV[at + 1], "state", state, "attempt", "0",
    "max_attempts", ARGV[at + 2], "timeout_ms", ARGV[at + 3], "backoff_ms", ARGV[at + 4],
    "created_ms", now, "updated_ms", now, "queued_ms", now,
    "first_started_ms", "", "last_started_ms", "", "completed_ms", "", "failed_ms", "", "x_pub", nonce)
  if delayed then redis.call("HSET", job, "due_ms", due) end
  if gid ~= "" then
    redis.call("HSET", job, "gid", gid)
    redis.call("SET", key("has_groups"), "1")
    if tonumber(ARGV[at + 7]) > 0 then redis.call("SET", group_key(gid, "limit"), ARGV[at + 7], "NX") end
  end
  return 1, state, true
end
