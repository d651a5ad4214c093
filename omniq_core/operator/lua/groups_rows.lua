-- Groups as they stand, all figures of the same moment. Changes nothing.
-- KEYS[1] anchor
-- ARGV gid, ... (at most 400)
-- Returns per gid {waiting, since when its first job waits, in flight, of these really held by workers, limit, score in
--   groups:ready}, false where there is none or it is not known; false in place of a group that has no key (any more).
-- @include numbers
-- @include holders
local held, rows = jobs_held(), {}
for i, gid in ipairs(ARGV) do
  local list = group_key(gid, "wait")
  local waiting, first = try("LLEN", list) or 0, try("LINDEX", list, 0)
  local in_flight, limit = try("GET", group_key(gid, "inflight")), try("GET", group_key(gid, "limit"))
  rows[i] = (waiting > 0 or in_flight or limit) and {
    waiting, first and try("ZSCORE", key("idx:wait"), first) or false, int(in_flight, 0),
    held and (held[gid] or 0) or false, math.max(int(limit, 1), 1), try("ZSCORE", key("groups:ready"), gid) or false,
  } or false
end
return rows
