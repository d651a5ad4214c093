-- One look at a queue in each 10 s, whoever looks. It fills the bucket that ended last; one that exists is left as it is.
-- KEYS[1] anchor; ARGV now in ms.
-- Returns whether its figures cannot be had (1), the first bucket of the record, then the entry of the bucket that has just
--   become final (two before), and of the last minute: seen, started, ended, and as of that bucket: seen, failed. {} for an
--   earlier bucket.
-- @include history
-- @include reading
-- @include numbers
-- A failure is counted when its bucket closed 20 s ago: workers' clocks are apart.
local LATER, CLOCKS_APART = 2, 6
local now = tonumber(ARGV[1])

-- Adds the failures of these buckets that still stand to the total of the record, which no retry or removal lowers.
local function count_failed(first, last)
  local found = first <= last and try("ZCOUNT", key("idx:failed"), first * 10000, "(" .. (last + 1) * 10000) or 0
  if found == 0 then return end
  local total = struct.unpack(">d", redis.call("GETRANGE", record, TOTAL, TOTAL + 7))
  redis.call("SETRANGE", record, TOTAL, struct.pack(">d", total + found))
end

local bucket = math.floor(now / 10000) - 1
local head, final, since, held, leased, at, seen, started, ended, closed, failed = open_record()

-- The clock of another process may be a little behind; one that was far ahead has left entries that are not true.
if head and bucket < head and bucket > head - CLOCKS_APART then return {} end

local counter, active = short_string(key("lease:seq"), 20), try("ZCARD", key("active"))
local listed, indexed = try("LLEN", key("wait")), try("ZCARD", key("idx:wait"))
local failures, known = try("LLEN", key("failed")), try("ZCARD", key("idx:failed"))
local taken = int(counter, not counter and active == 0 and 0 or -1)
local blind = taken < 0 or not active or not listed or not indexed or not known or (known == 0 and failures ~= 0)

if bucket ~= head then
  local covered, begun, done, waiting, oldest = 0, 0, 0, 0, 0
  if head == bucket - 1 and not blind and leased >= 0 then
    begun, done = taken - leased, taken - leased - active + held
    if begun >= 0 and done >= 0 then
      covered = math.max(math.floor((now - at) / 100 + 0.5), 1)
    else
      begun, done = 0, 0
    end
  end
  if listed and indexed then
    if indexed == 0 or indexed < listed then
      indexed = listed + math.max(int(short_field(key("stats"), "group_waiting"), 0), 0)
    end
    waiting = indexed + 1
    local first = indexed > 0 and first_score(key("idx:wait"))
    oldest = first and math.max(math.floor((now - int(first, now)) / 100), 0) + 1 or 0
  end

  if not head then
    head, final, since = bucket, bucket - LATER, bucket
  elseif bucket < head then
    empty(FINE, bucket - LATER, head)
    for _, ring in ipairs(COARSE) do empty(ring, bucket - LATER, final) end
    head, final, since = bucket, bucket - LATER, math.min(since, bucket)
  end
  for _, ring in ipairs(COARSE) do empty(ring, final, bucket - LATER) end
  count_failed(final + 1, bucket - LATER)
  for closing = final + 1, math.min(head, bucket - LATER) do
    local c, s, e, _, w, o = entry(FINE, closing)
    if w > 0 then
      local f = c > 0 and try("ZCOUNT", key("idx:failed"), closing * 10000, "(" .. (closing + 1) * 10000) or 0
      put(FINE, closing, c, s, e, f, w, o)
      add(closing, bucket - LATER, c, s, e, f, w, o)
    end
  end
  empty(FINE, head, bucket - 1)
  put(FINE, bucket, covered, begun, done, 0, waiting, oldest)
  head, final = bucket, bucket - LATER
  local entries = fine_entries(final - 5, LATER + 6)
  local settled = {minute_of(entries, 1)}
  closed, failed = settled[1], settled[4]
  seen, started, ended = minute_of(entries, LATER + 1)
  put_head(head, final, since, active or 0, blind and -1 or taken, now, seen, started, ended, closed, failed)
end
local c, s, e, f, w, o = entry(FINE, final)
return {blind and 1 or 0, since, c, s, e, f, w, o, seen, started, ended, closed, failed}
