-- Puts groups right that workers cannot take jobs from. A figure that is no longer the one that was confirmed is left alone.
-- KEYS[1] anchor
-- ARGV now, then per group (at most 100): gid, in flight as confirmed, in flight from now on, enter groups:ready (1/0)
-- Returns per group {its count was set (1/0), it entered groups:ready (1/0)}.
-- @include groups
-- @include types
-- @include holders
local fault = wrong_type({ stats = HASH, ["groups:ready"] = ZSET })
if fault then return fault end
local held, done = jobs_held(), {}
for i = 2, #ARGV, 4 do
  local gid, before, after = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local set, entered = 0, 0
  if not wrong_group(gid) then
    local count_key = group_key(gid, "inflight")
    if before ~= after and held and text(held[gid] or 0) == after and text(int(redis.call("GET", count_key), 0)) == before then
      redis.call("SET", count_key, after)
      set = 1
    end
    if set == 1 or ARGV[i + 3] == "1" then
      local was = redis.call("ZSCORE", key("groups:ready"), gid)
      settle_ready(gid, ARGV[1])
      entered = not was and redis.call("ZSCORE", key("groups:ready"), gid) and 1 or 0
    end
  end
  done[#done + 1] = {set, entered}
end
return done
