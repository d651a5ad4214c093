-- @include keys
-- @include numbers
-- @include counters
-- @include groups
-- @include types
-- @include waiting
-- Leasing the next job, of groups and of the ungrouped ones in turn.
local GROUP_TRIES = 10

-- Groups that a key of the wrong type stops: they are passed over and put back where they stood.
local broken

local function from_groups(now)
  for _ = 1, GROUP_TRIES do
    local gid, score = unpack(redis.call("ZPOPMIN", key("groups:ready")))
    if not gid then return nil end
    count("groups_ready", -1)
    local inflight, limit, fault = slots(gid)
    local id, taken, kept, lock
    if not fault and inflight < limit then
      id, taken, fault, kept, lock = next_job(group_key(gid, "wait"), now)
      from_gwait = from_gwait + taken
    end
    if fault then
      broken = { gid = gid, score = score, fault = fault, before = broken }
    else
      if id then
        inflight = inflight + 1
        redis.call("SET", group_key(gid, "inflight"), text(inflight))
      end
      if inflight < limit and redis.call("LLEN", group_key(gid, "wait")) > 0
        and redis.call("ZADD", key("groups:ready"), "NX", now, gid) == 1 then
        count("groups_ready", 1)
      end
      if id then return id, kept, lock, gid end
    end
  end
  return nil
end

local function from_ungrouped(now)
  local id, taken, fault, kept, lock = next_job(key("wait"), now)
  from_wait = from_wait + taken
  return id, kept, lock, "", fault
end

-- {"JOB", ...} as reserve answers it, {"PAUSED"}, false when there is nothing, or an error when that is because a key has
-- the wrong type.
local function lease_next(now, token)
  local paused, turn, leases = unpack(redis.call("MGET", key("paused"), key("lane:rr"), key("lease:seq")))
  if paused then return { "PAUSED" } end

  local stats = redis.pcall("HMGET", key("stats"), "waiting_total", "active", "waiting", "group_waiting")
  if stats.err then return type_fault(key("stats"), HASH) or stats end
  local groups_first = int(turn, 0) == 0
  local id, kept, lock, gid, fault
  if groups_first then
    id, kept, lock, gid = from_groups(now)
    if not id then id, kept, lock, gid, fault = from_ungrouped(now) end
  else
    id, kept, lock, gid, fault = from_ungrouped(now)
    if not id then id, kept, lock, gid = from_groups(now) end
  end
  while broken do
    redis.call("ZADD", key("groups:ready"), broken.score, broken.gid)
    count("groups_ready", 1)
    fault, broken = broken.fault, broken.before
  end
  if not id then
    if from_wait + from_gwait > 0 then count_taken(stats) end
    return fault or false
  end

  local attempt, first_started = text(int(kept[3], 0) + 1), kept[5]
  if not first_started or first_started == "" then first_started = now end
  redis.call("HSET", job_key(id), "state", "active", "attempt", attempt, "lease_token", token,
    "lock_until_ms", lock, "updated_ms", now, "last_started_ms", now, "first_started_ms", first_started)
  turn = groups_first and "1" or "0"
  if leases and #leases < 15 and string.find(leases, "^[1-9]%d*$") then
    redis.call("MSET", key("lane:rr"), turn, key("lease:seq"), text(leases + 1))
  else
    redis.call("SET", key("lane:rr"), turn)
    redis.pcall("INCR", key("lease:seq")) -- a figure only: nonsense in it must not cost a job
  end
  count_taken(stats, "active", counted(stats[2], 1), "last_activity_ms", now, "last_reserve_ms", now)
  return { "JOB", id, kept[2], lock, attempt, kept[6] or "0", gid }
end
