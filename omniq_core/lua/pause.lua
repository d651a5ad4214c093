-- Stops reserves. Nothing moves, and no running job is stopped.
-- KEYS[1] anchor
-- ARGV none
-- Returns OK.
-- @include keys
return redis.call("SET", key("paused"), "1")
