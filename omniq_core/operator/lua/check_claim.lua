-- Takes the check that nobody works on, or holds on to one's own; 0 ms gives it up.
-- KEYS[1] {omniq:x}:meta
-- ARGV now, owner, its name for people, how long the claim holds in ms
-- Returns the check's fields and values, or false when it is another's, over, or there is none.
-- @include check
-- @include numbers
local now, owner, name = ARGV[1], ARGV[2], check_key()
if redis.call("TYPE", name).ok ~= "hash" then return false end
local kept = redis.call("HMGET", name, "state", "owner", "owner_until", "at")
if kept[1] ~= "running" then return false end
if kept[2] ~= owner and int(kept[3], 0) > server_ms(now) then return false end
if ARGV[4] == "0" then
  if kept[2] == owner then redis.call("HSET", name, "owner_until", "0") end
  return false
end
-- Without its list nobody knows what is left to do.
if int(kept[4], 0) >= redis.call("LLEN", ours(queues_key(), "list")) then
  redis.call("HSET", name, "state", "finished", "ended_ms", now, "owner_until", "0")
  return false
end
-- Whoever had it is gone, and nobody worked on it since: its end will not say how long it took.
if kept[2] and kept[2] ~= owner then redis.call("HSET", name, "rested", "1") end
redis.call("HSET", name, "owner", owner, "owner_name", ARGV[3], "owner_until", check_until(ARGV[4], now))
return redis.call("HGETALL", name)
