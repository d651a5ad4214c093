-- @include keys
-- @include reading
-- @include standing
-- A job as a row of a list: short fields, the beginnings of its error and payload, and how long the whole is.
local LONGEST_ID, PAYLOAD, PAYLOAD_CUT, ERROR, ERROR_CUT = 1024, 4096, 200, 4096, 1000
local FIELDS = {"state", "gid", "attempt", "max_attempts", "timeout_ms", "queued_ms", "last_started_ms", "completed_ms",
  "failed_ms", "due_ms", "lock_until_ms"}
-- The score that the lane itself holds is what workers go by; the field may be an older one.
local SCORED = {active = "lock_until_ms", delayed = "due_ms"}

local function row(lane, member, entered)
  local job, kept = job_key(member), {}
  local named, name_size = field_up_to(job, "id", LONGEST_ID)
  if not named and name_size == 0 then
    local kind = try("TYPE", job)
    return {string.sub(member, 1, LONGEST_ID), #member, entered, kind and kind.ok or "none"}
  end
  for i, field in ipairs(FIELDS) do
    local score = field == SCORED[lane] and try("ZSCORE", key(lane), member)
    kept[i] = score or field_up_to(job, field, field == "gid" and LONGEST_ID or 32) or false
  end
  local failure, failure_size = field_up_to(job, "last_error", ERROR)
  local payload, payload_size = field_up_to(job, "payload", PAYLOAD)
  return {string.sub(member, 1, LONGEST_ID), #member, entered, kept, failure and string.sub(failure, 1, ERROR_CUT) or false,
    failure_size, payload and string.sub(payload, 1, PAYLOAD_CUT) or false, payload_size,
    lane == "wait" and position(member, kept[2] or "") or false}
end
