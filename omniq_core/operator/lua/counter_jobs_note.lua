-- Writes down what a look at the jobs of all queues says of child counters, in the place of what the last one said.
-- KEYS[1] {omniq:x}:meta
-- ARGV ms until it is forgotten, then field and value of each
-- Returns how many fields there are.
local name = string.sub(KEYS[1], 1, -6) .. ":children:jobs"
redis.call("DEL", name)
for at = 2, #ARGV, 2 do redis.call("HSET", name, ARGV[at], ARGV[at + 1]) end
redis.call("PEXPIRE", name, ARGV[1])
return redis.call("HLEN", name)
