-- Removes jobs from one lane, with their payloads. A leased job is never removed.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), lane (wait gwait delayed failed completed), batch of the trash ("": it is
-- not kept), for how many ms, at most how many jobs and bytes in the whole trash, then id, ...
-- Returns one answer per id: OK, FINAL (removed, and there was no room to keep it), BAD_JOB_ID, NO_JOB, ACTIVE,
-- LANE_MISMATCH or NOT_IN_LANE.
-- @include removing
local ids = {}
for i = 8, #ARGV do ids[i - 7] = ARGV[i] end
local answers, refusal = remove_chosen(ARGV[3], ids, ARGV[1], ARGV[2], keep_of(unpack(ARGV, 4, 7)))
return answers or refusal
