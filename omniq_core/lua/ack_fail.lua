-- Ends a lease badly: the next attempt after the backoff, or the failed lane.
-- KEYS[1] anchor
-- ARGV now, id, lease token, error ("" stores none), "again" at a repeat
-- Returns {"RETRY", due_ms}, {"FAILED"} or {code}. The same ack again answers the same and changes nothing.
-- @include keys
-- @include numbers
-- @include counters
-- @include leases
local now, id, token, message = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local job = job_key(id)
local kept = redis.call("HMGET", job, "lease_token", "gid", "attempt", "max_attempts", "backoff_ms", "x_ack")
local mark = token .. "|"
if token ~= "" and kept[6] and string.sub(kept[6], 1, #mark) == mark then
  local answer = string.sub(kept[6], #mark + 1)
  if answer == "FAILED" then return { "FAILED" } end
  if string.sub(answer, 1, 6) == "RETRY:" then return { "RETRY", string.sub(answer, 7) } end
end
local refusal = token_refusal(token, kept[1])
-- A repeat that finds no job: nobody can say any more whether the first sending ended it.
if ARGV[5] and refusal == "TOKEN_MISMATCH" and redis.call("EXISTS", job) == 0 then refusal = "ACK_UNKNOWN" end
if refusal then return { refusal } end

local fault = bad_end_fault() or group_fault(kept[2] or "")
if fault then return fault end
if not release(id, kept[2] or "", now) then return { "NOT_ACTIVE" } end
if message ~= "" then redis.call("HSET", job, "last_error", message, "last_error_ms", now) end
local due = retry_or_fail(id, int(kept[3], 0), int(kept[4], 0), int(kept[5], 0), now)
redis.call("HSET", job, "x_ack", mark .. (due and "RETRY:" .. due or "FAILED"))
stamp("last_activity_ms", now, "last_finish_ms", now)
if due then return { "RETRY", due } end
return { "FAILED" }
