-- @include keys
-- @include numbers
-- The stats hash. Each change is written at once: gathering them in tables took longer than the commands it saved. Where
-- thousands a second change, the counters are read once and written with the moments in one command (`counted`).
local function count(field, by)
  local n = redis.pcall("HINCRBY", key("stats"), field, by)
  if type(n) == "number" and n >= 0 then return end
  -- Below zero, or no number before: counted on from 0.
  n = type(n) == "number" and 0 or int(redis.call("HGET", key("stats"), field), 0) + by
  redis.call("HSET", key("stats"), field, text(n > 0 and n or 0))
end

local function stamp(...) redis.call("HSET", key("stats"), ...) end

-- A counter that was read, changed, as it is written: never below zero, and counted on from 0 when it was no number.
local function counted(value, by)
  local n = int(value, 0) + by
  return text(n > 0 and n or 0)
end
