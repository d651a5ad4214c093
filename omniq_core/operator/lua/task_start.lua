-- Writes a bulk task down, once: whoever confirms the same thing twice finds the task of the first time.
-- KEYS[1] anchor
-- ARGV task, field, value, ...
-- Returns 1, or 0 when the task is there already.
-- @include tasks
local name = task_key(ARGV[1])
if redis.call("EXISTS", name) == 1 then return 0 end
local fields = {}
for i = 2, #ARGV do fields[i - 1] = ARGV[i] end
redis.call("HSET", name, unpack(fields))
keep_task(ARGV[1])
return 1
