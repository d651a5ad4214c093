-- Which jobs stand in no index and no sorted set: if they stand in no list either, they are in no lane.
-- KEYS[1] anchor
-- ARGV ids, at most 500
-- Returns their places among the ids, from 1; of a queue with a key of the wrong type none.
-- @include judging
if judging_fault() then return {} end
local scores, outside = {}, {}
for at, suffix in ipairs(SCORED) do scores[at] = redis.call("ZMSCORE", key(suffix), unpack(ARGV)) end
for i = 1, #ARGV do
  local stands = false
  for at = 1, #SCORED do stands = stands or scores[at][i] end
  if not stands then outside[#outside + 1] = i end
end
return outside
