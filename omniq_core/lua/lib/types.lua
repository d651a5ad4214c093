-- @include keys
-- A key of the wrong type would stop a script half way, and a job that it has just taken off a list would be lost. So all
-- keys that it writes are looked at before the first is written. A type stands for the command that asks for the size of
-- such a key: that costs a fifth of asking for the type.
local STRING, HASH, LIST, ZSET = "STRLEN", "HLEN", "LLEN", "ZCARD"

local function type_fault(name, kind)
  local size = redis.pcall(kind, name)
  if type(size) == "number" then return nil end
  if not string.find(size.err, "WRONGTYPE", 1, true) then return size end
  local wanted = ({ [STRING] = "string", [HASH] = "hash", [LIST] = "list", [ZSET] = "zset" })[kind]
  local have = redis.call("TYPE", name).ok
  return redis.error_reply("WRONGTYPE " .. name .. " is a " .. have .. ", not a " .. wanted .. "; nothing was changed")
end

-- The error of a write that fails only when its key has the wrong type.
local function write_fault(reply, name, kind)
  return type(reply) == "table" and (type_fault(name, kind) or reply) or nil
end

local function wrong(suffix, kind) return type_fault(key(suffix), kind) end

-- For scripts that are not run thousands of times a second: a table costs as much as two looks.
local function wrong_type(expected)
  for suffix, kind in pairs(expected) do
    local fault = wrong(suffix, kind)
    if fault then return fault end
  end
  return nil
end

local function is_hash(id) return redis.call("TYPE", job_key(id)).ok == "hash" end

-- The same for the keys of a group, before one of its jobs moves.
local function wrong_group(gid)
  return type_fault(group_key(gid, "wait"), LIST) or type_fault(group_key(gid, "inflight"), STRING)
    or type_fault(group_key(gid, "limit"), STRING)
end
