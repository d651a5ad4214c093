-- The next jobs of a whole lane on the way to a mark, the oldest first; changes nothing.
-- KEYS[1] anchor
-- ARGV lane, two unused, then the step as lib/walking has it
-- Returns {nothing more to find (1/0), cursor score, cursor id, id, score, ...}
-- @include keys
-- @include reading
-- @include walking
local ids, step = walk_lane(ARGV[1], function() return true end)
local found = { step.finished and 1 or 0, step.score, step.id }
if step.by_places then found[2], found[3] = string.format("%.0f", tonumber(ARGV[5]) + step.looked), "" end
for i, id in ipairs(ids) do
  found[#found + 1], found[#found + 2] = id, step.scores[i]
end
return found
