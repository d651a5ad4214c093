-- @include keys
-- @include reading
-- A job as an export tells of it: what is short, its whole error, and how long error and payload are. The lease's token
-- is not among it.
local LONGEST_FACT_ID, LONGEST_GID, LONGEST_ERROR = 65536, 1024, 16384
local FACTS = {"state", "attempt", "max_attempts", "timeout_ms", "backoff_ms", "created_ms", "updated_ms", "queued_ms",
  "first_started_ms", "last_started_ms", "completed_ms", "failed_ms", "last_error_ms", "due_ms", "lock_until_ms"}
-- The score that the lane itself holds is what workers go by; the field may be an older one.
local SCORED_FACT = {active = 15, delayed = 14}

local function facts(lane, member, entered)
  local job, id = job_key(member), string.sub(member, 1, LONGEST_FACT_ID)
  if (try("HSTRLEN", job, "id") or 0) == 0 then
    local kind = try("TYPE", job)
    return {id, #member, entered, kind and kind.ok or "none"}
  end
  local kept = job_fields(member, unpack(FACTS))
  if SCORED_FACT[lane] then kept[SCORED_FACT[lane]] = try("ZSCORE", key(lane), member) or false end
  -- Numbers have no more than 32 characters; what is longer is damaged, and may be long enough to be in the way.
  for at = 1, #FACTS do
    if kept[at] and #kept[at] > 32 then kept[at] = false end
  end
  local gid = field_up_to(job, "gid", LONGEST_GID)
  local failure, failure_size = field_up_to(job, "last_error", LONGEST_ERROR)
  local _, payload_size = field_up_to(job, "payload", 0)
  return {id, #member, entered, kept, gid or false, failure or false, failure_size, payload_size}
end
