-- Gives failed jobs a fresh start at the tail of their lane, in the order of the ids.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), id, ...
-- Returns one answer per id: OK, BAD_JOB_ID, NO_JOB or NOT_FAILED.
-- @include keys
-- @include counters
-- @include lanes
-- @include taking
-- @include batch
local now, nonce = ARGV[1], ARGV[2]
local refusal = wrong_type({ stats = "hash", failed = "list", ["idx:failed"] = "zset", ["idx:wait"] = "zset",
  wait = "list", ["groups:ready"] = "zset" })
if refusal then return refusal end

local answers, ids, gids, seen = {}, {}, {}, {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local answer = "OK"
  if id == "" then
    answer = "BAD_JOB_ID"
  elseif not is_hash(id) then
    answer = "NO_JOB"
  else
    local kept = redis.call("HMGET", job_key(id), "state", "gid")
    if seen[id] or kept[1] ~= "failed" then
      answer = "NOT_FAILED"
    else
      local gid = kept[2] or ""
      refusal = gid ~= "" and wrong_group(gid)
      if refusal then return refusal end
      seen[id] = true
      ids[#ids + 1], gids[#gids + 1] = id, gid
    end
  end
  answers[#answers + 1] = answer
end
if #ids == 0 then return answers end

take(key("failed"), key("idx:failed"), ids, true, nonce, true)
for i, id in ipairs(ids) do
  redis.call("ZREM", key("idx:failed"), id)
  redis.call("HSET", job_key(id), "state", "wait", "attempt", "0", "updated_ms", now, "lease_token", "",
    "lock_until_ms", "", "due_ms", "", "failed_ms", "")
  enqueue(id, gids[i], now)
end
count("failed", -#ids)
stamp("last_activity_ms", now)
save_stats()
return answers
