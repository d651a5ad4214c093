-- @include judging
-- @include numbers
-- The record of a job that a repair left in a list, or put into one.
local KNOWN = { wait = { "updated_ms", "queued_ms" }, active = { "last_started_ms", "updated_ms" },
  delayed = { "updated_ms", "queued_ms" }, failed = { "failed_ms", "updated_ms" },
  completed = { "completed_ms", "updated_ms" } }

-- When a job may have entered a lane, as far as its record tells.
local function moment_in(job, lane, now)
  for _, told in ipairs(job_fields(job.id, unpack(KNOWN[lane]))) do
    local at = int(told, 0)
    if at > 0 and at <= tonumber(now) then return text(at) end
  end
  return now
end

-- The fields that a job has in this list, as the transitions leave them.
local function write_fields(job, list, moment, now, token)
  local name, lane = job_key(job.id), lane_of(list)
  local kept = job_fields(job.id, "lease_token", "lock_until_ms", "failed_ms", "completed_ms", "first_started_ms",
    "last_started_ms")
  local empty = {}
  for at = 1, 6 do empty[at] = (kept[at] or "") == "" end
  local set = { "state", lane, "updated_ms", now }
  local function put(field, value) set[#set + 1], set[#set + 2] = field, value end
  if lane == "active" then
    put("lock_until_ms", text(int(job.active, 0)))
    -- Nobody knows this one: its lease runs out.
    if empty[1] then put("lease_token", token) end
    if empty[5] then put("first_started_ms", moment) end
    if empty[6] then put("last_started_ms", moment) end
  else
    if not empty[1] then put("lease_token", "") end
    if not empty[2] then put("lock_until_ms", "") end
  end
  for at, own in pairs({ [3] = "failed", [4] = "completed" }) do
    if (lane == own) == empty[at] then put(own .. "_ms", empty[at] and moment or "") end
  end
  if lane == "delayed" then put("due_ms", text(int(job.delayed, 0))) end
  if lane == "wait" and list ~= wait_list(job.gid) then
    local gid = string.match(list, "^g:(.*):wait$")
    if gid then
      put("gid", gid)
      redis.call("SET", key("has_groups"), "1")
    else
      redis.call("HDEL", name, "gid")
    end
  end
  redis.call("HSET", name, unpack(set))
end
