-- Leases the next job.
-- KEYS[1] anchor
-- ARGV now, lease token to give
-- Returns nil when there is nothing, {"PAUSED"}, or {"JOB", id, payload, lock_until, attempt, max_attempts, gid}.
-- @include reserving
return lease_next(ARGV[1], ARGV[2])
