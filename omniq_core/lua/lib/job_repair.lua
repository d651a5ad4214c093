-- @include judging
-- @include placing
-- @include counters
-- @include groups
-- @include holders
-- @include moving
-- Repairs jobs that a check found. Each is judged again first, so that one that has moved on since is left alone.
-- Keys of groups that this repair may write, with an error when one of them has the wrong type.
local function groups_of(job, entries, target)
  local gids, seen = {}, {}
  local function add(list)
    local gid = string.match(list, "^g:(.*):wait$")
    if gid and not seen[gid] then gids[#gids + 1], seen[gid] = gid, true end
  end
  if job.gid ~= "" then add(wait_list(job.gid)) end
  for _, entry in ipairs(entries) do add(entry.list) end
  if target then add(target) end
  for _, gid in ipairs(gids) do
    if wrong_group(gid) then return nil end
  end
  return gids
end

-- One code per job in the order of ARGV from `first` on (`read_asked`), and the gids whose count of running jobs could not
-- be set here, because too many run: OK; MOVED_ON (the record or a place is no longer as it was found); BROKEN_GROUP (a key of
-- its group has the wrong type); NO_STATE (nothing says where it belongs); NEWER_KEPT (100 newer completed ones are kept).
-- Or nil and an error when a key has the wrong type; then nothing was changed. All that were asked about leave the findings.
-- `choice` says what becomes of jobs in no lane: put_back or remove.
local function repair_chosen(first, kind, choice, now, nonce)
  local fault = judging_fault() or wrong_type({ stats = HASH, ["groups:ready"] = ZSET })
  if fault then return nil, fault end
  local asked, ids = read_asked(first), {}
  find_entries(asked)
  for i, one in ipairs(asked) do ids[i] = one.id end
  local jobs, answers, moves, running = look_at(ids), {}, {}, {}
  for i, job in ipairs(jobs) do
    local one = asked[i]
    local entries = entries_of(job, one.entries)
    local answer = "OK"
    if one.again or one.missing or job.print ~= one.print or verdict(job, entries) ~= kind then
      answer = "MOVED_ON"
    else
      local move = { job = job, entries = entries, at = i }
      if kind == "orphans" then
        move.into = choice == "put_back" and home_of(job) or nil
        if move.into == "" then answer = "NO_STATE" end
      elseif kind ~= "ghosts" then
        move.kept = kept_entry(job, entries)
      end
      move.gids = groups_of(job, entries, move.into)
      if answer == "OK" and not move.gids then answer = "BROKEN_GROUP" end
      if answer == "OK" then moves[#moves + 1] = move end
    end
    answers[i] = answer
  end

  take_out(moves, nonce)
  local touched = {}
  for _, move in ipairs(moves) do
    if kind == "orphans" and not move.into or kind == "ghosts" then
      drop_record(move.job)
    elseif move.into then
      local code = put_back(move, now, nonce .. ":" .. move.at)
      if code then answers[move.at] = code end
    elseif move.kept then
      stay(move, kind ~= "idx", now, nonce .. ":" .. move.at)
    else
      settle_index(move.job)
    end
    for _, gid in ipairs(move.gids) do touched[gid] = true end
    if (move.job.active or move.job.state == "active") and move.job.gid ~= "" then running[move.job.gid] = true end
  end

  local held, left = next(running) and jobs_held(), {}
  for gid in pairs(running) do
    if not held then
      left[#left + 1] = gid
    elseif int(redis.call("GET", group_key(gid, "inflight")), 0) ~= (held[gid] or 0) then
      redis.call("SET", group_key(gid, "inflight"), text(held[gid] or 0))
    end
  end
  for gid in pairs(touched) do settle_ready(gid, now) end
  if #moves > 0 then stamp("last_activity_ms", now) end
  for _, id in ipairs(ids) do redis.pcall("HDEL", key("x:check:" .. kind), id) end
  return answers, left
end
