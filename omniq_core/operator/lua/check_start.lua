-- Begins a check, or adds queues to the one that runs: those that it has not begun yet are not added again.
-- KEYS[1] {omniq:x}:meta
-- ARGV now, id, who wants it, queue, ... (at most 2,000)
-- Returns {id of the check that does it, 1 when it is a new one}.
-- @include check
-- @include numbers
local name, list = ours(check_key(), "hash"), ours(queues_key(), "list")
local kept = redis.call("HMGET", name, "id", "state", "begun")
local running = kept[2] == "running"
local ahead = {}
if running then
  for _, queue in ipairs(redis.call("LRANGE", list, int(kept[3], 0), -1)) do ahead[queue] = true end
else
  redis.call("DEL", name, list)
  redis.call("HSET", name, "v", "1", "id", ARGV[2], "state", "running", "by", ARGV[3], "started_ms", ARGV[1], "at", "0",
    "begun", "0", "phase", "", "looked", "0", "expected", "0")
end
for i = 4, #ARGV do
  if not ahead[ARGV[i]] and redis.call("LLEN", list) < 4000 then redis.call("RPUSH", list, ARGV[i]) end
end
keep_check()
return { running and kept[1] or ARGV[2], running and 0 or 1 }
