-- Ends a lease well. The newest 100 completed jobs are kept.
-- KEYS[1] anchor
-- ARGV now, id, lease token, "again" at a repeat
-- Returns {"OK"} or {code}. The same ack again answers OK again and changes nothing.
-- @include completing
local answer, fault = complete(ARGV[2], ARGV[3], ARGV[1])
if fault then return fault end
-- A repeat that finds no job: nobody can say any more whether the first sending ended it.
local gone = ARGV[4] and answer == "TOKEN_MISMATCH" and redis.call("EXISTS", job_key(ARGV[2])) == 0
return { gone and "ACK_UNKNOWN" or answer }
