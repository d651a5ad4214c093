-- Ends a lease well and leases the next job: ack_success and reserve in one step, as one after the other.
-- KEYS[1] anchor
-- ARGV now, id, its lease token, lease token to give
-- Returns {code} when the ack was refused (nothing is leased then), {"OK"} when nothing waits, {"OK", "PAUSED"}, or
-- {"OK", "JOB", id, payload, lock_until, attempt, max_attempts, gid}.
-- @include completing
-- @include reserving
local acked = complete(ARGV[2], ARGV[3], ARGV[1])
local answer
if acked == "OK" then
  -- Damaged keys stop a reserve half way; the ack and its counters stand, and the next plain reserve tells.
  local fine, leased = pcall(lease_next, ARGV[1], ARGV[4])
  answer = fine and leased
end
return { acked, unpack(answer or {}) }
