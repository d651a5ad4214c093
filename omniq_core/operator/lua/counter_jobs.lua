-- A piece of a walk along a lane, oldest first: which child counters its jobs name. It changes nothing.
-- KEYS[1] anchor
-- ARGV lane, where a payload names its counter (keys joined by dots), work (about 2 µs each), cursor: score, id, digest
--   ("" at the start)
-- Returns {jobs looked at, those of them whose payload is too long to be looked into, cursor or false at the end,
--   {name, how many name it} ..., 1 when the lane has an index}.
-- @include keys
-- @include reading
-- @include places
-- @include naming
local BLOCK, MOST_SENT = 64, 131072
local lane, path, work = ARGV[1], ARGV[2], tonumber(ARGV[3])
local view = open_lane(lane)
local low, high = 0, view.total - 1
if ARGV[4] ~= "" then
  local before, held = place_of(view, ARGV[4], ARGV[5], ARGV[6])
  low = held and before + 1 or before
end

local spent, sent, looked, large, last, at, found = 0, 0, 0, 0, nil, {}, {}
while low <= high and spent < work and sent < MOST_SENT do
  local members = between(view, low, math.min(high, low + BLOCK - 1))
  if #members == 0 then break end
  for _, member in ipairs(members) do
    local name, size = named_counter(job_key(member[1]), path)
    if name then
      if not at[name] then
        found[#found + 1], sent = {name, 0}, sent + #name + 16
        at[name] = #found
      end
      found[at[name]][2] = found[at[name]][2] + 1
    elseif size > LARGEST_NAMING then
      large = large + 1
    end
    low, looked, last, spent = low + 1, looked + 1, member, spent + 1 + math.min(size, LARGEST_NAMING) / (name and 64 or 1024)
    if spent >= work or sent >= MOST_SENT then break end
  end
end
return {looked, large, last and low <= high and cut_place(last[1], last[2]) or false, found, view.indexed and 1 or 0}
