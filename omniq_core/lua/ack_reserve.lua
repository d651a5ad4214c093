-- Ends a lease well and leases the next job: ack_success and reserve in one step, as one after the other.
-- KEYS[1] anchor
-- ARGV now, id, its lease token, lease token to give
-- Returns {code} when the ack was refused (nothing is leased then), {"OK"} when nothing waits, {"OK", "PAUSED"}, or
-- {"OK", "JOB", id, payload, lock_until, attempt, max_attempts, gid}.
-- @include completing
-- @include reserving
local acked, fault = complete(ARGV[2], ARGV[3], ARGV[1])
if fault then return fault end
local answer
if acked == "OK" then
  -- A key of the wrong type ends a reserve before a job is taken; the ack stands, and the next plain reserve tells.
  local fine, leased = pcall(lease_next, ARGV[1], ARGV[4])
  answer = fine and leased
end
return { acked, unpack(answer or {}) }
