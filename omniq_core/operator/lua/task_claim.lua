-- Takes a task that nobody works on, or holds on to one's own; 0 ms gives it up.
-- KEYS[1] anchor
-- ARGV now, task, owner, its name for people, how long the claim holds in ms
-- Returns the task's fields and values, or false when it is another's, over, or gone.
-- @include tasks
-- @include numbers
local now, name, owner = ARGV[1], task_key(ARGV[2]), ARGV[3]
local kept = redis.call("HMGET", name, "state", "owner", "owner_until", "owner_name")
if kept[1] ~= "running" and kept[1] ~= "probing" then return false end
if kept[2] ~= owner and int(kept[3], 0) > server_ms(now) then return false end
if ARGV[5] == "0" then
  if kept[2] == owner then redis.call("HSET", name, "owner_until", "0") end
  return false
end
-- From whom it was taken over, for as long as this claim has not been renewed.
local before = (kept[2] or "") ~= "" and kept[2] ~= owner and kept[4] or ""
redis.call("HSET", name, "taken_from", before, "owner", owner, "owner_name", ARGV[4], "owner_until", claim_until(ARGV[5], now))
return redis.call("HGETALL", name)
