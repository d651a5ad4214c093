-- The next failed jobs on the way through the lane, the oldest first, with what their errors begin with. Changes nothing.
-- KEYS[1] anchor
-- ARGV version of the rules, jobs wanted at most, how many ms of the lane to read again before the cursor; without the index:
--   the cursor (score, id) and the highest score to read
-- Returns {indexed, ms the index has to live, cursor score, cursor id, rows, nothing more to read (1/0)}; a row is {id, its length, score, bytes of the error, head, cause, bytes behind the head,
--   last_error_ms, last_started_ms, failed_ms, timeout_ms}, or only the first three for a job without a record.
-- @include kinds
-- @include excerpts
local LARGEST, MOST_READ, LONGEST_ID = 16384, 262144, 1024
local kept = ARGV[4] and {ARGV[4], ARGV[5]} or try("HMGET", fp_key("state"), "score", "id") or {}
local score, id = kept[1] or "", kept[2] or ""
local view = open_lane("failed")
if not view.indexed or view.broken then return {0, -2, score, id, {}, 1} end

local low, stop = 0, ARGV[6] and redis.call("ZCOUNT", view.zset, "-inf", ARGV[6]) or view.total
if score ~= "" then
  local held
  low, held = place_of(view, score, id, "")
  if held then low = low + 1 end
  if ARGV[3] ~= "0" then
    low = math.min(low, redis.call("ZCOUNT", view.zset, "-inf", "(" .. string.format("%.0f", tonumber(score) - tonumber(ARGV[3]))))
  end
end

local rows, read = {}, 0
for _, entry in ipairs(between(view, low, math.min(low + tonumber(ARGV[2]), stop) - 1)) do
  local job = job_key(entry[1])
  local shown = {string.sub(entry[1], 1, LONGEST_ID), #entry[1], entry[2]}
  local text, size = field_up_to(job, "last_error", LARGEST)
  local there = size > 0 or (try("HSTRLEN", job, "id") or 0) > 0
  if there then
    local head, cause, behind = "", "", 0
    if text then head, cause, behind = excerpt(text) end
    shown[4], shown[5], shown[6], shown[7] = size, head, cause, behind
    shown[8], shown[9] = short_field(job, "last_error_ms") or "", short_field(job, "last_started_ms") or ""
    shown[10], shown[11] = short_field(job, "failed_ms") or "", short_field(job, "timeout_ms") or ""
  end
  rows[#rows + 1], read = shown, read + size
  if read > MOST_READ then break end
end
return {1, redis.call("PTTL", fp_key("state")), score, id, rows, low + #rows >= stop and 1 or 0}
