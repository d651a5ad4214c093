-- Who works this queue, as consumers of this project announce it, and the leases that are older than what they told last.
-- KEYS[1] anchor
-- ARGV how many consumers at most, leases from before this moment (ms), how many of these at most
-- Returns {how many the index has, {id, record, ms until the record expires, -1: never} ... who beat longest ago first,
--   {job id ("" for a long one), score} ... the oldest first, all leases, when the first of these began or false}.
-- It changes nothing.
-- @include keys
-- @include reading
local LONGEST, LONGEST_ID, MOST_KNOWN = 16384, 512, 1000
local most, index, found = tonumber(ARGV[1]), key("x:consumers"), {}
for _, id in ipairs(try("ZRANGE", index, 0, MOST_KNOWN - 1) or {}) do
  local name = key("x:consumer:" .. id)
  local record = short_string(name, LONGEST)
  if record then found[#found + 1] = {id, record, redis.call("PTTL", name)} end
  if #found == most then break end
end

local begun, old = key("idx:active"), {}
local flat = try("ZRANGEBYSCORE", begun, "-inf", ARGV[2], "WITHSCORES", "LIMIT", 0, ARGV[3]) or {}
for i = 1, #flat, 2 do old[#old + 1] = {#flat[i] <= LONGEST_ID and flat[i] or "", flat[i + 1]} end
return {try("ZCARD", index) or 0, found, old, try("ZCARD", key("active")) or 0, first_score(begun) or false}
