-- A page of the failed jobs of one kind, by when they failed. The row of one that left the lane, or failed again since, has
-- "@" in the place of its score.
-- KEYS[1] anchor
-- ARGV version of the rules, digest, rows wanted, newest first (1/0), cursor: kind, score, id, digest of a long id
-- Returns what operator/lane_page does.
-- @include kinds
-- @include rows
local view, size, newest_first = kind_view(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == "1"
local low, high = page_places(ARGV[5], size, view.total, newest_first, place_of, view, ARGV[6], ARGV[7], ARGV[8])
local members, rows = between(view, low, high), {}
for i, entry in ipairs(members) do
  rows[i] = row("failed", entry[1], lane_score(entry[1]) == entry[2] and entry[2] or "@")
end
local lowest, highest = members[1], members[#members]
return {view.total, 1, low, newest_first and 1 or 0, rows,
  lowest and {lowest[2], lowest[1], ""} or false, highest and {highest[2], highest[1], ""} or false, false}
