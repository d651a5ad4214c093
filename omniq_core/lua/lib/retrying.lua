-- @include keys
-- @include counters
-- @include lanes
-- @include taking
-- @include types
-- A fresh start for failed jobs at the tail of their lane, in the order of the ids. Returns one answer per id (OK,
-- BAD_JOB_ID, NO_JOB or NOT_FAILED), or nil and an error when a key has the wrong type; then nothing was changed.
-- `task`, when given, is written into each job, so that one that fails again can be told from one that did not move.
local function retry_jobs(wanted, now, nonce, task)
  local refusal = wrong_type({ stats = HASH, failed = LIST, ["idx:failed"] = ZSET, ["idx:wait"] = ZSET,
    wait = LIST, ["groups:ready"] = ZSET })
  if refusal then return nil, refusal end

  local answers, ids, gids, seen = {}, {}, {}, {}
  for _, id in ipairs(wanted) do
    local answer = "OK"
    if id == "" then
      answer = "BAD_JOB_ID"
    else
      local kept = job_fields(id, "state", "gid")
      if not kept[1] and not is_hash(id) then
        answer = "NO_JOB"
      elseif seen[id] or kept[1] ~= "failed" then
        answer = "NOT_FAILED"
      else
        local gid = kept[2] or ""
        refusal = gid ~= "" and wrong_group(gid)
        if refusal then return nil, refusal end
        seen[id] = true
        ids[#ids + 1], gids[#gids + 1] = id, gid
      end
    end
    answers[#answers + 1] = answer
  end
  if #ids == 0 then return answers end

  take(key("failed"), key("idx:failed"), ids, true, nonce, true)
  redis.call("ZREM", key("idx:failed"), unpack(ids))
  local lists, entered = {}, {}
  for i, id in ipairs(ids) do
    redis.call("HSET", job_key(id), "state", "wait", "attempt", "0", "updated_ms", now, "lease_token", "",
      "lock_until_ms", "", "due_ms", "", "failed_ms", "")
    if task then redis.call("HSET", job_key(id), "x_task", task) end
    local list = lists[gids[i]] or {}
    lists[gids[i]], list[#list + 1] = list, id
    entered[#entered + 1], entered[#entered + 2] = now, id
  end
  enqueue_many(lists, entered)
  for gid in pairs(lists) do
    if gid ~= "" then ready_if_due(gid, now) end
  end
  count("failed", -#ids)
  stamp("last_activity_ms", now)
  return answers
end
