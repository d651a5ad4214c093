-- One window of a lane that an old SDK filled: jobs without an entry in its index get one, and the moments that old SDKs
-- do not write. Waiting lists are read from the tail, where jobs enter, the others from their head, so that what leaves or
-- enters meanwhile makes none be missed.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] lane, [10] gid or "", [11] how many were read of it, [12] how many to read, [13] cursor
-- when the lane is through
-- Returns what a batch of a task does.
-- @include repairing
-- @include types
-- @include keys
local kept, refusal = open_repair()
if not kept then return refusal end
local now, lane, gid, at, most = ARGV[1], ARGV[9], ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
local name, index = gid == "" and key(lane) or group_key(gid, "wait"), key("idx:" .. lane)
local is_list = lane ~= "active" and lane ~= "delayed"
local fault = type_fault(name, is_list and LIST or ZSET) or type_fault(index, ZSET)
if fault then return fault end

local ids = {}
if most > 0 and lane == "wait" then
  ids = redis.call("LRANGE", name, -(at + most), -(at + 1))
elseif most > 0 then
  ids = redis.call(is_list and "LRANGE" or "ZRANGE", name, at, at + most - 1)
end

local MOMENTS = { wait = "updated_ms", active = "last_started_ms", delayed = "updated_ms", failed = "failed_ms",
  completed = "completed_ms" }
local FIELDS = { "id", "queued_ms", "first_started_ms", "last_started_ms", "completed_ms", "failed_ms", "created_ms",
  "updated_ms" }

local function moment(...)
  for i = 1, select("#", ...) do
    local n = int(select(i, ...), 0)
    if n > 0 then return text(n) end
  end
  return now
end

local function index_job(id)
  local kept_fields, of = job_fields(id, unpack(FIELDS)), {}
  for i, field in ipairs(FIELDS) do of[field] = kept_fields[i] or false end
  local entered = moment(of[MOMENTS[lane]] or "", of.updated_ms or "", of.created_ms or "")
  redis.call("ZADD", index, entered, id)
  if not of.id then return end
  local missing = {}
  local function set(field, value)
    if not of[field] then missing[#missing + 1], missing[#missing + 2] = field, value end
  end
  set("queued_ms", moment(of.created_ms or "", of.updated_ms or ""))
  local started = lane == "active" and entered or ""
  set("first_started_ms", started)
  set("last_started_ms", started)
  set("completed_ms", lane == "completed" and entered or "")
  set("failed_ms", lane == "failed" and entered or "")
  if #missing > 0 then redis.call("HSET", job_key(id), unpack(missing)) end
end

local left = int(kept[4], 0) - int(kept[5], 0) - int(kept[6], 0)
local added = 0
for _, id in ipairs(ids) do
  if added < left and not redis.call("ZSCORE", index, id) then
    index_job(id)
    added = added + 1
  end
end
return close_whole("old_index", kept, { OK = added }, ARGV[8] == "1", #ids < most and ARGV[13] or nil)
