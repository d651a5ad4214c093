-- Takes jobs out of a kind that left the lane, or failed again since, a piece at a time.
-- KEYS[1] anchor
-- ARGV version of the rules, digest, cursor: score, id ("" at the start), how many to look at
-- Returns {cursor score, cursor id, taken out}; the score is "" at the end.
-- @include kinds
local view = kind_view(ARGV[2])
local low = 0
if ARGV[3] ~= "" then
  local held
  low, held = place_of(view, ARGV[3], ARGV[4], "")
  if held then low = low + 1 end
end
local members, stale = between(view, low, math.min(low + tonumber(ARGV[5]), view.total) - 1), 0
for _, entry in ipairs(members) do
  if lane_score(entry[1]) ~= entry[2] then
    redis.call("ZREM", view.zset, entry[1])
    stale = stale + 1
  end
end
local last = members[#members]
if not last or low + #members >= view.total then return {"", "", stale} end
return {last[2], last[1], stale}
