-- One process at a time does the work that is needed once per Redis. The token of one that has a list of queues, and
-- searches for no others, begins with "list:": one that searches takes the claim from it.
-- KEYS[1] {omniq:x}:meta
-- ARGV token, how long the claim holds in ms (0 gives it up)
-- Returns 1 when the token holds the claim, else 0.
local name = string.sub(KEYS[1], 1, -6) .. ":leader"
if redis.acl_check_cmd and not redis.acl_check_cmd("SET", name, ARGV[1]) then
  -- Tried, it would be an entry in the ACL log each minute.
  return redis.error_reply("NOPERM this user has no permissions to run the 'set' command")
end
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
local function listed(token) return string.sub(token, 1, 5) == "list:" end
if reply and reply ~= ARGV[1] and (listed(ARGV[1]) or not listed(reply)) then return 0 end
redis.call("SET", name, ARGV[1], "PX", ARGV[2])
return 1
