-- The jobs of a kind from a place on, the oldest failure first; changes nothing.
-- KEYS[1] anchor
-- ARGV version of the rules, digest, cursor: score, id ("" at the start), mark: score, id, jobs wanted at most
-- Returns {nothing more up to the mark (1/0), score, id, ...}; for 0 wanted {how many there are, score, id of the last}.
-- @include kinds
local view = kind_view(ARGV[2])
local wanted = tonumber(ARGV[7])
if wanted == 0 then
  local last = between(view, view.total - 1, view.total - 1)[1]
  return last and {view.total, last[2], last[1]} or {0}
end
local function behind(score, id)
  local at, held = place_of(view, score, id, "")
  return held and at + 1 or at
end
local low = ARGV[3] == "" and 0 or behind(ARGV[3], ARGV[4])
local stop = behind(ARGV[5], ARGV[6])
local members = between(view, low, math.min(low + wanted, stop) - 1)
local found = {low + #members >= stop and 1 or 0}
for _, entry in ipairs(members) do found[#found + 1], found[#found + 2] = entry[2], entry[1] end
return found
