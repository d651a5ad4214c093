-- Publishes one job, once per id.
-- KEYS[1] anchor
-- ARGV now, id, payload, max_attempts, timeout_ms, backoff_ms, due_ms, gid, group_limit, nonce
-- Returns {1, state} when it was published (also by an earlier sending of this call), {0, state} when the id exists.
-- @include publishing
local now, id, due, gid = ARGV[1], ARGV[2], ARGV[7], ARGV[8]
local created, state, placeless = record_job(now, 2, false)
if placeless then
  if state == "delayed" then
    delay(id, due, now)
    if gid ~= "" then ready_if_due(gid, now) end
  else
    enqueue(id, gid, now)
  end
  stamp("last_activity_ms", now, "last_enqueue_ms", now)
end
return { created, state }
