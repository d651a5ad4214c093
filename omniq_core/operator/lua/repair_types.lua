-- Puts keys of a wrong type aside, so that workers find none there and make it anew. They are kept for 7 days.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] kind (types), then what they are called behind the queue's name, at most 100
-- Returns what a batch of a task does.
-- @include repairing
-- @include keyed
local kept, refusal = open_repair()
if not kept then return refusal end

local function aside(n) return key("x:aside:" .. ARGV[3] .. ":" .. text(n)) end

local n, wrong_ones = int(redis.call("HGET", task_key(ARGV[3]), "aside"), 0), {}
for i = 10, #ARGV do
  local wanted, is = wanted_type(ARGV[i]), redis.call("TYPE", key(ARGV[i])).ok
  wrong_ones[i] = wanted and is ~= wanted and is ~= "none"
  -- While their slot moves a RENAME to a new key fails. So does this look, before anything is written.
  if wrong_ones[i] then redis.call("EXISTS", key(ARGV[i]), aside(n + 1)) end
end
local answers = {}
for i = 10, #ARGV do
  if wrong_ones[i] then
    n = n + 1
    redis.call("RENAME", key(ARGV[i]), aside(n))
    redis.call("PEXPIRE", aside(n), KEPT_MS)
    local gid = group_of_key(ARGV[i])
    if gid then redis.call("SADD", touched_key(ARGV[3]), gid) end
  end
  answers[#answers + 1] = wrong_ones[i] and "OK" or "MOVED_ON"
  redis.call("HDEL", findings_key("types"), ARGV[i])
end
redis.call("HSET", task_key(ARGV[3]), "aside", text(n))
return close_repair(kept, tally(answers), ARGV[8] == "1" or redis.call("HLEN", findings_key("types")) == 0, true)
