-- One page of a lane, in the order in which jobs entered it (score of the index, then bytes of the id).
-- KEYS[1] anchor
-- ARGV now, lane, rows wanted, newest first (1/0), cursor: kind, score, id, digest of a long id
--   kind: "" first page; o, O strictly older, older or equal; n, N newer; a score "@7" is a place in a lane without index
-- Returns {total, indexed, place of the oldest row, newest first, rows, cursor of the oldest, of the newest row}.
-- @include keys
-- @include reading
-- @include places
-- @include rows
local lane, size, newest_first = ARGV[2], tonumber(ARGV[3]), ARGV[4] == "1"
local kind, score, id, digest = ARGV[5], ARGV[6], ARGV[7], ARGV[8]

local view = open_lane(lane)
local low, high
if kind == "" then
  if newest_first then low, high = view.total - size, view.total - 1 else low, high = 0, size - 1 end
else
  local before, held = place_of(view, score, id, digest)
  if kind == "o" or kind == "O" then
    high = kind == "O" and held and before or before - 1
    low = high - size + 1
  else
    low = kind == "n" and held and before + 1 or before
    high = low + size - 1
  end
end
if low < 0 then low = 0 end
if high > view.total - 1 then high = view.total - 1 end

local function cursor(member, entered)
  if #member <= 512 then return {entered, member, ""} end
  return {entered, string.sub(member, 1, 256), redis.sha1hex(member)}
end

local members, rows = between(view, low, high), {}
for i, member in ipairs(members) do rows[i] = row(member[1], member[2]) end
local oldest, newest = members[1], members[#members]
return {view.total, view.indexed and 1 or 0, low, newest_first and 1 or 0, rows,
  oldest and cursor(oldest[1], oldest[2]) or false, newest and cursor(newest[1], newest[2]) or false}
