-- One batch of the repair of groups: what is wrong with them now is put right, what is right is left alone.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] kind (inflight ready_missing ready_extra), then gids, at most 100
-- Returns what a batch of a task does.
-- @include repairing
-- @include groups
-- @include types
-- @include holders
local kept, refusal = open_repair()
if not kept then return refusal end
local fault = wrong_type({ stats = HASH, ["groups:ready"] = ZSET })
if fault then return fault end
local now, kind = ARGV[1], ARGV[9]
local held = kind == "inflight" and jobs_held(4000)

local function repaired(gid)
  if wrong_group(gid) then return "BROKEN_GROUP" end
  if kind == "inflight" then
    if not held then return "TOO_MANY_RUN" end
    local found = held[gid] or 0
    if int(redis.call("GET", group_key(gid, "inflight")), 0) == found then return "MOVED_ON" end
    redis.call("SET", group_key(gid, "inflight"), text(found))
    settle_ready(gid, now)
    return "OK"
  end
  local was = redis.call("ZSCORE", key("groups:ready"), gid)
  settle_ready(gid, now)
  local is = redis.call("ZSCORE", key("groups:ready"), gid)
  return (not was) == (not is) and "MOVED_ON" or "OK"
end

local answers = {}
for i = 10, #ARGV do
  answers[#answers + 1] = repaired(ARGV[i])
  redis.call("HDEL", findings_key(kind), ARGV[i])
end
return close_repair(kept, tally(answers), ARGV[8] == "1" or redis.call("HLEN", findings_key(kind)) == 0)
