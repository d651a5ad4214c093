-- Moves delayed jobs whose time has come to the tail of their lane.
-- KEYS[1] anchor
-- ARGV now, most (0 none, negative all)
-- Returns how many were promoted.
-- @include keys
-- @include counters
-- @include lanes
local now, most = ARGV[1], tonumber(ARGV[2])
local promoted = 0
if most == 0 then return 0 end
for _, id in ipairs(redis.call("ZRANGEBYSCORE", key("delayed"), "-inf", now, "LIMIT", 0, most)) do
  leave_delayed(id)
  local kept = job_fields(id, "id", "gid")
  if kept[1] then
    redis.call("HSET", job_key(id), "state", "wait", "updated_ms", now)
    enqueue(id, kept[2] or "", now)
    promoted = promoted + 1
  end
end
if promoted > 0 then stamp("last_activity_ms", now) end
return promoted
