-- One page of a lane, in the order in which jobs entered it (score of the index, then bytes of the id), or in the order
-- of the lane's own scores: when leases end (active), when jobs are due (delayed).
-- KEYS[1] anchor
-- ARGV now, lane, rows wanted, highest first (1/0), cursor: kind, score, id, digest of a long id, own scores (1/0)
--   kind: "" first page; o, O strictly lower, lower or equal; n, N higher; a score "@7" is a place in a lane without index
-- Returns {total, indexed, place of the lowest row, highest first, rows, cursor of the lowest, of the highest row,
--   the lane's key or index of another type and that type, or false}.
-- @include keys
-- @include reading
-- @include places
-- @include rows
local lane, size, highest_first = ARGV[2], tonumber(ARGV[3]), ARGV[4] == "1"
local kind, score, id, digest, own = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9] == "1"

local view = open_lane(lane, own)
local low, high = page_places(kind, size, view.total, highest_first, place_of, view, score, id, digest)
local members, rows = between(view, low, high), {}
for i, member in ipairs(members) do rows[i] = row(lane, member[1], own and "@" or member[2]) end
local lowest, highest = members[1], members[#members]
return {view.total, view.indexed and 1 or 0, low, highest_first and 1 or 0, rows,
  lowest and cut_place(lowest[1], lowest[2]) or false, highest and cut_place(highest[1], highest[2]) or false,
  view.broken and {view.broken, redis.call("TYPE", key(view.broken)).ok} or false}
