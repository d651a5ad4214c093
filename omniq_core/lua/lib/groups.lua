-- @include keys
-- @include numbers
-- @include counters
-- @include types
-- A group may start jobs while its in-flight count is below its limit; one that has jobs waiting then is ready.
local function limit_of(gid)
  local limit = int(redis.call("GET", group_key(gid, "limit")), 0)
  return limit < 1 and 1 or limit
end

local function has_room(gid)
  return int(redis.call("GET", group_key(gid, "inflight")), 0) < limit_of(gid)
end

local function is_due(gid) return has_room(gid) and redis.call("LLEN", group_key(gid, "wait")) > 0 end

local function ready_if_due(gid, score)
  if is_due(gid) and redis.call("ZADD", key("groups:ready"), "NX", score, gid) == 1 then count("groups_ready", 1) end
end

-- Both ways: a group that is due gets in, one that is not gets out.
local function settle_ready(gid, score)
  if is_due(gid) then
    ready_if_due(gid, score)
  elseif redis.call("ZREM", key("groups:ready"), gid) == 1 then
    count("groups_ready", -1)
  end
end

-- How many jobs of the group are in flight and how many may be, or an error when one of the two keys has the wrong type.
local function slots(gid)
  local inflight_key, limit_key = group_key(gid, "inflight"), group_key(gid, "limit")
  local inflight, limit = unpack(redis.call("MGET", inflight_key, limit_key)) -- nil for a key of another type, too
  local fault = not inflight and type_fault(inflight_key, STRING) or not limit and type_fault(limit_key, STRING)
  limit = int(limit, 0)
  return int(inflight, 0), limit < 1 and 1 or limit, fault or nil
end

local function leave_group(gid, score)
  local inflight = int(redis.call("GET", group_key(gid, "inflight")), 0) - 1
  redis.call("SET", group_key(gid, "inflight"), text(inflight > 0 and inflight or 0))
  ready_if_due(gid, score)
end
