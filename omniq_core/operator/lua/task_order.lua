-- What people say to a task, and what stops one: takes effect before the next batch.
-- KEYS[1] anchor
-- ARGV now, task, order (cancel, resume, fault), why it cannot go on (fault)
-- Returns the state it was in, or false when there is no such task. An order that does not fit changes nothing.
-- @include tasks
-- @include numbers
local now, task, order = ARGV[1], ARGV[2], ARGV[3]
local name = task_key(task)
local kept = redis.call("HMGET", name, "state", "done", "skipped")
local state = kept[1]
if not state then return false end
local open = state == "running" or state == "probing"
if order == "resume" and (state == "stopped" or state == "probing") then
  redis.call("HSET", name, "state", "running", "ended_ms", "", "fault", "", "probe_left", "0", "went_on_ms", now,
    "went_on_at", text(int(kept[2], 0) + int(kept[3], 0)))
  -- Nobody was at work on it, so whoever claims it takes it from nobody.
  if state == "stopped" then redis.call("HSET", name, "owner", "") end
elseif order ~= "resume" and open then
  end_task(task, "stopped", now)
  redis.call("HSET", name, "fault", ARGV[4])
end
keep_task(task)
return state
