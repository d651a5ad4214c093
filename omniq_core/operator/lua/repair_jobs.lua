-- Repairs jobs that a check found, as far as they are still as it found them.
-- KEYS[1] anchor
-- ARGV kind of finding, choice (put_back or remove for orphans), now, nonce (a tombstone no id can equal), then per job (at
-- most 100): id, digest, how many entries in lists, of each its list and place
-- Returns {one code per job, gids whose in-flight count is still to be set}.
-- @include job_repair
local answers, left = repair_chosen(5, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
if not answers then return left end
return { answers, left }
