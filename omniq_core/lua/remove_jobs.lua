-- Removes jobs from one lane, with their payloads. A leased job is never removed.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), lane (wait gwait delayed failed completed), id, ...
-- Returns one answer per id: OK, BAD_JOB_ID, NO_JOB, ACTIVE, LANE_MISMATCH or NOT_IN_LANE.
-- @include removing
local ids = {}
for i = 4, #ARGV do ids[i - 3] = ARGV[i] end
local answers, refusal = remove_chosen(ARGV[3], ids, ARGV[1], ARGV[2])
return answers or refusal
