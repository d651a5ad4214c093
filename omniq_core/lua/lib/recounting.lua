-- @include keys
-- @include numbers
-- @include counters
-- @include reading
-- @include types
-- The counters as the lanes themselves have them, all of the same moment.
local COUNTERS = { "waiting", "group_waiting", "waiting_total", "active", "delayed", "failed", "completed_kept",
  "groups_ready" }
-- So many groups are summed in one script.
local MOST_SUMMED = 3000
local OF_INDEX = { "idx", "ghosts", "orphans", "two_lanes", "states" }

local function counters_fault()
  return wrong_type({ stats = HASH, wait = LIST, active = ZSET, delayed = ZSET, failed = LIST, completed = LIST,
    ["groups:ready"] = ZSET, ["idx:wait"] = ZSET })
end

-- What waits in groups, the lists of those that are known; nil where they are too many.
local function listed()
  local names = { key("x:groups"), key("groups:ready") }
  local many = (try("ZCARD", names[1]) or 0) + (try("ZCARD", names[2]) or 0)
  if many > MOST_SUMMED then return nil end
  local seen, sum = {}, 0
  for _, name in ipairs(names) do
    for _, gid in ipairs(try("ZRANGE", name, 0, -1) or {}) do
      if not seen[gid] then sum = sum + (try("LLEN", group_key(gid, "wait")) or 0) end
      seen[gid] = true
    end
  end
  return sum
end

-- The index knows the jobs of groups that nobody has met; the lists know those that the index has lost. Where both are
-- apart, the index is believed when the last check found nothing wrong with it.
local function group_waiting(waiting)
  local indexed, sum = redis.call("ZCARD", key("idx:wait")) - waiting, listed()
  if not sum then return math.max(indexed, 0) end
  if sum >= indexed then return sum end
  for _, kind in ipairs(OF_INDEX) do
    if redis.call("EXISTS", key("x:check:" .. kind)) == 1 then return sum end
  end
  return indexed
end

local function counters_now()
  local waiting = redis.call("LLEN", key("wait"))
  local grouped = group_waiting(waiting)
  return {
    waiting = waiting, group_waiting = grouped, waiting_total = waiting + grouped,
    active = redis.call("ZCARD", key("active")), delayed = redis.call("ZCARD", key("delayed")),
    failed = redis.call("LLEN", key("failed")), completed_kept = redis.call("LLEN", key("completed")),
    groups_ready = redis.call("ZCARD", key("groups:ready")),
  }
end

-- Sets one that differs; says whether it did.
local function recount(name, found)
  local stored = redis.call("HGET", key("stats"), name)
  if int(stored, 0) == found and (not stored or tonumber(stored)) then return false end
  stamp(name, text(found))
  return true
end
