-- @include keys
-- @include numbers
-- @include counters
-- @include groups
-- Leasing the next job. The caller saves the stats.
local GROUP_TRIES, GHOSTS = 10, 100

-- The next id of a list that has a job behind it. Ids without one (a ghost) leave the queue on the way.
local function next_job(list, counter)
  for _ = 1, GHOSTS do
    local id = redis.call("LPOP", list)
    if not id then return nil end
    count(counter, -1)
    count("waiting_total", -1)
    local kept = job_fields(id, "id", "payload")
    if kept[1] and kept[2] and kept[2] ~= "" then return id, kept[2] end
    redis.call("ZREM", key("idx:wait"), id)
  end
  return nil
end

local function from_groups(now)
  for _ = 1, GROUP_TRIES do
    local gid = redis.call("ZPOPMIN", key("groups:ready"))[1]
    if not gid then return nil end
    count("groups_ready", -1)
    if has_room(gid) then
      local id, payload = next_job(group_key(gid, "wait"), "group_waiting")
      if id then enter_group(gid) end
      ready_if_due(gid, now)
      if id then return id, payload, gid end
    end
  end
  return nil
end

local function from_ungrouped()
  local id, payload = next_job(key("wait"), "waiting")
  return id, payload, ""
end

-- {"JOB", ...} as reserve answers it, {"PAUSED"}, or false when there is nothing.
local function lease_next(now, token)
  if redis.call("EXISTS", key("paused")) == 1 then return { "PAUSED" } end

  local groups_first = int(redis.call("GET", key("lane:rr")), 0) == 0
  local id, payload, gid
  if groups_first then
    id, payload, gid = from_groups(now)
    if not id then id, payload, gid = from_ungrouped() end
  else
    id, payload, gid = from_ungrouped()
    if not id then id, payload, gid = from_groups(now) end
  end
  if not id then return false end

  local job = job_key(id)
  local kept = redis.call("HMGET", job, "attempt", "timeout_ms", "first_started_ms", "max_attempts")
  local attempt, timeout = int(kept[1], 0) + 1, int(kept[2], 0)
  if timeout <= 0 then timeout = 60000 end
  local lock = text(tonumber(now) + timeout)
  redis.call("HSET", job, "state", "active", "attempt", text(attempt), "lease_token", token, "lock_until_ms", lock,
    "updated_ms", now, "last_started_ms", now)
  if not kept[3] or kept[3] == "" then redis.call("HSET", job, "first_started_ms", now) end
  redis.call("ZREM", key("idx:wait"), id)
  redis.call("ZADD", key("idx:active"), now, id)
  redis.call("ZADD", key("active"), lock, id)
  redis.call("SET", key("lane:rr"), groups_first and "1" or "0")
  redis.pcall("INCR", key("lease:seq")) -- a figure only: nonsense in it must not cost a job
  count("active", 1)
  stamp("last_activity_ms", now)
  stamp("last_reserve_ms", now)
  return { "JOB", id, payload, lock, text(attempt), kept[4] or "0", gid }
end
