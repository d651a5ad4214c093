-- Notes how far child counters were seen to be: the moment of a figure is that of the look that met it first.
-- KEYS[1] {omniq:x}:meta
-- ARGV now, most counters to keep, word for those that are new ("started" or "found"), ms until all is forgotten, then for each
--   counter its completion key and its figure ("" for one that is gone)
-- Returns how many of the notes changed.
local name = string.sub(KEYS[1], 1, -6) .. ":children:seen"
local kind = redis.call("TYPE", name).ok
if kind ~= "hash" and kind ~= "none" then redis.call("DEL", name) end

local kept, changed = redis.call("HLEN", name), 0
for at = 5, #ARGV, 2 do
  local key, figure = ARGV[at], ARGV[at + 1]
  local known = redis.call("HGET", name, key)
  local was = known and string.match(known, "^%d+|%l+|(.*)$")
  if figure == "" then
    kept = kept - redis.call("HDEL", name, key)
    changed = changed + (known and 1 or 0)
  elseif was ~= figure then
    if known or kept < tonumber(ARGV[2]) then
      kept = kept + redis.call("HSET", name, key, ARGV[1] .. "|" .. (was and "moved" or ARGV[3]) .. "|" .. figure)
      changed = changed + 1
    end
  end
end
redis.call("PEXPIRE", name, ARGV[4])
return changed
