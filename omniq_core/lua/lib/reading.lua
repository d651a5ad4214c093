-- Reads that never raise and never carry more than was asked for: what cannot be read is nil.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == "table" and reply.err then return nil end
  return reply or nil
end

-- A hash field, or nil when it is longer than longest bytes. The length is asked first: 25 copies of 5 MB took 248 ms.
local function field_up_to(hash, field, longest)
  local size = try("HSTRLEN", hash, field)
  if not size or size == 0 or size > longest then return nil, size or 0 end
  return try("HGET", hash, field), size
end

local function short_field(hash, field) return (field_up_to(hash, field, 32)) end

local function short_string(name, longest)
  local size = try("STRLEN", name)
  if not size or size == 0 or size > longest then return nil end
  return try("GET", name)
end

local function first_score(zset)
  local first = try("ZRANGE", zset, 0, 0, "WITHSCORES")
  return first and first[2]
end
