-- Stops reserves. Nothing moves, and no running job is stopped. A record of an operator's pause is over with it.
-- KEYS[1] anchor
-- ARGV none
-- Returns OK.
-- @include keys
redis.call("DEL", key("x:pause"))
return redis.call("SET", key("paused"), "1")
