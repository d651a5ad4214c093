-- Removes the next jobs of a lane on the way to a mark, the oldest first.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), lane (wait gwait delayed failed completed), then the step as
-- lib/walking has it (to ARGV[10]), then what is kept as remove_jobs has it
-- Returns {finished, cursor score, cursor id, mark, ids, answers}
-- @include removing
-- @include walking
local lane = ARGV[3]
-- Grouped and ungrouped jobs share one index.
local function wanted(id)
  if lane ~= "wait" and lane ~= "gwait" then return true end
  return ((job_fields(id, "gid")[1] or "") ~= "") == (lane == "gwait")
end
local ids, step = walk_lane(lane == "gwait" and "wait" or lane, wanted)
local answers, refusal = remove_chosen(lane, ids, ARGV[1], ARGV[2], keep_of(unpack(ARGV, 11, 14)))
if refusal then return refusal end
return walked(step, ids, answers)
