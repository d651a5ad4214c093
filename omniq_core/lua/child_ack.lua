-- One child is done. Exactly one caller sees the counter reach 0.
-- KEYS[1] anchor of the completion key
-- ARGV child id
-- Returns what remains, or -1 when no counter runs.
-- @include keys
-- @include numbers
local remaining = int(redis.call("GET", key("count")), nil)
if not remaining then return -1 end
if redis.call("SADD", key("done"), ARGV[1]) == 0 then return remaining end
remaining = remaining - 1
if remaining <= 0 then
  redis.call("DEL", key("count"), key("done"))
  return 0
end
redis.call("SET", key("count"), text(remaining))
return remaining
