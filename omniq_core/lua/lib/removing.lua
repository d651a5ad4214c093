-- @include keys
-- @include counters
-- @include groups
-- @include taking
-- @include trash
-- @include types
-- Removes chosen ids from one lane (wait gwait delayed failed completed), with their payloads. Returns one answer per id
-- (OK, BAD_JOB_ID, NO_JOB, ACTIVE, LANE_MISMATCH or NOT_IN_LANE), or nil and an error when a key has the wrong type;
-- then nothing was changed. With `keep` (batch, ms, jobs, bytes) the records go to the trash; FINAL is said of one that
-- found no room there: it is removed for good.
local REMOVED_STATES = { wait = "wait", gwait = "wait", delayed = "delayed", failed = "failed", completed = "completed" }

-- Why a job may not go, or nil and its group.
local function removal_refused(lane, id, leased)
  if id == "" then return "BAD_JOB_ID" end
  local kept = job_fields(id, "state", "gid")
  if not kept[1] and not is_hash(id) then return "NO_JOB" end
  if leased then return "ACTIVE" end
  local gid = kept[2] or ""
  local state = REMOVED_STATES[lane]
  if not state or kept[1] ~= state or (lane == "gwait" and gid == "") then return "LANE_MISMATCH" end
  return nil, gid
end

-- What a removal shall keep, from its arguments: batch ("" for nothing), for how many ms, at most how many jobs and bytes in
-- the whole trash.
local function keep_of(batch, ms, jobs, bytes)
  if not batch or batch == "" then return nil end
  return { batch = batch, ms = tonumber(ms), jobs = tonumber(jobs), bytes = tonumber(bytes) }
end

local function remove_chosen(lane, chosen, now, nonce, keep)
  local refusal = wrong_type({ stats = HASH, failed = LIST, completed = LIST, wait = LIST, delayed = ZSET,
    active = ZSET, ["groups:ready"] = ZSET, ["idx:wait"] = ZSET, ["idx:delayed"] = ZSET,
    ["idx:failed"] = ZSET, ["idx:completed"] = ZSET })
  if refusal then return nil, refusal end

  local answers, wanted, lists, again = {}, {}, {}, {}
  local leases = #chosen > 0 and redis.call("ZMSCORE", key("active"), unpack(chosen)) or {}
  for i, id in ipairs(chosen) do
    local answer, gid = removal_refused(lane, id, leases[i])
    if not answer and wanted[id] then
      again[#again + 1] = { at = #answers + 1, id = id }
    elseif not answer then
      refusal = lane == "gwait" and wrong_group(gid)
      if refusal then return nil, refusal end
      local list = lane == "gwait" and group_key(gid, "wait") or key(lane)
      wanted[id] = { at = #answers + 1, gid = gid, list = list }
      lists[list] = lists[list] or {}
      lists[list][#lists[list] + 1] = id
    end
    answers[#answers + 1] = answer or "NOT_IN_LANE"
  end

  if keep and next(wanted) then
    -- While their slot moves a RENAME to a new key fails, on both sides. So does this look, before anything is written.
    redis.call("EXISTS", job_key(next(wanted)), kept_key(keep.batch, "next"))
  end

  local newest_first = lane == "failed" or lane == "completed"
  local index = lane == "gwait" and "idx:wait" or "idx:" .. lane
  local gone, jobs, groups, away = {}, {}, {}, {}
  for list, ids in pairs(lists) do
    local found = {}
    local dues = keep and lane == "delayed" and redis.call("ZMSCORE", list, unpack(ids)) or {}
    if lane == "delayed" then
      for _, id in ipairs(ids) do found[id] = redis.call("ZREM", list, id) == 1 end
    else
      found = take(list, key(index), ids, newest_first, nonce)
    end
    for i, id in ipairs(ids) do
      if found[id] then
        gone[#gone + 1], away[#away + 1] = id, { id = id, at = wanted[id].at, due = dues[i] }
        if lane == "gwait" then groups[wanted[id].gid] = true end
        answers[wanted[id].at] = "OK"
      end
    end
  end
  -- A repeated id meets what its first mention left behind.
  for _, repeated in ipairs(again) do
    if answers[wanted[repeated.id].at] == "OK" then answers[repeated.at] = "NO_JOB" end
  end
  local removed = #gone
  if removed == 0 then return answers end
  local kept = {}
  if keep then
    for i, score in ipairs(redis.call("ZMSCORE", key(index), unpack(gone))) do away[i].score = score end
    kept = put_away(keep, lane, away, now)
  end
  for _, id in ipairs(gone) do
    if not kept[id] then jobs[#jobs + 1] = job_key(id) end
    if keep and not kept[id] then answers[wanted[id].at] = "FINAL" end
  end
  if #jobs > 0 then redis.call("UNLINK", unpack(jobs)) end
  redis.call("ZREM", key(index), unpack(gone))

  for gid in pairs(groups) do settle_ready(gid, "0") end
  if lane == "wait" or lane == "gwait" then
    count(lane == "wait" and "waiting" or "group_waiting", -removed)
    count("waiting_total", -removed)
  elseif lane == "completed" then
    stamp("completed_kept", string.format("%.0f", redis.call("LLEN", key("completed"))))
  else
    count(lane, -removed)
  end
  stamp("last_activity_ms", now)
  return answers
end
