-- Writes a repair down, once, when what was found is as much as it was when it was confirmed.
-- KEYS[1] anchor
-- ARGV task, kind whose findings it works through ("" for none), how many they were, field, value, ...
-- Returns begun, begun_before (the task is there already) or changed
-- @include repairing
-- @include reading
local name = task_key(ARGV[1])
if redis.call("EXISTS", name) == 1 then return "begun_before" end
if ARGV[2] ~= "" and (try("HLEN", findings_key(ARGV[2])) or 0) ~= tonumber(ARGV[3]) then return "changed" end
local fields = {}
for i = 4, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call("HSET", name, unpack(fields))
keep_task(ARGV[1])
return "begun"
