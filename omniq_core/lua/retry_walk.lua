-- Retries the next failed jobs on the way to a mark, the oldest first, each at most once per task.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), task, then the step as lib/walking has it
-- Returns {finished, cursor score, cursor id, mark, ids, answers}
-- @include retrying
-- @include walking
local task = ARGV[3]
local ids, step = walk_lane("failed", function(id) return job_fields(id, "x_task")[1] ~= task end)
local answers, refusal = retry_jobs(ids, ARGV[1], ARGV[2], task)
if refusal then return refusal end
return walked(step, ids, answers)
