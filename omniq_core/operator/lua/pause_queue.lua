-- Stops reserves, for a time or until somebody resumes, and records who, why and since when. Nothing moves, and no
-- running job is stopped.
-- KEYS[1] anchor
-- ARGV length in ms (0: no end), the record (a JSON object), the pause that the caller knows of ("": none)
-- Returns 1, or 0 when the queue's pause is another one: nothing was changed.
-- @include keys
-- @include pausing
local known = ""
if redis.call("EXISTS", key("paused")) == 1 then
  local record = pause_record()
  known = record and redis.sha1hex(record) or "outside"
end
if known ~= ARGV[3] then return 0 end

local record = '{"leases":' .. leases() .. "," .. string.sub(ARGV[2], 2)
if ARGV[1] == "0" then
  redis.call("SET", key("paused"), "1")
  redis.call("SET", key("x:pause"), record)
else
  redis.call("SET", key("paused"), "1", "PX", ARGV[1])
  redis.call("SET", key("x:pause"), record, "PX", tonumber(ARGV[1]) + PAUSE_NOTE)
end
return 1
