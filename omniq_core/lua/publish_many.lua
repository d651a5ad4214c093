-- Publishes jobs in their order, each once per id, and remembers its answer for a repeat of the same call.
-- KEYS[1] anchor
-- ARGV now, nonce of this batch, how long it is remembered (ms), how many sets of options, six options per set as
-- lib/publishing has them, then of each job the number of its set (from 1), id, payload
-- Returns the answers as one text, a letter per job: "+" published, or the first letter of the state of an id that exists.
-- @include publishing
local now, nonce, sets, memory = ARGV[1], ARGV[2], tonumber(ARGV[4]), key("x:pub:" .. ARGV[2])
-- A job that was published, worked and trimmed meanwhile has no nonce left that would tell.
local before = redis.call("GET", memory)
if before then return before end

local refusal = wrong_type({ stats = HASH, wait = LIST, delayed = ZSET, completed = LIST, ["idx:wait"] = ZSET,
  ["idx:delayed"] = ZSET, ["idx:completed"] = ZSET, ["groups:ready"] = ZSET })
if refusal then return refusal end
local options = {}
for at = 5, 4 + 6 * sets, 6 do
  local gid = ARGV[at + 4]
  refusal = gid ~= "" and wrong_group(gid)
  if refusal then return refusal end
  local fields, state = common_fields(now, at)
  options[#options + 1] = { fields = fields, state = state, due = ARGV[at + 3], gid = gid, limit = ARGV[at + 5] }
end

local first, jobs, seen, twice = 5 + 6 * sets, {}, {}, false
for at = first + 1, #ARGV, 3 do
  local id = ARGV[at]
  jobs[#jobs + 1], twice, seen[id] = job_key(id), twice or seen[id], true
end
-- Mostly no id stands anywhere yet: one question for all of them, instead of one for each.
local fresh = not twice and redis.call("EXISTS", unpack(jobs)) == 0
if not fresh then
  for _, job in ipairs(jobs) do
    refusal = type_fault(job, HASH)
    if refusal then return refusal end
  end
end

local answers, lists, entered, opened = {}, {}, {}, {}
for at = first, #ARGV, 3 do
  local set, id, own_nonce = options[tonumber(ARGV[at])], ARGV[at + 1], nonce .. ":" .. #answers
  local created, state
  if not fresh then created, state = published_before(id, own_nonce) end
  if not created then
    created = 1
    write_job(id, ARGV[at + 2], own_nonce, set.fields)
    if not opened[set] then
      opened[set] = true
      if set.gid ~= "" then open_group(set.gid, set.limit) end
    end
    if set.state == "delayed" then
      delay(id, set.due, now)
    else
      local list = lists[set.gid] or {}
      lists[set.gid], list[#list + 1] = list, id
      entered[#entered + 1], entered[#entered + 2] = now, id
    end
  end
  answers[#answers + 1] = created == 1 and "+" or string.sub(state, 1, 1)
end
enqueue_many(lists, entered)
for set in pairs(opened) do
  if set.gid ~= "" then ready_if_due(set.gid, now) end
end
if next(opened) then stamp("last_activity_ms", now, "last_enqueue_ms", now) end
local answer = table.concat(answers)
redis.call("SET", memory, answer, "PX", ARGV[3])
return answer
