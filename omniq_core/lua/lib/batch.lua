-- @include keys
-- A key of the wrong type would stop a batch after its first jobs have moved, so types are looked at before.
local function type_fault(name, kind)
  local have = redis.call("TYPE", name).ok
  if have == "none" or have == kind then return nil end
  return redis.error_reply("WRONGTYPE " .. name .. " is a " .. have .. ", not a " .. kind .. "; nothing was changed")
end

local function wrong_type(expected)
  for suffix, kind in pairs(expected) do
    local fault = type_fault(key(suffix), kind)
    if fault then return fault end
  end
  return nil
end

local function is_hash(id) return redis.call("TYPE", job_key(id)).ok == "hash" end

-- The same for the keys of a group, before one of its jobs moves.
local function wrong_group(gid)
  for part, kind in pairs({ wait = "list", inflight = "string", limit = "string" }) do
    local fault = type_fault(group_key(gid, part), kind)
    if fault then return fault end
  end
  return nil
end
