-- Windows of lists, with the ids that are not plainly sound there.
-- KEYS[1] anchor
-- ARGV look at the jobs (1) or only read (0), then per window: list, first and last place as LRANGE takes them
-- Returns per window {ids, places of the odd ones among them from 1}; of a list that is none {{}, {}}.
-- @include sifting
local fault = judging_fault()
if fault then return fault end
local told = {}
for i = 2, #ARGV, 3 do
  local ids = try("LRANGE", key(ARGV[i]), ARGV[i + 1], ARGV[i + 2]) or {}
  told[#told + 1] = { ids, ARGV[1] == "1" and sift(ARGV[i], ids) or {} }
end
return told
