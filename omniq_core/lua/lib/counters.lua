-- @include keys
-- @include numbers
-- The stats hash. Changes are gathered and written once, by save_stats at the end of a script.
local counts, stamps = {}, {}

local function count(field, by) counts[field] = (counts[field] or 0) + by end
local function stamp(field, value) stamps[field] = value end

local function save_stats()
  local fields = {}
  for field in pairs(counts) do fields[#fields + 1] = field end
  local writes = {}
  if #fields > 0 then
    local have = redis.call("HMGET", key("stats"), unpack(fields))
    for i, field in ipairs(fields) do
      local n = int(have[i], 0) + counts[field]
      writes[#writes + 1] = field
      writes[#writes + 1] = text(n > 0 and n or 0)
    end
  end
  for field, value in pairs(stamps) do
    writes[#writes + 1] = field
    writes[#writes + 1] = value
  end
  if #writes > 0 then redis.call("HSET", key("stats"), unpack(writes)) end
  counts, stamps = {}, {} -- a script that acts in two steps saves after each
end
