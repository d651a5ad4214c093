-- @include keys
-- @include counters
-- @include groups
-- @include lanes
-- @include trash
-- @include types
-- Back from the trash, each job into its lane with its old score in the index. Waiting ones go to the tail of their list.
local KEPT_COMPLETED = 100
local LANES = { wait = "wait", gwait = "wait", delayed = "delayed", failed = "failed", completed = "completed" }

-- Completed jobs stand in the order of their index, and the oldest makes room.
local function complete_again(id, score)
  local list, index = key("completed"), key("idx:completed")
  if redis.call("LLEN", list) >= KEPT_COMPLETED then
    local old = redis.call("RPOP", list)
    redis.call("ZREM", index, old)
    if job_fields(old, "state")[1] == "completed" then redis.call("UNLINK", job_key(old)) end
  end
  local older
  if score then
    redis.call("ZADD", index, score, id)
    local rank = redis.call("ZRANK", index, id)
    older = rank > 0 and redis.call("ZRANGE", index, rank - 1, rank - 1)[1]
  end
  if not older or redis.call("LINSERT", list, "BEFORE", older, id) <= 0 then redis.call("RPUSH", list, id) end
end

-- Why a job stays in the trash, or nil and its group.
local function restore_refused(name, lane, score, id)
  if not LANES[lane] or redis.call("TYPE", name).ok ~= "hash" then return "GONE" end
  if redis.call("EXISTS", job_key(id)) == 1 or redis.call("ZSCORE", key("active"), id) then return "EXISTS" end
  if lane == "completed" and redis.call("LLEN", key("completed")) >= KEPT_COMPLETED then
    local older = score and redis.call("ZCOUNT", key("idx:completed"), "-inf", "(" .. score) or 0
    if older == 0 then return "NEWER_KEPT" end
  end
  local gid = lane == "gwait" and redis.call("HGET", name, "gid") or ""
  if gid ~= "" and wrong_group(gid) then return "BROKEN_GROUP" end
  return nil, gid
end

local function restore_piece(batch, call, before, most, now)
  local list = ours(batch_key(batch), "list")
  local total = redis.call("LLEN", list)
  local answers, lists, entered, dues, failed = { total }, {}, { wait = {}, delayed = {}, failed = {} }, {}, {}
  local restored, bytes, completed = 0, 0, false
  -- Only so the newest of the completed ones are those that find room.
  local newest_first = string.sub(redis.call("LINDEX", list, -1) or "", 1, 10) == "completed "
  for i = before, math.min(before + most, total) - 1 do
    local at = newest_first and total - 1 - i or i
    local entry = redis.call("LINDEX", list, at)
    local lane, score, due, by, id = string.match(entry, "^(%S+) (%S+) (%S+) (%S+) (.*)$")
    if not lane then lane, by, id = "", "-", entry end
    if score == "-" then score = nil end
    local name, answer, gid = kept_key(batch, at), nil, nil
    if by ~= "-" then
      answer = by == call and "OK" or "RESTORED"
    else
      answer, gid = restore_refused(name, lane, score, id)
    end
    if not answer then
      answer, restored, bytes = "OK", restored + 1, bytes + weight(name, id)
      redis.call("RENAMENX", name, job_key(id))
      redis.call("PERSIST", job_key(id))
      redis.call("LSET", list, at, entry_of(lane, score, due, call, id))
      local pairs_of = entered[LANES[lane]]
      if pairs_of and score then
        pairs_of[#pairs_of + 1], pairs_of[#pairs_of + 2] = score, id
      end
      if lane == "completed" then
        completed = true
        complete_again(id, score)
      elseif lane == "delayed" then
        dues[#dues + 1], dues[#dues + 2] = due, id
      elseif lane == "failed" then
        failed[#failed + 1] = id
      else
        lists[gid] = lists[gid] or {}
        lists[gid][#lists[gid] + 1] = id
      end
    end
    answers[#answers + 1], answers[#answers + 2] = id, answer
  end
  if restored == 0 then return answers end

  enqueue_many(lists, entered.wait)
  for gid in pairs(lists) do
    if gid ~= "" then ready_if_due(gid, now) end
  end
  if #dues > 0 then
    redis.call("ZADD", key("delayed"), unpack(dues))
    count("delayed", #dues / 2)
  end
  if #failed > 0 then
    redis.call("LPUSH", key("failed"), unpack(failed))
    count("failed", #failed)
  end
  for _, lane in ipairs({ "delayed", "failed" }) do
    if #entered[lane] > 0 then redis.call("ZADD", key("idx:" .. lane), unpack(entered[lane])) end
  end
  if completed then stamp("completed_kept", text(redis.call("LLEN", key("completed")))) end
  stamp("last_activity_ms", now)
  local held, mine = open_trash(batch, now)
  mine.jobs, mine.bytes = mine.jobs - restored, mine.bytes - bytes
  note_batch(held, batch, mine)
  return answers
end
