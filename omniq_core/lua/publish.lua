-- Publishes one job, once per id.
-- KEYS[1] anchor
-- ARGV now, id, payload, max_attempts, timeout_ms, backoff_ms, due_ms, gid, group_limit, nonce, "again" at a repeat
-- Returns {1, state} when it was published (also by an earlier sending of this call), {0, state} when the id exists.
-- @include publishing
local now, id, due, gid, nonce = ARGV[1], ARGV[2], ARGV[7], ARGV[8], ARGV[10]
local fields, state = common_fields(now, 4)
local fault = wrong("stats", HASH)
if not fault and state == "delayed" then
  fault = wrong("delayed", ZSET) or wrong("idx:delayed", ZSET)
elseif not fault then
  fault = wrong("idx:wait", ZSET) or gid == "" and wrong("wait", LIST)
end
if not fault and gid ~= "" then fault = wrong("groups:ready", ZSET) or wrong_group(gid) end
if fault then return fault end
-- Every completed job that is kept ended since the first sending, and more may have: the one of this call, too.
if ARGV[11] and not job_fields(id, "id")[1] and redis.call("LLEN", key("completed")) >= 100 then
  local oldest = job_fields(redis.call("LINDEX", key("completed"), -1), "completed_ms")[1]
  if int(oldest, 0) >= int(now, 0) then
    return redis.error_reply("UNKNOWN whether this job was published, ended and dropped since")
  end
end
local created, found = published_before(id, nonce)
if created then return { created, found } end
write_job(id, ARGV[3], nonce, fields)
admit(id, state, due, gid, ARGV[9], now)
return { 1, state }
