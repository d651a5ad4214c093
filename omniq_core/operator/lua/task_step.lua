-- One batch of a bulk task: acts on the jobs that were found, adds up what became of them and moves the cursor, all or
-- nothing. A job is acted on only while it stands in the lane where it was found; once per task, whatever becomes of it.
-- KEYS[1] anchor
-- ARGV now, nonce (a tombstone no id can equal), task, owner, how long the claim holds in ms, how many batches there were,
-- cursor after this one ("@7": a place), nothing more to find (1/0), then of each job its id and the score by which it was
-- found ("@7": a place; "!": of this id only the beginning is known)
-- Returns {OK, probing or finished, done, skipped, cursor, jobs the probe still needs}; else nothing was changed: {stopped}
-- or another state it was in, {LOST} when it is another's, {STALE} when its last batch is not the one before, {NONE}.
-- @include retrying
-- @include removing
-- @include running
-- @include reading
-- @include tasks
local now, nonce, task, owner = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local name = task_key(task)
local kept = redis.call("HMGET", name, "owner", "batches", "state", "action", "lane", "total", "done", "skipped",
  "probe_left", "keep")
local state, action, lane = kept[3], kept[4], kept[5]
if not state then return { "NONE" } end
if kept[1] ~= owner then return { "LOST" } end
if state ~= "running" then return { state } end
if kept[2] ~= ARGV[6] then return { "STALE" } end

local ELSEWHERE = { retry = "NOT_FAILED", run_now = "NOT_DELAYED", remove = "LANE_MISMATCH" }
local groups = {}
-- Keys of a group that are of another type keep its jobs where they are, and no others.
local function group_broken(id)
  if action == "remove" and lane ~= "wait" then return false end
  local gid = job_fields(id, "gid")[1] or ""
  if gid == "" then return false end
  if groups[gid] == nil then groups[gid] = wrong_group(gid) and true or false end
  return groups[gid]
end

-- Why a job that was found is left alone, or nil.
local function left_alone(id, score)
  if score == "!" then return "ID_TOO_LONG" end
  if string.sub(score, 1, 1) ~= "@" then
    local stands = tonumber(try("ZSCORE", key("idx:" .. lane), id))
    if stands ~= tonumber(score) then return is_hash(id) and ELSEWHERE[action] or "NO_JOB" end
  end
  return group_broken(id) and "BROKEN_GROUP" or nil
end

local lists, why, skipped = { {}, {} }, {}, 0
local function skip(code)
  why[code] = (why[code] or 0) + 1
  skipped = skipped + 1
end
for i = 9, #ARGV, 2 do
  local id = ARGV[i]
  local fields = job_fields(id, "x_task", "gid")
  -- One that this task moved and that came back is done, not skipped.
  if fields[1] ~= task then
    local code = left_alone(id, ARGV[i + 1])
    if code then
      skip(code)
    else
      local list = lists[action == "remove" and lane == "wait" and (fields[2] or "") ~= "" and 2 or 1]
      list[#list + 1] = id
    end
  end
end

local keep = keep_of(string.match(kept[10] or "", "^(%S+) (%d+) (%d+) (%d+)$"))
local moved, final = {}, 0
local function act(ids, from)
  local answers, refusal
  if #ids == 0 then return end
  if action == "retry" then
    answers, refusal = retry_jobs(ids, now, nonce, task)
  elseif action == "run_now" then
    answers, refusal = run_jobs_now(ids, now, task)
  else
    answers, refusal = remove_chosen(from, ids, now, nonce, keep)
  end
  for i, answer in ipairs(answers or {}) do
    if answer == "OK" or answer == "FINAL" then moved[#moved + 1] = ids[i] else skip(answer) end
    if answer == "FINAL" then final = final + 1 end
  end
  return refusal
end
-- What can refuse a whole batch does so for both halves: the first has changed nothing then.
local refusal = act(lists[1], lane) or act(lists[2], "gwait")
if refusal then return refusal end

if final > 0 then redis.call("HINCRBY", name, "final", final) end
for code, jobs in pairs(why) do redis.call("HINCRBY", name, "why:" .. code, jobs) end
local done_now, all_done = #moved, int(kept[7], 0) + #moved
local all_skipped = int(kept[8], 0) + skipped
local left = int(kept[6], 0) - all_done - all_skipped
local cursor = ARGV[7]
if string.sub(cursor, 1, 1) == "@" then cursor = "@" .. text(tonumber(string.sub(cursor, 2)) - done_now) end
local answer = "OK"
local probe_left = int(kept[9], 0)
if probe_left > 0 and done_now > 0 then
  for _, id in ipairs(moved) do redis.call("HSET", probe_key(task), id, "") end
  probe_left = math.max(probe_left - done_now, 0)
  if probe_left == 0 then answer = "probing" end
end
if ARGV[8] == "1" or left <= 0 then
  answer = "finished"
  -- The lane holds no more of them up to the mark: the rest left it before their turn.
  if left > 0 then
    redis.call("HINCRBY", name, "why:LEFT_LANE", left)
    all_skipped = all_skipped + left
  end
end
redis.call("HSET", name, "done", text(all_done), "skipped", text(all_skipped), "cursor", cursor,
  "batches", text(int(kept[2], 0) + 1), "probe_left", text(probe_left), "owner_until", claim_until(ARGV[5], now))
if answer == "probing" then redis.call("HSET", name, "state", answer) end
if answer == "finished" then end_task(task, answer, now) end
keep_task(task)
return { answer, all_done, all_skipped, cursor, probe_left }
