-- Is a task over? How it ended is told once, to whoever asks first.
-- KEYS[1] anchor
-- ARGV task
-- Returns 0 while it is open; its fields and values when it has ended and nobody was told yet; 1 when that is known, or there
-- is no such task.
-- @include tasks
local name = task_key(ARGV[1])
local kept = redis.call("HMGET", name, "state", "ended_ms", "told")
if kept[1] == "running" or kept[1] == "probing" then return 0 end
if not kept[1] or (kept[2] or "") == (kept[3] or "") then return 1 end
redis.call("HSET", name, "told", kept[2])
keep_task(ARGV[1])
return redis.call("HGETALL", name)
