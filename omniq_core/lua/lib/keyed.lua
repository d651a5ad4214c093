-- Of which type the keys of a queue are, by what they are called behind its name.
local FIXED_TYPES = { wait = "list", failed = "list", completed = "list", active = "zset", delayed = "zset",
  ["groups:ready"] = "zset", ["idx:wait"] = "zset", ["idx:active"] = "zset", ["idx:delayed"] = "zset",
  ["idx:failed"] = "zset", ["idx:completed"] = "zset", stats = "hash", paused = "string", has_groups = "string",
  ["lane:rr"] = "string", ["lease:seq"] = "string" }
local GROUP_TYPES = { wait = "list", inflight = "string", limit = "string" }

-- The group whose key it is, and which of its keys, or nil.
local function group_of_key(suffix)
  local gid, part = string.match(suffix, "^g:(.+):(%l+)$")
  if GROUP_TYPES[part] then return gid, part end
end

local function wanted_type(suffix)
  if FIXED_TYPES[suffix] then return FIXED_TYPES[suffix] end
  if string.sub(suffix, 1, 4) == "job:" then return "hash" end
  local _, part = group_of_key(suffix)
  return part and GROUP_TYPES[part]
end
