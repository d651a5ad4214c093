-- The record of what happened: one string of fixed size, a head and four rings of entries. history_record.py reads it.
-- A bucket is 10 s; an entry holds how long it saw (100 ms, 0: a gap), how many jobs started, ended and failed, the most that
-- waited and the longest wait (100 ms), both one more than they were, for 0 says that nobody looked.
-- @include keys
local record = base .. (base == "{omniq:x}" and ":hist:1" or ":x:hist:1")
local HEAD, ENTRY, RECORD, KEPT_MS = 64, 22, 56384, 2678400000
-- Where the total of failures stands: after what put_head writes, within the head.
local TOTAL = 48
local OF_HEAD, OF_ENTRY = ">I4I4I4I4ddI2I4I4I2I4", ">I2I4I4I4I4I4"
-- Buckets to an entry, how many entries, where the ring begins.
local FINE, COARSE = {1, 360, 944}, {{9, 40, 64}, {6, 1440, 8864}, {360, 720, 40544}}

local function within(n, most) return math.min(math.floor(n), most) end

-- The head as it was written; nothing where there is none: then the record is new and empty.
local function open_record()
  local size = redis.pcall("STRLEN", record)
  if size == RECORD then return struct.unpack(OF_HEAD, redis.call("GETRANGE", record, 0, HEAD - 1)) end
  redis.call("DEL", record)
  -- The last byte first: a string that grows step by step would take twice the memory.
  redis.call("SETRANGE", record, RECORD - 1, "\0")
end

local function place(ring, bucket) return ring[3] + math.floor(bucket / ring[1]) % ring[2] * ENTRY end

local function entry(ring, bucket)
  local at = place(ring, bucket)
  return struct.unpack(OF_ENTRY, redis.call("GETRANGE", record, at, at + ENTRY - 1))
end

local function put(ring, bucket, covered, started, ended, failed, waiting, oldest)
  local most = 4294967295
  redis.call("SETRANGE", record, place(ring, bucket), struct.pack(OF_ENTRY, within(covered, 65535), within(started, most),
    within(ended, most), within(failed, most), within(waiting, most), within(oldest, most)))
end

-- Makes gaps of the entries after that of one bucket, up to that of another.
local function empty(ring, after, last)
  local from, to = math.floor(after / ring[1]) + 1, math.floor(last / ring[1])
  local left = math.min(to - from + 1, ring[2])
  while left > 0 do
    local at = from % ring[2]
    local run = math.min(left, ring[2] - at)
    redis.call("SETRANGE", record, ring[3] + at * ENTRY, string.rep("\0", run * ENTRY))
    from, left = from + run, left - run
  end
end

-- Adds what is known of one bucket to the coarser rings, whose newest bucket is `last`.
local function add(bucket, last, covered, started, ended, failed, waiting, oldest)
  for _, ring in ipairs(COARSE) do
    if math.floor(bucket / ring[1]) > math.floor(last / ring[1]) - ring[2] then
      local c, s, e, f, w, o = entry(ring, bucket)
      put(ring, bucket, c + covered, s + started, e + ended, f + failed, math.max(w, waiting), math.max(o, oldest))
    end
  end
end

-- The fine entries of some buckets in a row, as one text.
local function fine_entries(first, count)
  local at = first % FINE[2]
  local left = math.min(count, FINE[2] - at)
  local text = redis.call("GETRANGE", record, FINE[3] + at * ENTRY, FINE[3] + (at + left) * ENTRY - 1)
  if left == count then return text end
  return text .. redis.call("GETRANGE", record, FINE[3], FINE[3] + (count - left) * ENTRY - 1)
end

-- What six entries of that text add up to, from the nth on: seen, started, ended, failed.
local function minute_of(entries, nth)
  local seen, started, ended, failed = 0, 0, 0, 0
  for at = nth, nth + 5 do
    local c, s, e, f = struct.unpack(">I2I4I4I4", entries, (at - 1) * ENTRY + 1)
    seen, started, ended, failed = seen + c, started + s, ended + e, failed + f
  end
  return seen, started, ended, failed
end

local function put_head(...)
  redis.call("SETRANGE", record, 0, struct.pack(OF_HEAD, ...))
  redis.call("PEXPIRE", record, KEPT_MS)
end
