-- @include keys
-- @include reading
-- @include types
-- The one truth about where a job stands and what is wrong with that. An entry is {list = suffix of the lane's key, at =
-- place from the head}; places in the two sorted sets are known here, those in lists only to whoever looked there.
local STATES = { "active", "wait", "delayed", "failed", "completed" }
local RECORD = { "id", "state", "gid", "attempt", "created_ms", "updated_ms", "queued_ms" }
local SCORED = { "idx:active", "idx:wait", "idx:delayed", "idx:failed", "idx:completed", "active", "delayed" }
-- What workers' own steps change, and what the digest of a job leaves out while it runs.
local UPDATED = 6

-- Why no job of this queue can be judged: a key of all its jobs has the wrong type. Nil when there is no such key.
local function judging_fault()
  return wrong_type({ wait = LIST, failed = LIST, completed = LIST, active = ZSET, delayed = ZSET, ["idx:wait"] = ZSET,
    ["idx:active"] = ZSET, ["idx:delayed"] = ZSET, ["idx:failed"] = ZSET, ["idx:completed"] = ZSET })
end

local function lane_of(list) return string.sub(list, 1, 2) == "g:" and "wait" or list end
local function wait_list(gid) return gid == "" and "wait" or "g:" .. gid .. ":wait" end

-- A digest of the record and of all places but those in lists: who enters a list or leaves one changes it. A heartbeat
-- does not.
local function print_of(kept, scores)
  local parts = {}
  for at = 1, #RECORD do
    local text_of = kept[at] or ""
    if at == UPDATED and scores[6] then text_of = "" end
    parts[at] = #text_of .. ":" .. text_of
  end
  for at, score in ipairs(scores) do
    parts[#parts + 1] = at == 6 and (score and "1" or "") or score or ""
  end
  return string.sub(redis.sha1hex(table.concat(parts, " ")), 1, 16)
end

-- Each of ids (at most 500) as it is now: `named` has a record with an id, `record` any; idx is lane -> score.
local function look_at(ids)
  local all, jobs = {}, {}
  if #ids == 0 then return jobs end
  for at, suffix in ipairs(SCORED) do all[at] = redis.call("ZMSCORE", key(suffix), unpack(ids)) end
  for i, id in ipairs(ids) do
    local kept, scores, job = job_fields(id, unpack(RECORD)), {}, { id = id, idx = {}, indexed = 0 }
    for at = 1, #SCORED do scores[at] = all[at][i] end
    for at, lane in ipairs(STATES) do
      job.idx[lane] = scores[at]
      if scores[at] then job.indexed = job.indexed + 1 end
    end
    job.named = kept[1] and true
    job.record = job.named or is_hash(id)
    job.state, job.gid, job.updated = kept[2] or "", kept[3] or "", kept[UPDATED] or ""
    job.active, job.delayed, job.print = scores[6], scores[7], print_of(kept, scores)
    jobs[i] = job
  end
  return jobs
end

-- The entries of a job: those in sorted sets and those that were found in lists.
local function entries_of(job, listed)
  local entries = {}
  if job.active then entries[1] = { list = "active" } end
  if job.delayed then entries[#entries + 1] = { list = "delayed" } end
  for _, entry in ipairs(listed) do entries[#entries + 1] = entry end
  return entries
end

-- What is wrong with a job, or nil: the first of ghosts, two_lanes, orphans, states, idx.
local function verdict(job, entries)
  if not job.named then
    if #entries > 0 then return "ghosts" end
    if job.record then return "orphans" end
    return job.indexed > 0 and "idx" or nil
  end
  if #entries > 1 then return "two_lanes" end
  if #entries == 0 then
    -- A list that is none holds its jobs out of sight.
    local hidden = job.state == "wait" and job.gid ~= "" and type_fault(group_key(job.gid, "wait"), LIST)
    return not hidden and "orphans" or nil
  end
  local list = entries[1].list
  local lane = lane_of(list)
  if job.state ~= lane or (lane == "wait" and list ~= wait_list(job.gid)) then return "states" end
  if job.indexed ~= 1 or not job.idx[lane] then return "idx" end
  return nil
end

-- Which entry of a job stays: where its state says, of waiting lists its group's; else the first in the order of STATES.
-- Of several groups' lists it is the first by name, of several places in one list the first.
local function kept_entry(job, entries)
  local best, rank
  for _, entry in ipairs(entries) do
    local lane, own = lane_of(entry.list), entry.list == wait_list(job.gid) and 0 or 1
    local order = 0
    for at, state in ipairs(STATES) do
      if state == lane and lane ~= job.state then order = at * 2 end
    end
    if lane == "wait" then order = order + own end
    if not rank or order < rank or order == rank and entry.list < best.list then best, rank = entry, order end
  end
  return best
end

-- The list that a job in no lane goes back to, or "": nothing says where it belongs.
local function home_of(job)
  if not job.named then return "" end
  if job.state == "active" then return "failed" end
  if job.state == "wait" then return wait_list(job.gid) end
  return (job.state == "delayed" or job.state == "failed" or job.state == "completed") and job.state or ""
end
