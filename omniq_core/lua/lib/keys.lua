-- The keys of one queue: KEYS[1] is its anchor, {queue}:meta.
local base = string.sub(KEYS[1], 1, -6)

local function key(suffix) return base .. ":" .. suffix end
local function job_key(id) return base .. ":job:" .. id end
local function group_key(gid, part) return base .. ":g:" .. gid .. ":" .. part end

-- Fields of a job. A key that is gone or no hash has none of them, and stops no script half way.
local function job_fields(id, ...)
  local kept = redis.pcall("HMGET", job_key(id), ...)
  return kept.err and {} or kept
end
