-- Lets reserves go on, and notes when, so that a queue just resumed is not called stalled.
-- KEYS[1] anchor
-- ARGV now, how long the note is kept in ms
-- Returns 1 if it was paused, else 0.
-- @include keys
local resumed = redis.call("DEL", key("paused"))
if resumed == 1 then
  redis.call("SET", key("x:pause"), '{"v":1,"resumed_ms":' .. ARGV[1] .. "}", "PX", ARGV[2])
end
return resumed
