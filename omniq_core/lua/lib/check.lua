-- @include keys
-- @include own
-- The one check of this Redis, at {omniq:x}: its record, and the list of the queues it has to do with.
local CHECK_KEPT_MS = 604800000

local function check_key() return key("check") end
local function queues_key() return key("check:queues") end

local function keep_check()
  redis.call("PEXPIRE", check_key(), CHECK_KEPT_MS)
  redis.call("PEXPIRE", queues_key(), CHECK_KEPT_MS)
end

local function check_until(ms, now) return string.format("%.0f", server_ms(now) + tonumber(ms)) end
