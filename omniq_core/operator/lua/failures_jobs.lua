-- A page of the failed jobs of one kind, by when they failed. The row of one that left the lane, or failed again since, has
-- "@" in the place of its score.
-- KEYS[1] anchor
-- ARGV version of the rules, digest, rows wanted, newest first (1/0), cursor: kind, score, id, digest of a long id
-- Returns what operator/lane_page does.
-- @include kinds
-- @include rows
local view, size, newest_first = kind_view(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == "1"
local kind, low, high = ARGV[5], 0, 0
if kind == "" then
  if newest_first then low, high = view.total - size, view.total - 1 else low, high = 0, size - 1 end
else
  local before, held = place_of(view, ARGV[6], ARGV[7], ARGV[8])
  if kind == "o" or kind == "O" then
    high = kind == "O" and held and before or before - 1
    low = high - size + 1
  else
    low = kind == "n" and held and before + 1 or before
    high = low + size - 1
  end
end
low, high = math.max(low, 0), math.min(high, view.total - 1)
local members, rows = between(view, low, high), {}
for i, entry in ipairs(members) do
  rows[i] = row("failed", entry[1], lane_score(entry[1]) == entry[2] and entry[2] or "@")
end
local lowest, highest = members[1], members[#members]
return {view.total, 1, low, newest_first and 1 or 0, rows,
  lowest and {lowest[2], lowest[1], ""} or false, highest and {highest[2], highest[1], ""} or false, false}
