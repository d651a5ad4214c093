-- How many jobs of a group may run at once, from now on. Those that run go on, also above a limit that was lowered.
-- KEYS[1] anchor
-- ARGV now, gid, limit, the limit that the caller saw ("" for any)
-- Returns {"OK", limit before}, or {"LIMIT_CHANGED", limit now} when it is not the one that was seen: nothing was changed.
-- @include groups
-- @include types
local now, gid, limit, seen = unpack(ARGV)
local fault = wrong_type({ stats = HASH, ["groups:ready"] = ZSET }) or wrong_group(gid)
if fault then return fault end
local before = text(limit_of(gid))
if seen ~= "" and before ~= seen then return { "LIMIT_CHANGED", before } end
redis.call("SET", group_key(gid, "limit"), limit)
settle_ready(gid, now)
return { "OK", before }
