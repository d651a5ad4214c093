-- Starts a completion counter.
-- KEYS[1] anchor of the completion key
-- ARGV children expected
-- Returns OK, BAD_EXPECTED or ALREADY_INIT.
-- @include keys
-- @include numbers
if int(ARGV[1], 0) < 1 then return "BAD_EXPECTED" end
if redis.call("EXISTS", key("count")) == 1 then return "ALREADY_INIT" end
redis.call("SET", key("count"), ARGV[1])
redis.call("DEL", key("done"))
return "OK"
