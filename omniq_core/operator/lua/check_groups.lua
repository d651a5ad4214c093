-- What is wrong with groups, all figures of the same moment. Changes nothing. A group with a key of a wrong type is left
-- out: its figures say nothing.
-- KEYS[1] anchor
-- ARGV how many jobs may run for their groups to be counted, then gids (at most 200; none: which groups run jobs)
-- Returns {how many jobs run, false where that cannot be read; rows {gid, kind, figures...}, or without gids the groups
--   that run jobs}; group_check.py names the figures.
-- @include numbers
-- @include holders
-- @include types
local most = tonumber(ARGV[1])
local held, running, rows = jobs_held(most), try("ZCARD", key("active")) or false, {}
if #ARGV == 1 then
  for gid in pairs(held or {}) do rows[#rows + 1] = gid end
  return {running, rows}
end

local ready_known = not wrong("groups:ready", ZSET)
for i = 2, #ARGV do
  local gid = ARGV[i]
  if not wrong_group(gid) then
    local waiting = redis.call("LLEN", group_key(gid, "wait"))
    local stored, limit = unpack(redis.call("MGET", group_key(gid, "inflight"), group_key(gid, "limit")))
    stored, limit = int(stored, 0), math.max(int(limit, 1), 1)
    local found = held and (held[gid] or 0)
    if found and found ~= stored then
      rows[#rows + 1] = {gid, "inflight", stored, found, waiting}
    elseif ready_known then
      -- By the stored count: that is what workers of every SDK go by.
      local due, ready = stored < limit and waiting > 0, redis.call("ZSCORE", key("groups:ready"), gid)
      if due and not ready then rows[#rows + 1] = {gid, "ready_missing", stored, limit, waiting} end
      if ready and not due then rows[#rows + 1] = {gid, "ready_extra", stored, limit, waiting} end
    end
    if found and found > limit then rows[#rows + 1] = {gid, "over_limit", found, limit} end
  end
end
return {running, rows}
