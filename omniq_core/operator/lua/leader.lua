-- One process at a time does the work that is needed once per Redis.
-- KEYS[1] {omniq:x}:meta
-- ARGV token, how long the claim holds in ms (0 gives it up)
-- Returns 1 when the token holds the claim, else 0.
local name = string.sub(KEYS[1], 1, -6) .. ":leader"
local reply = redis.pcall("GET", name)
if type(reply) == "table" then
  -- Something of another type stands there: nobody can lead until it is gone.
  redis.call("DEL", name)
  reply = false
end
if tonumber(ARGV[2]) == 0 then
  if reply == ARGV[1] then redis.call("DEL", name) end
  return 0
end
if reply and reply ~= ARGV[1] then return 0 end
redis.call("SET", name, ARGV[1], "PX", ARGV[2])
return 1
