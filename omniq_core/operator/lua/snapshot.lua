-- The figures of one queue, from the structures themselves: the stats hash is believed only where nothing else knows.
-- KEYS[1] anchor; ARGV now in ms, and for a page of this one queue the version of the rules of errors, else "". Changes
-- nothing.
-- Returns a flat list; snapshot.py names its places. What cannot be read is false.
-- @include keys
-- @include reading
-- @include pausing
-- @include numbers
-- @include holders
local function moment(field) return short_field(key("stats"), field) or false end

local lanes = redis.call("EXISTS", key("stats"), key("wait"), key("active"), key("delayed"), key("failed"),
  key("completed"), key("paused"), key("groups:ready"), key("has_groups"), key("idx:wait"), key("idx:active"),
  key("idx:delayed"), key("idx:failed"), key("idx:completed"))
if lanes == 0 then return {0} end

local length, indexed, idx_seen, unindexed, broken = {}, {}, false, 0, 0
local BITS = {wait = 1, active = 2, delayed = 4, failed = 8, completed = 16}
for lane, command in pairs({wait = "LLEN", active = "ZCARD", delayed = "ZCARD", failed = "LLEN", completed = "LLEN"}) do
  local held, known = try(command, key(lane)), try("ZCARD", key("idx:" .. lane))
  if not held or not known then broken = broken + BITS[lane] end
  length[lane], indexed[lane] = held or 0, known or 0
  if indexed[lane] > 0 then idx_seen = true end
  if length[lane] > indexed[lane] then unindexed = unindexed + 1 end
end

local grouped = 0
if idx_seen and indexed.wait >= length.wait then
  grouped = indexed.wait - length.wait
elseif redis.call("EXISTS", key("has_groups")) == 1 then
  grouped = short_field(key("stats"), "group_waiting") or 0
end

local paused = redis.call("EXISTS", key("paused"))
local left = paused == 1 and redis.call("PTTL", key("paused")) or -1
local record
if paused == 1 then record = pause_record() else record = resume_note() end

-- Groups with jobs but without a free slot; nil where more than so many jobs run. Who has no slot holds one, so these
-- are all among the groups of the running jobs.
local function full_groups(most)
  local held = length.active <= most and jobs_held()
  if not held then return nil end
  local full = 0
  for gid, running in pairs(held) do
    local limit = math.max(int(try("GET", group_key(gid, "limit")), 1), 1)
    if running >= limit and (try("LLEN", group_key(gid, "wait")) or 0) > 0 then full = full + 1 end
  end
  return full
end

-- Kinds of errors, where the index of them holds every failed job; else nil.
local function kinds_of_all()
  local prefix = "x:fp:" .. ARGV[2] .. ":"
  if try("HGET", key(prefix .. "state"), "done") ~= "1" then return nil end
  local kinds, jobs = 0, 0
  for _, digest in ipairs(try("ZRANGE", key(prefix .. "kinds"), 0, -1) or {}) do
    local held = try("ZCARD", key(prefix .. digest)) or 0
    if held > 0 then kinds, jobs = kinds + 1, jobs + held end
  end
  return jobs == length.failed and kinds or nil
end

local alone = ARGV[2] ~= ""
local oldest = alone and (try("ZRANGE", key("idx:wait"), 0, 0) or {})[1]

return {
  1, paused, left, length.wait, grouped, length.active, try("ZCOUNT", key("active"), "-inf", ARGV[1]) or 0,
  length.delayed, length.failed, length.completed, try("ZCARD", key("groups:ready")) or 0,
  first_score(key("idx:wait")) or false, first_score(key("delayed")) or false,
  moment("last_activity_ms"), moment("last_enqueue_ms"), moment("last_reserve_ms"), moment("last_finish_ms"),
  record or false, unindexed, broken, try("ZCARD", key("x:groups")) or 0,
  redis.call("EXISTS", key("has_groups")), oldest and field_up_to(job_key(oldest), "gid", 1024) or "",
  alone and full_groups(200) or false, alone and kinds_of_all() or false,
  -- The head of the record of what happened, and the ring of its last hour (history_record.py).
  alone and try("GETRANGE", key("x:hist:1"), 0, 943) or "",
}
