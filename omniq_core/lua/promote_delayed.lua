-- Moves delayed jobs whose time has come to the tail of their lane.
-- KEYS[1] anchor
-- ARGV now, most (0 none, negative all)
-- Returns how many were promoted. One whose group has a key of the wrong type stays, and is an error when nothing else
-- was there to promote.
-- @include keys
-- @include counters
-- @include lanes
-- @include types
local now, most = ARGV[1], tonumber(ARGV[2])
local promoted = 0
if most == 0 then return 0 end
local fault = wrong_type({ stats = HASH, wait = LIST, delayed = ZSET, ["idx:wait"] = ZSET,
  ["idx:delayed"] = ZSET, ["groups:ready"] = ZSET })
if fault then return fault end
for _, id in ipairs(redis.call("ZRANGEBYSCORE", key("delayed"), "-inf", now, "LIMIT", 0, most)) do
  local kept = job_fields(id, "id", "gid")
  local gid = kept[1] and kept[2] or ""
  local broken = gid ~= "" and wrong_group(gid)
  if broken then
    fault = broken
  else
    leave_delayed(id)
    if kept[1] then
      redis.call("HSET", job_key(id), "state", "wait", "updated_ms", now)
      enqueue(id, gid, now)
      promoted = promoted + 1
    end
  end
end
if promoted > 0 then stamp("last_activity_ms", now) end
return promoted == 0 and fault or promoted
