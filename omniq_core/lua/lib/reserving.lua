-- @include keys
-- @include numbers
-- @include counters
-- @include groups
-- @include types
-- Leasing the next job.
local GROUP_TRIES, GHOSTS = 10, 100

-- The next id of a list that has a job behind it, and what a lease needs of that job. Ids without one (a ghost) leave the queue on the way.
local function next_job(list, counter)
  for _ = 1, GHOSTS do
    local id = redis.call("LPOP", list)
    if not id then return nil end
    count(counter, -1)
    count("waiting_total", -1)
    local kept = job_fields(id, "id", "payload", "attempt", "timeout_ms", "first_started_ms", "max_attempts")
    if kept[1] and kept[2] and kept[2] ~= "" then return id, kept end
    redis.call("ZREM", key("idx:wait"), id)
  end
  return nil
end

-- Groups whose keys have the wrong type: they are passed over and put back where they stood.
local broken

local function from_groups(now)
  for _ = 1, GROUP_TRIES do
    local gid, score = unpack(redis.call("ZPOPMIN", key("groups:ready")))
    if not gid then return nil end
    count("groups_ready", -1)
    local fault = wrong_group(gid)
    if fault then
      broken = { gid = gid, score = score, fault = fault, before = broken }
    elseif has_room(gid) then
      local id, kept = next_job(group_key(gid, "wait"), "group_waiting")
      if id then enter_group(gid) end
      ready_if_due(gid, now)
      if id then return id, kept, gid end
    end
  end
  return nil
end

local function from_ungrouped()
  local id, kept = next_job(key("wait"), "waiting")
  return id, kept, ""
end

-- {"JOB", ...} as reserve answers it, {"PAUSED"}, false when there is nothing, or an error when that is because a key has
-- the wrong type.
local function lease_next(now, token)
  local paused, turn, leases = unpack(redis.call("MGET", key("paused"), key("lane:rr"), key("lease:seq")))
  if paused then return { "PAUSED" } end

  -- A lane or a set of ready groups of the wrong type shows when the first job or group is taken from it.
  local fault = wrong("stats", HASH) or wrong("active", ZSET) or wrong("idx:wait", ZSET)
    or wrong("idx:active", ZSET)
  if fault then return fault end
  local groups_first = int(turn, 0) == 0
  local id, kept, gid
  if groups_first then
    id, kept, gid = from_groups(now)
    if not id then id, kept, gid = from_ungrouped() end
  else
    id, kept, gid = from_ungrouped()
    if not id then id, kept, gid = from_groups(now) end
  end
  while broken do
    redis.call("ZADD", key("groups:ready"), broken.score, broken.gid)
    count("groups_ready", 1)
    fault, broken = broken.fault, broken.before
  end
  if not id then return fault or false end

  local attempt, timeout, first_started = int(kept[3], 0) + 1, int(kept[4], 0), kept[5]
  if not first_started or first_started == "" then first_started = now end
  if timeout <= 0 then timeout = 60000 end
  local lock = text(tonumber(now) + timeout)
  redis.call("HSET", job_key(id), "state", "active", "attempt", text(attempt), "lease_token", token,
    "lock_until_ms", lock, "updated_ms", now, "last_started_ms", now, "first_started_ms", first_started)
  redis.call("ZREM", key("idx:wait"), id)
  redis.call("ZADD", key("idx:active"), now, id)
  redis.call("ZADD", key("active"), lock, id)
  turn = groups_first and "1" or "0"
  if leases and #leases < 15 and string.find(leases, "^[1-9]%d*$") then
    redis.call("MSET", key("lane:rr"), turn, key("lease:seq"), text(leases + 1))
  else
    redis.call("SET", key("lane:rr"), turn)
    redis.pcall("INCR", key("lease:seq")) -- a figure only: nonsense in it must not cost a job
  end
  count("active", 1)
  stamp("last_activity_ms", now, "last_reserve_ms", now)
  return { "JOB", id, kept[2], lock, text(attempt), kept[6] or "0", gid }
end
