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
local groups = {}
for at = 4, #ARGV, 9 do
  local gid = ARGV[at + 6]
  refusal = type_fault(job_key(ARGV[at]), "hash") or (gid ~= "" and not groups[gid] and wrong_group(gid))
  if refusal then return refusal end
  groups[gid] = true
end

local answers = {}
for at = 4, #ARGV, 9 do
  local created, state = publish_job(now, at)
  answers[#answers + 1] = created == 1 and "+" or string.sub(state, 1, 1)
end
save_stats()
local answer = table.concat(answers)
redis.call("SET", memory, answer, "PX", ARGV[3])
return answer
