-- Begins a check, or adds queues to the one that runs: those that it has not begun yet are not added again.
-- KEYS[1] {omniq:x}:meta
-- ARGV now, id, who wants it, "1": a stopped check is not replaced but takes these in first and stops again, queue, ... (at
-- most 2,000)
-- Returns {id of the check that does it, 1 when it is a new one}.
-- @include check
-- @include numbers
local name, list = ours(check_key(), "hash"), ours(queues_key(), "list")
local kept = redis.call("HMGET", name, "id", "state", "begun", "at", "stop_at")
local running, ahead, rest = kept[2] == "running", {}, {}
local stopped = kept[2] == "stopped"
if ARGV[4] == "1" and (stopped or running and kept[5]) then
  local at = int(stopped and kept[4] or kept[5], 0)
  rest, running = redis.call("LRANGE", list, at, -1), true
  if at > 0 then redis.call("LTRIM", list, 0, at - 1) else redis.call("DEL", list) end
  -- Whoever is at work on it reads the list anew.
  redis.call("HSET", name, "state", "running", "begun", kept[4], "ended_ms", "", "owner", "", "owner_until", "0", "stop_at",
    text(at + #ARGV - 4))
elseif running then
  -- Whoever wants more of it wants it to go on.
  if kept[5] and ARGV[4] ~= "1" then redis.call("HDEL", name, "stop_at") end
  for _, queue in ipairs(redis.call("LRANGE", list, int(kept[3], 0), -1)) do ahead[queue] = true end
else
  redis.call("DEL", name, list)
  redis.call("HSET", name, "v", "1", "id", ARGV[2], "state", "running", "by", ARGV[3], "started_ms", ARGV[1], "at", "0",
    "begun", "0", "phase", "", "looked", "0", "expected", "0")
end
for i = 5, #ARGV do
  if not ahead[ARGV[i]] and redis.call("LLEN", list) < 4000 then redis.call("RPUSH", list, ARGV[i]) end
end
for _, queue in ipairs(rest) do redis.call("RPUSH", list, queue) end
keep_check()
return { running and kept[1] or ARGV[2], running and 0 or 1 }
