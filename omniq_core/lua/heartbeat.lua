-- Keeps a lease: never shortens it, never adds to what is left of it.
-- KEYS[1] anchor
-- ARGV now, id, lease token
-- Returns {"OK", lock_until} or {code}.
-- @include keys
-- @include numbers
-- @include leases
local now, id, token = ARGV[1], ARGV[2], ARGV[3]
local job = job_key(id)
local kept = redis.call("HMGET", job, "lease_token", "timeout_ms")
local refusal = token_refusal(token, kept[1])
if refusal then return { refusal } end
local held_until = redis.call("ZSCORE", key("active"), id)
if not held_until then return { "NOT_ACTIVE" } end

local timeout = int(kept[2], 0)
if timeout <= 0 then timeout = 60000 end
local lock = tonumber(now) + timeout
local current = int(held_until, 0)
if current > lock then lock = current end
redis.call("HSET", job, "lock_until_ms", text(lock), "updated_ms", now)
redis.call("ZADD", key("active"), text(lock), id)
return { "OK", text(lock) }
