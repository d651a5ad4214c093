-- @include keys
-- @include numbers
-- @include own
-- The trash of a queue: jobs that a removal keeps for a time, by the batch they went in.
--   x:trash  hash batch -> "<until when, by the server's clock> <jobs> <bytes>"
--   x:trash:<batch>  list of its jobs as they went: "<lane> <score in the index> <due score> <call that put it back> <id>",
--     each "-" where there is none
--   x:trash:<batch>:<place in that list, from 0>  the record of the job
-- Each goes by itself, a record after its own time, the others with the last of theirs.
local MOST_BATCHES = 1000

local function batch_key(batch) return key("x:trash:" .. batch) end
local function kept_key(batch, at) return batch_key(batch) .. ":" .. at end

local function entry_of(lane, score, due, call, id)
  return lane .. " " .. (score or "-") .. " " .. (due or "-") .. " " .. call .. " " .. id
end

-- What a record counts for: what makes it large.
local function weight(name, id)
  return #id + redis.call("HSTRLEN", name, "payload") + redis.call("HSTRLEN", name, "last_error")
end

-- What the trash holds now, and this batch of it. Batches whose time is over leave.
local function open_trash(batch, now)
  local index, clock = ours(key("x:trash"), "hash"), server_ms(now)
  local held = { index = index, clock = clock, batches = 0, jobs = 0, bytes = 0 }
  local mine = { ends = 0, jobs = 0, bytes = 0 }
  local flat = redis.call("HGETALL", index)
  for i = 1, #flat, 2 do
    local ends, jobs, bytes = string.match(flat[i + 1], "^(%d+) (%d+) (%d+)$")
    if not ends or tonumber(ends) <= clock then
      redis.call("HDEL", index, flat[i])
    else
      jobs, bytes = tonumber(jobs), tonumber(bytes)
      held.batches, held.jobs, held.bytes = held.batches + 1, held.jobs + jobs, held.bytes + bytes
      if flat[i] == batch then mine = { ends = tonumber(ends), jobs = jobs, bytes = bytes } end
    end
  end
  return held, mine
end

local function note_batch(held, batch, mine)
  if mine.jobs <= 0 then
    redis.call("HDEL", held.index, batch)
  else
    redis.call("HSET", held.index, batch, text(mine.ends) .. " " .. text(mine.jobs) .. " " .. text(mine.bytes))
  end
end

local function live_for(name, ms)
  if redis.call("PTTL", name) < ms then redis.call("PEXPIRE", name, ms) end
end

-- Renames the records of jobs that have left their lane, the oldest first, as far as there is room. Each of `jobs` has id,
-- score and due (as Redis has them, or false) and at, its place among those asked for. Returns the set of ids kept.
local function put_away(keep, lane, jobs, now)
  local held, mine = open_trash(keep.batch, now)
  local kept, entries = {}, {}
  if mine.jobs == 0 and held.batches >= MOST_BATCHES then return kept end
  table.sort(jobs, function(a, b)
    local first, second = tonumber(a.score) or 0, tonumber(b.score) or 0
    if first ~= second then return first < second end
    return a.at < b.at
  end)
  local list = ours(batch_key(keep.batch), "list")
  local place = redis.call("LLEN", list)
  for _, job in ipairs(jobs) do
    local name, record = kept_key(keep.batch, place + #entries), job_key(job.id)
    local bytes = weight(record, job.id)
    if held.jobs < keep.jobs and held.bytes + bytes <= keep.bytes then
      redis.call("RENAME", record, name)
      redis.call("PEXPIRE", name, keep.ms)
      entries[#entries + 1] = entry_of(lane, job.score, job.due, "-", job.id)
      kept[job.id] = true
      held.jobs, held.bytes = held.jobs + 1, held.bytes + bytes
      mine.jobs, mine.bytes = mine.jobs + 1, mine.bytes + bytes
    end
  end
  if #entries == 0 then return kept end
  redis.call("RPUSH", list, unpack(entries))
  live_for(list, keep.ms)
  mine.ends = math.max(mine.ends, held.clock + keep.ms)
  note_batch(held, keep.batch, mine)
  live_for(held.index, keep.ms)
  return kept
end
