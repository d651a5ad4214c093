-- @include keys
-- @include counters
-- @include lanes
-- @include types
-- Delayed jobs at the tail of their lane before they are due, in the order of the ids. Returns one answer per id (OK,
-- BAD_JOB_ID, NO_JOB or NOT_DELAYED), or nil and an error when a key has the wrong type; then nothing was changed.
-- `task`, when given, is written into each job.
local function run_jobs_now(wanted, now, task)
  local refusal = wrong_type({ stats = HASH, delayed = ZSET, ["idx:delayed"] = ZSET, ["idx:wait"] = ZSET,
    wait = LIST, ["groups:ready"] = ZSET })
  if refusal then return nil, refusal end

  local answers, ids, gids, seen = {}, {}, {}, {}
  for _, id in ipairs(wanted) do
    local answer = "OK"
    if id == "" then
      answer = "BAD_JOB_ID"
    elseif not is_hash(id) then
      answer = "NO_JOB"
    else
      local kept = redis.call("HMGET", job_key(id), "id", "state", "gid")
      -- Workers would drop a job whose record has no id.
      if not kept[1] then
        answer = "NO_JOB"
      elseif seen[id] or kept[2] ~= "delayed" or not redis.call("ZSCORE", key("delayed"), id) then
        answer = "NOT_DELAYED"
      else
        local gid = kept[3] or ""
        refusal = gid ~= "" and wrong_group(gid)
        if refusal then return nil, refusal end
        seen[id] = true
        ids[#ids + 1], gids[#gids + 1] = id, gid
      end
    end
    answers[#answers + 1] = answer
  end
  if #ids == 0 then return answers end

  for i, id in ipairs(ids) do
    leave_delayed(id)
    redis.call("HSET", job_key(id), "state", "wait", "updated_ms", now)
    if task then redis.call("HSET", job_key(id), "x_task", task) end
    enqueue(id, gids[i], now)
  end
  stamp("last_activity_ms", now)
  return answers
end
