-- @include tasks
-- @include numbers
-- The book-keeping of a repair, in the same script as what it does.
-- ARGV[1] now, [2] nonce, [3] task, [4] owner, [5] how long the claim holds in ms, [6] how many batches there were, [7] the
-- cursor after this one, [8] nothing more is to be found (1/0)

-- The task, or nil and the answer when this process may not go on with it: then nothing was changed.
local function open_repair()
  local kept = redis.call("HMGET", task_key(ARGV[3]), "owner", "batches", "state", "total", "done", "skipped")
  if not kept[3] then return nil, { "NONE" } end
  if kept[1] ~= ARGV[4] then return nil, { "LOST" } end
  if kept[3] ~= "running" then return nil, { kept[3] } end
  if kept[2] ~= ARGV[6] then return nil, { "STALE" } end
  return kept
end

local function touched_key(task) return task_key(task) .. ":groups" end

-- What a check found and nobody has repaired.
local function findings_key(kind) return key("x:check:" .. kind) end

-- How often each answer was given; those done are under OK.
local function tally(answers)
  local told = {}
  for _, answer in ipairs(answers) do told[answer] = (told[answer] or 0) + 1 end
  return told
end

-- Adds up what became of a batch. Those that nothing is found of any more have moved on. `settles`: groups and counters
-- are looked at when all are through, so it goes on then. `cursor`: another one than was announced.
local function close_repair(kept, told, finished, settles, cursor)
  local name, now = task_key(ARGV[3]), ARGV[1]
  local done, skipped = int(kept[5], 0) + (told.OK or 0), int(kept[6], 0)
  for code, many in pairs(told) do
    if code ~= "OK" then
      redis.call("HINCRBY", name, "why:" .. code, many)
      skipped = skipped + many
    end
  end
  local left = int(kept[4], 0) - done - skipped
  finished = finished or left <= 0
  if finished and left > 0 then
    redis.call("HINCRBY", name, "why:MOVED_ON", left)
    skipped = skipped + left
  end
  local answer = "OK"
  cursor = cursor or ARGV[7]
  if finished then
    if settles then cursor = "settle" else answer = "finished" end
  end
  redis.call("HSET", name, "done", text(done), "skipped", text(skipped), "cursor", cursor, "batches",
    text(int(kept[2], 0) + 1), "owner_until", claim_until(ARGV[5], now))
  if answer == "finished" then end_task(ARGV[3], answer, now) end
  keep_task(ARGV[3])
  redis.call("PEXPIRE", touched_key(ARGV[3]), KEPT_MS)
  return { answer, done, skipped, cursor, 0 }
end

-- The same for a kind that is one finding of the whole queue.
local function close_whole(kind, kept, told, finished, cursor)
  local answer = close_repair(kept, told, finished, false, cursor)
  if answer[1] == "finished" then redis.call("DEL", findings_key(kind)) end
  return answer
end
