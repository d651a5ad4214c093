-- What is wrong with a queue as a whole: the types of its fixed keys, its counters, leases that nobody reaped, its size.
-- Changes nothing.
-- KEYS[1] anchor
-- ARGV now, how long (ms) a lease may have run out, up to how many groups are counted one by one
-- Returns rows {kind, subject, facts...}; queue_check.py names the facts. What is not known is false.
-- @include keys
-- @include reading
-- @include numbers
-- @include keyed
local now, most = tonumber(ARGV[1]), tonumber(ARGV[3])
local rows = {}
local function add(...) rows[#rows + 1] = {...} end

for suffix, wanted in pairs(FIXED_TYPES) do
  local is = redis.call("TYPE", key(suffix)).ok
  if is ~= "none" and is ~= wanted then add("types", suffix, wanted, is) end
end

local size, indexed, jobs = {}, {}, 0
for lane, command in pairs({ wait = "LLEN", active = "ZCARD", delayed = "ZCARD", failed = "LLEN", completed = "LLEN" }) do
  size[lane], indexed[lane] = try(command, key(lane)), try("ZCARD", key("idx:" .. lane))
  jobs = jobs + (size[lane] or 0)
end

-- The jobs that wait in the groups that are known, and the list of one of them; nil where there are too many groups.
local function jobs_in_groups()
  local known = (try("ZCARD", key("x:groups")) or 0) + (try("ZCARD", key("groups:ready")) or 0)
  if known > most then return nil end
  local seen, sum, list = {}, 0, nil
  for _, name in ipairs({ "x:groups", "groups:ready" }) do
    for _, gid in ipairs(try("ZRANGE", key(name), 0, -1) or {}) do
      local waiting = not seen[gid] and try("LLEN", group_key(gid, "wait")) or 0
      seen[gid] = true
      if waiting > 0 then sum, list = sum + waiting, group_key(gid, "wait") end
    end
  end
  return sum, list
end

local grouped, group_list = jobs_in_groups()
jobs = jobs + (grouped or 0)

-- SDKs before 3.0.0 wrote neither idx nor queued_ms; where only the idx was lost, the jobs still have the moment.
local function is_old(name)
  local zset = name == "active" or name == "delayed"
  for _, id in ipairs(try(zset and "ZRANGE" or "LRANGE", name == "group" and group_list or key(name), 0, 9) or {}) do
    local kept = job_fields(id, "id", "queued_ms")
    if kept[1] then return not kept[2] end
  end
  return false
end

local old, wait_old = false, false
for lane, held in pairs(size) do
  if held > 0 and indexed[lane] == 0 and is_old(lane) then
    old, wait_old = true, wait_old or lane == "wait"
  end
end
if group_list and indexed.wait == 0 and is_old("group") then old, wait_old = true, true end
if old then
  -- Of an old queue all lanes get their entries, also those in which a newer SDK has begun to write some.
  local lacking = 0
  for lane, held in pairs(size) do
    if lane == "wait" then held = held + (grouped or 0) end
    lacking = lacking + math.max(held - (indexed[lane] or 0), 0)
  end
  add("old_index", "", lacking)
end

local stats = redis.call("TYPE", key("stats")).ok
if stats == "none" and jobs > 0 then add("old_stats", "", jobs) end

-- A figure that is no number is 0 to who reads it, and an error to who adds to it: no worker can.
local function stored_of(counter)
  local raw = short_field(key("stats"), counter)
  if raw and not tonumber(raw) then return nil, raw end
  return int(raw, 0)
end

local function compare(counter, found)
  local stored, odd = stored_of(counter)
  if found and stored ~= found then add("counters", counter, stored or odd, found) end
end

-- By the idx and by the groups: either may be incomplete, so a counter that agrees with one of them is right.
local function compare_waiting(counter, by_idx, by_groups)
  local stored, odd = stored_of(counter)
  if stored == by_idx or stored == by_groups or not (by_idx or by_groups) then return end
  local found = by_idx and by_idx >= (by_groups or 0) and by_idx or by_groups
  if found then add("counters", counter, stored or odd, found, by_idx or false, by_groups or false) end
end

if stats == "hash" then
  compare("waiting", size.wait)
  compare("active", size.active)
  compare("delayed", size.delayed)
  compare("failed", size.failed)
  compare("completed_kept", size.completed)
  compare("groups_ready", try("ZCARD", key("groups:ready")))
  local wait = size.wait
  if wait then
    local by_idx = indexed.wait and not wait_old and indexed.wait >= wait and indexed.wait or nil
    compare_waiting("group_waiting", by_idx and by_idx - wait, grouped)
    compare_waiting("waiting_total", by_idx, grouped and grouped + wait)
  end
end

local oldest = tonumber(first_score(key("active")) or nil)
if oldest and oldest < now - tonumber(ARGV[2]) then
  add("leases", "", redis.call("ZCOUNT", key("active"), "-inf", ARGV[1]), int(oldest, 0),
    int(short_field(key("stats"), "last_reserve_ms"), 0))
end
if (size.completed or 0) > 100 then add("completed_over", "", size.completed) end
return rows
