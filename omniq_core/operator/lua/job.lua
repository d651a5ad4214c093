-- All there is to show of one job, bounded: lengths are asked before values, long values stay in Redis.
-- KEYS[1] anchor
-- ARGV now, id, largest payload to bring along, where a payload names its child counter (keys joined by dots) or ""
-- Returns false when there is no such hash, else {number of fields, fields, payload length, payload or false,
--   group {inflight, limit, waiting} or false, lanes whose index or set holds it, place {lane, total, rank from the
--   oldest, older id, newer id} or false, place in its waiting list or false, {id, state or false} or false of the job it is a
--   copy of, the same of its newest copy, the counter that a payload of up to 16 KB names or false}.
-- @include keys
-- @include reading
-- @include places
-- @include naming
local id, inline, counter_at = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local job = job_key(id)
local MOST_FIELDS, MOST_NAMES, LONGEST, CUT, LONGEST_ID, PASSED_OVER = 200, 5000, 16384, 1024, 1024, 20
local KNOWN = {"id", "state", "gid", "attempt", "max_attempts", "timeout_ms", "backoff_ms", "created_ms", "updated_ms",
  "queued_ms", "first_started_ms", "last_started_ms", "completed_ms", "failed_ms", "due_ms", "lock_until_ms",
  "lease_token", "last_error", "last_error_ms", "payload", "x_pub", "x_ack", "x_task", "x_copy_of", "x_copied_to"}

local count = try("HLEN", job)
if not count or count == 0 then return false end

local fields, seen = {}, {}
local function add(name, known)
  seen[name] = true
  local size = redis.call("HSTRLEN", job, name)
  if known and size == 0 and redis.call("HEXISTS", job, name) == 0 then return end
  local value = ""
  if name == "lease_token" then
    -- Who holds the token can ack the job, so it stays in Redis.
    value = size > 0 and "held" or ""
    size = #value
  elseif name == "x_ack" then
    value = string.match(field_up_to(job, name, CUT) or "", "|([^|]*)$") or ""
    size = #value
  elseif name ~= "payload" and size > 0 and size <= LONGEST then
    value = redis.call("HGET", job, name)
    if name ~= "last_error" then value = string.sub(value, 1, CUT) end
  end
  fields[#fields + 1] = {string.sub(name, 1, 256), value, size}
end
for _, name in ipairs(KNOWN) do add(name, true) end
if count <= MOST_NAMES then
  local others = redis.call("HKEYS", job)
  for _, name in ipairs(others) do
    if #fields >= MOST_FIELDS then break end
    if not seen[name] then add(name, false) end
  end
end

local payload, payload_size = field_up_to(job, "payload", inline)
local gid = field_up_to(job, "gid", LONGEST_ID)
local state = short_field(job, "state") or ""

local lanes, held_in = {}, {}
local function holds(lane)
  if not held_in[lane] then lanes[#lanes + 1], held_in[lane] = lane, true end
end
for _, lane in ipairs({"wait", "active", "delayed", "failed", "completed"}) do
  if try("ZSCORE", key("idx:" .. lane), id) then holds(lane) end
end
if try("ZSCORE", key("active"), id) then holds("active") end
if try("ZSCORE", key("delayed"), id) then holds("delayed") end
if try("LPOS", key("completed"), id, "MAXLEN", 200) then holds("completed") end

local place, waits = false, false
local known_lane = state == "wait" or state == "active" or state == "delayed" or state == "failed" or state == "completed"
if known_lane then
  local view = open_lane(state)
  local rank = view.zset and try("ZRANK", view.zset, id)
  if not view.zset then
    local at = try("LPOS", key(state), id, "MAXLEN", 10000)
    if at then
      holds(state)
      rank = state == "wait" and at or view.total - 1 - at
    end
  end
  if rank then
    -- The nearest that has a page: an id whose job is gone has none.
    local function beside(step)
      for at = rank + step, rank + PASSED_OVER * step, step do
        local found = at >= 0 and between(view, at, at)[1]
        if not found then return false end
        if #found[1] <= LONGEST_ID and (try("HLEN", job_key(found[1])) or 0) > 0 then return found[1] end
      end
      return false
    end
    place = {state, view.total, rank, beside(-1), beside(1)}
  end
end
local queue_list = gid and group_key(gid, "wait") or key("wait")
if state == "wait" then
  waits = try("LPOS", queue_list, id, "MAXLEN", 1000) or false
  if waits then holds("wait") end
end
local group = gid and {short_string(group_key(gid, "inflight"), 32) or false, short_string(group_key(gid, "limit"), 32) or false,
  try("LLEN", queue_list) or 0} or false
local function linked(field)
  local other = field_up_to(job, field, LONGEST_ID)
  return other and {other, short_field(job_key(other), "state") or false} or false
end
return {count, fields, payload_size, payload or false, group, lanes, place, waits, linked("x_copy_of"), linked("x_copied_to"),
  counter_at ~= "" and named_counter(job, counter_at) or false}
