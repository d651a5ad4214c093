-- What people say to the check: stop, or resume one that was stopped.
-- KEYS[1] {omniq:x}:meta; ARGV now, order
-- Returns the state it was in, or false when there is no check. An order that does not fit changes nothing.
-- @include check
local name = check_key()
if redis.call("TYPE", name).ok ~= "hash" then return false end
local state = redis.call("HGET", name, "state")
if ARGV[2] == "stop" and state == "running" then
  redis.call("HSET", name, "state", "stopped", "ended_ms", ARGV[1], "owner_until", "0", "rested", "1")
  redis.call("HDEL", name, "stop_at")
elseif ARGV[2] == "resume" and state == "stopped" then
  redis.call("HSET", name, "state", "running", "ended_ms", "", "owner_until", "0")
end
keep_check()
return state
