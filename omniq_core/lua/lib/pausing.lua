-- Whose pause it is. The record in x:pause belongs to the key `paused` that was set together with it as long as both have
-- no end, or the record's comes a note's time after the key's (any other SDK sets the key without one), and no job was
-- leased since: a paused queue leases none, so a lease means that somebody resumed it in between.
-- @include keys
-- @include reading
local PAUSE_NOTE, LONGEST_RECORD = 60000, 2048

local function leases() return string.match(short_string(key("lease:seq"), 20) or "", "^%d+$") or "0" end

local function pause_record()
  local record = short_string(key("x:pause"), LONGEST_RECORD)
  if not record or string.match(record, '^{"leases":(%d+),') ~= leases() then return nil end
  local left, kept = redis.call("PTTL", key("paused")), redis.call("PTTL", key("x:pause"))
  if left == -1 or kept == -1 then return left == kept and record or nil end
  return math.abs(kept - left - PAUSE_NOTE) <= 1000 and record or nil
end

-- What says when a queue went on: the note of a resume, or the record of a pause whose time is over.
local function resume_note()
  local record = short_string(key("x:pause"), LONGEST_RECORD)
  return record and redis.call("PTTL", key("x:pause")) <= PAUSE_NOTE and record or nil
end
