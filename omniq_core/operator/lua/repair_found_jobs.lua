-- One batch of the repair of jobs: each is judged again, and left alone when it is no longer as the check found it.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] kind (idx ghosts orphans two_lanes states), [10] choice (put_back or remove for orphans),
-- then per job, at most 100, what lib/job_repair wants
-- Returns what a batch of a task does.
-- @include repairing
-- @include job_repair
local kept, refusal = open_repair()
if not kept then return refusal end
local kind = ARGV[9]
local answers, left = repair_chosen(11, kind, ARGV[10], ARGV[1], ARGV[2])
if not answers then return left end
if #left > 0 then redis.call("SADD", touched_key(ARGV[3]), unpack(left)) end
return close_repair(kept, tally(answers), ARGV[8] == "1" or redis.call("HLEN", findings_key(kind)) == 0, true)
