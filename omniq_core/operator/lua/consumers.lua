-- Who works this queue, as consumers of this project announce it. It changes nothing.
-- KEYS[1] anchor
-- ARGV how many at most
-- Returns {how many the index has, {id, record, ms until the record expires, -1: never} ...}, who beat last first.
-- @include keys
-- @include reading
local LONGEST = 16384
local index, found = key("x:consumers"), {}
for _, id in ipairs(try("ZREVRANGE", index, 0, tonumber(ARGV[1]) - 1) or {}) do
  local name = key("x:consumer:" .. id)
  local record = short_string(name, LONGEST)
  if record then found[#found + 1] = {id, record, redis.call("PTTL", name)} end
end
return {try("ZCARD", index) or 0, found}
