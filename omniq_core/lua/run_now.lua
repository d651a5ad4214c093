-- Puts delayed jobs at the tail of their lane now, whatever their due time, in the order of the ids.
-- KEYS[1] anchor
-- ARGV now, id, ...
-- Returns one answer per id: OK, BAD_JOB_ID, NO_JOB or NOT_DELAYED.
-- @include running
local ids = {}
for i = 2, #ARGV do ids[i - 1] = ARGV[i] end
local answers, refusal = run_jobs_now(ids, ARGV[1])
return answers or refusal
