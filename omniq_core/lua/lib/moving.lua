-- @include judging
-- @include counters
-- @include recording
-- @include restoring
-- What a repair does to one job: out of the lanes it should not stand in, into one it should, and its record, index and
-- counters after that.
local function count_list(list, by)
  if string.sub(list, 1, 2) == "g:" then
    count("group_waiting", by)
  elseif list ~= "completed" then
    count(list == "wait" and "waiting" or list, by)
  end
  if lane_of(list) == "wait" then count("waiting_total", by) end
end

local function note_completed() stamp("completed_kept", text(redis.call("LLEN", key("completed")))) end

-- All entries but those that are kept leave. Places in lists hold until one of these is written, so all are marked first.
local function take_out(moves, nonce)
  local places = {}
  for _, move in ipairs(moves) do
    for _, entry in ipairs(move.entries) do
      if entry ~= move.kept then
        count_list(entry.list, -1)
        if entry.at then
          places[entry.list] = places[entry.list] or {}
          table.insert(places[entry.list], entry.at)
        else
          redis.call("ZREM", key(entry.list), move.job.id)
        end
      end
    end
  end
  for list, ats in pairs(places) do
    local length = redis.call("LLEN", key(list))
    local low, high = length, -1
    for _, at in ipairs(ats) do
      redis.call("LSET", key(list), at, nonce)
      low, high = math.min(low, at), math.max(high, at)
    end
    redis.call("LREM", key(list), high < length - low and #ats or -#ats, nonce)
  end
  if places.completed then note_completed() end
end

-- In the index of this lane (nil: of none) and no other, with the score it has there.
local function settle_index(job, lane, moment)
  for _, state in ipairs(STATES) do
    if job.idx[state] and state ~= lane then redis.call("ZREM", key("idx:" .. state), job.id) end
  end
  if lane and not job.idx[lane] then redis.call("ZADD", key("idx:" .. lane), moment, job.id) end
end

local function drop_record(job)
  settle_index(job)
  if job.record then redis.call("UNLINK", job_key(job.id)) end
end

-- It stays where it is: the lane wins.
local function stay(move, fields, now, token)
  local job, list = move.job, move.kept.list
  local moment = moment_in(job, lane_of(list), now)
  if fields then write_fields(job, list, moment, now, token) end
  settle_index(job, lane_of(list), moment)
end

-- When a job that says it runs, and that nobody holds, failed: when its lease ran out, else when it was last heard of. Not
-- now: a repair of thousands would read as a rise of failures.
local function moment_lost(job, now)
  local ended = int(job_fields(job.id, "lock_until_ms")[1], 0)
  return ended > 0 and ended <= tonumber(now) and text(ended) or moment_in(job, "active", now)
end

-- Into the lane its state says; a reason when it found no room there.
local function put_back(move, now, token)
  local job, list = move.job, move.into
  local lane = lane_of(list)
  local moment = job.state == lane and moment_in(job, lane, now)
    or job.state == "active" and moment_lost(job, now) or now
  local score = job.idx[lane] or moment
  if lane == "completed" and redis.call("LLEN", key("completed")) >= KEPT_COMPLETED
    and redis.call("ZCOUNT", key("idx:completed"), "-inf", "(" .. score) == 0 then return "NEWER_KEPT" end
  if lane == "delayed" then
    local due = int(job_fields(job.id, "due_ms")[1], 0)
    job.delayed = due > 0 and text(due) or now
    redis.call("ZADD", key("delayed"), job.delayed, job.id)
  elseif lane == "failed" then
    redis.call("LPUSH", key("failed"), job.id)
  elseif lane == "wait" then
    redis.call("RPUSH", key(list), job.id)
  end
  write_fields(job, list, moment, now, token)
  settle_index(job, lane, moment)
  if lane == "completed" then
    complete_again(job.id, score)
    note_completed()
  end
  count_list(list, 1)
  return nil
end
