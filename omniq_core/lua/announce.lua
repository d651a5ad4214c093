-- Writes who works this queue, or takes it back. Only for people: no worker reads it.
-- KEYS[1] anchor
-- ARGV now, id of the consumer, its record as JSON ("" takes it back), how many ms that is true without being renewed
-- Returns 1.
-- The index x:consumers (id to the moment of its last beat) is how readers find the records; it holds 1,000 at most.
-- @include keys
-- @include own
local MOST = 1000
local id, told, lives = ARGV[2], ARGV[3], tonumber(ARGV[4])
local now, record = server_ms(ARGV[1]), key("x:consumer:" .. ARGV[2])
local index = ours(key("x:consumers"), "zset")
if told == "" then
  redis.call("DEL", record)
  redis.call("ZREM", index, id)
  return 1
end
redis.call("SET", record, told, "PX", lives)
redis.call("ZADD", index, string.format("%.0f", now), id)
redis.call("ZREMRANGEBYSCORE", index, "-inf", string.format("(%.0f", now - lives))
redis.call("ZREMRANGEBYRANK", index, 0, -MOST - 1)
redis.call("PEXPIRE", index, lives)
return 1
