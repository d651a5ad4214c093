-- Publishes one job, once per id.
-- KEYS[1] anchor
-- ARGV now, id, payload, max_attempts, timeout_ms, backoff_ms, due_ms, gid, group_limit, nonce
-- Returns {1, state} when it was published (also by an earlier sending of this call), {0, state} when the id exists.
-- @include publishing
local created, state = publish_job(ARGV[1], 2)
save_stats()
return { created, state }
