-- Gives failed jobs a fresh start at the tail of their lane, in the order of the ids.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), id, ...
-- Returns one answer per id: OK, BAD_JOB_ID, NO_JOB or NOT_FAILED.
-- @include retrying
local ids = {}
for i = 3, #ARGV do ids[i - 2] = ARGV[i] end
local answers, refusal = retry_jobs(ids, ARGV[1], ARGV[2])
return answers or refusal
