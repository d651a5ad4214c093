-- Publishes one job, once per id.
-- KEYS[1] anchor
-- ARGV now, id, payload, max_attempts, timeout_ms, backoff_ms, due_ms, gid, group_limit, nonce
-- Returns {1, state} when it was published (also by an earlier sending of this call), {0, state} when the id exists.
-- @include publishing
local now, id, due, gid, nonce = ARGV[1], ARGV[2], ARGV[7], ARGV[8], ARGV[10]
local created, state = published_before(id, nonce)
if created then return { created, state } end

local fields
fields, state = common_fields(now, 4)
write_job(id, ARGV[3], nonce, fields)
if gid ~= "" then open_group(gid, ARGV[9]) end
if state == "delayed" then
  delay(id, due, now)
  if gid ~= "" then ready_if_due(gid, now) end
else
  enqueue(id, gid, now)
end
stamp("last_activity_ms", now, "last_enqueue_ms", now)
return { 1, state }
