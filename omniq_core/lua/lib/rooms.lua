-- The streams of the record of what operators did, in one order: an id of one is never one of another.

local function id_parts(id)
  local ms, nth = string.match(id, "^(%d+)-(%d+)$")
  return tonumber(ms), tonumber(nth)
end

local function is_later(id, other)
  -- Mostly both have 13 digits of ms: then it is read off the texts, as there may be thousands.
  if #id == #other and string.byte(id, 14) == 45 and string.byte(other, 14) == 45 then return id > other end
  local ms, nth = id_parts(id)
  local other_ms, other_nth = id_parts(other)
  return ms > other_ms or (ms == other_ms and nth > other_nth)
end

local function is_stream(name) return redis.call("TYPE", name).ok == "stream" end

-- The id of the newest entry of all the rooms that ARGV names from there on; nil when they are empty.
local function newest(from)
  local found = nil
  for n = from, #ARGV do
    local last = is_stream(key(ARGV[n])) and redis.call("XREVRANGE", key(ARGV[n]), "+", "-", "COUNT", 1)[1]
    if last and (not found or is_later(last[1], found)) then found = last[1] end
  end
  return found
end
