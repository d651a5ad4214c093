-- Publishes one job as an operator wants it: a nonce publishes once, and an id that exists is left alone in any state.
-- KEYS[1] anchor
-- ARGV now, id, payload ("": that of the job it is a copy of), max_attempts, timeout_ms, backoff_ms, due_ms, gid,
-- group_limit, nonce, how long it is remembered (ms), id of the job this is a copy of or "", "again" at a repeat
-- Returns {"published" | "repeated" (this nonce did it before) | "exists", id of the job, its state or ""}, or
-- {"gone", "", ""} when there is no payload to take over.
-- @include publishing
local MOST_FIELDS = 1000
local now, id, due, gid, nonce, copy_of = ARGV[1], ARGV[2], ARGV[7], ARGV[8], ARGV[10], ARGV[12]
local memory = key("x:pub:" .. nonce)
-- The job itself may have been worked, trimmed or removed since: it could not tell.
local before = redis.call("GET", memory)
if before then return { ARGV[13] and "published" or "repeated", before, job_fields(before, "state")[1] or "" } end

local refusal = wrong_type({ stats = HASH, wait = LIST, delayed = ZSET, ["idx:wait"] = ZSET,
  ["idx:delayed"] = ZSET, ["groups:ready"] = ZSET }) or type_fault(job_key(id), HASH)
  or type_fault(job_key(copy_of), HASH)
if not refusal and gid ~= "" then refusal = wrong_group(gid) end
if refusal then return refusal end
local have = job_fields(id, "id", "state")
if have[1] then return { "exists", id, have[2] or "" } end

local fields, state = common_fields(now, 4)
if ARGV[3] == "" then
  local original, job = job_key(copy_of), job_key(id)
  if copy_of == "" or redis.call("HSTRLEN", original, "payload") == 0 then return { "gone", "", "" } end
  if redis.call("HLEN", original) > MOST_FIELDS then
    return redis.error_reply("ERR the original has more fields than a job has; nothing was changed")
  end
  -- A payload that goes through Lua is copied again and again: 5 MB took 10 ms, and 2 ms so.
  redis.call("COPY", original, job, "REPLACE")
  redis.call("SET", memory, id, "PX", ARGV[11])
  redis.call("PERSIST", job)
  for _, name in ipairs(redis.call("HKEYS", job)) do
    if name ~= "payload" then redis.call("HDEL", job, name) end
  end
  redis.call("HSET", job, "id", id, "x_pub", nonce, unpack(fields))
else
  -- First, for Redis refuses it where it has no memory left. After an UNLINK it would take all that follows.
  redis.call("SET", memory, id, "PX", ARGV[11])
  redis.call("UNLINK", job_key(id))  -- what a ghost left of a record is not this job's
  write_job(id, ARGV[3], nonce, fields)
end
if copy_of ~= "" then
  redis.call("HSET", job_key(id), "x_copy_of", copy_of)
  if job_fields(copy_of, "id")[1] then redis.call("HSET", job_key(copy_of), "x_copied_to", id) end
end
admit(id, state, due, gid, ARGV[9], now)
return { "published", id, state }
