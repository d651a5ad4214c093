-- Publishes jobs in their order, each once per id, and remembers its answer for a repeat of the same call.
-- KEYS[1] anchor
-- ARGV now, nonce of this batch, how long it is remembered (ms), then nine arguments per job as lib/publishing has them
-- Returns the answers as one text, a letter per job: "+" published, or the first letter of the state of an id that exists.
-- @include publishing
-- @include batch
local now, memory = ARGV[1], key("x:pub:" .. ARGV[2])
-- A job that was published, worked and trimmed meanwhile has no nonce left that would tell.
local before = redis.call("GET", memory)
if before then return before end

local refusal = wrong_type({ stats = "hash", wait = "list", delayed = "zset", completed = "list", ["idx:wait"] = "zset",
  ["idx:delayed"] = "zset", ["idx:completed"] = "zset", ["groups:ready"] = "zset" })
if refusal then return refusal end
local jobs, seen, groups, twice = {}, {}, {}, false
for at = 4, #ARGV, 9 do
  local id, gid = ARGV[at], ARGV[at + 6]
  refusal = gid ~= "" and not groups[gid] and wrong_group(gid)
  if refusal then return refusal end
  jobs[#jobs + 1], groups[gid], twice, seen[id] = job_key(id), true, twice or seen[id], true
end
-- Mostly no id stands anywhere yet: one question for all of them, instead of one for each.
local fresh = not twice and redis.call("EXISTS", unpack(jobs)) == 0
if not fresh then
  for _, job in ipairs(jobs) do
    refusal = type_fault(job, "hash")
    if refusal then return refusal end
  end
end

local answers, lists, entered, ready, any = {}, {}, {}, {}, false
for at = 4, #ARGV, 9 do
  local id, gid = ARGV[at], ARGV[at + 6]
  local created, state, placeless = record_job(now, at, fresh)
  if placeless then
    any = true
    if gid ~= "" then ready[gid] = true end
    if state == "delayed" then
      delay(id, ARGV[at + 5], now)
    else
      lists[gid] = lists[gid] or {}
      lists[gid][#lists[gid] + 1] = id
      entered[#entered + 1], entered[#entered + 2] = now, id
    end
  end
  answers[#answers + 1] = created == 1 and "+" or string.sub(state, 1, 1)
end
enqueue_many(lists, entered)
for gid in pairs(ready) do ready_if_due(gid, now) end
if any then stamp("last_activity_ms", now, "last_enqueue_ms", now) end
local answer = table.concat(answers)
redis.call("SET", memory, answer, "PX", ARGV[3])
return answer
