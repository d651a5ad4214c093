-- @include keys
-- @include numbers
-- @include counters
-- @include types
-- Taking the next job from a waiting lane into the leased ones. A key of the wrong type costs no job: the first writes of
-- a lease can be taken back, and are.
local GHOSTS = 100

-- How many ids were taken from the waiting lanes.
local from_wait, from_gwait = 0, 0

-- The job is leased in the indexes, or nothing was changed and the error says which key has the wrong type.
local function enter_active(id, now, lock)
  local fault = write_fault(redis.pcall("ZADD", key("active"), lock, id), key("active"), ZSET)
  if fault then return fault end
  fault = write_fault(redis.pcall("ZADD", key("idx:active"), now, id), key("idx:active"), ZSET)
  if not fault then
    fault = write_fault(redis.pcall("ZREM", key("idx:wait"), id), key("idx:wait"), ZSET)
    if not fault then return nil end
    redis.call("ZREM", key("idx:active"), id)
  end
  redis.call("ZREM", key("active"), id)
  return fault
end

-- The next id of a list that has a job behind it, what a lease needs of that job and until when it is leased; or nil, and
-- an error when a key has the wrong type. Ids without a job (ghosts) leave the queue on the way.
local function next_job(list, now)
  for taken = 1, GHOSTS do
    local id = redis.pcall("LPOP", list)
    if not id then return nil, taken - 1 end
    if type(id) == "table" then return nil, taken - 1, type_fault(list, LIST) or id end
    local kept = job_fields(id, "id", "payload", "attempt", "timeout_ms", "first_started_ms", "max_attempts")
    if kept[1] and kept[2] and kept[2] ~= "" then
      local timeout = int(kept[4], 0)
      local lock = text(tonumber(now) + (timeout > 0 and timeout or 60000))
      local fault = enter_active(id, now, lock)
      if not fault then return id, taken, nil, kept, lock end
      redis.call("LPUSH", list, id)
      return nil, taken - 1, fault
    end
    redis.pcall("ZREM", key("idx:wait"), id)
  end
  return nil, GHOSTS
end

-- The counters of the lanes that ids were taken from; the last of them goes with `...`, other fields of the stats.
local function count_taken(stats, ...)
  local lane, value, by = "waiting", stats[3], from_wait
  if from_gwait > 0 then
    if from_wait > 0 then stamp(lane, counted(value, -by)) end
    lane, value, by = "group_waiting", stats[4], from_gwait
  end
  stamp(lane, counted(value, -by), "waiting_total", counted(stats[1], -from_wait - from_gwait), ...)
end
