-- Counts one try at a password in several buckets, or takes it back; nothing is counted while one of them is full.
-- KEYS[1] {omniq:x}:meta
-- ARGV now, how long a bucket counts and is closed once it is full (ms), "take" | "forgive" | "look", then per bucket: name, limit.
--   The first bucket is that of the person at that address: its name is emptied by "forgive", the others lose one.
--   "look" counts nothing.
-- Returns how long to wait (ms; 0: it was counted) and how many tries the first bucket has left.
-- @include keys
-- @include numbers
local name, now, window = key("signin"), tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call("TYPE", name).ok ~= "hash" then redis.call("DEL", name) end

local wait, count, ends = 0, {}, {}
for i = 4, #ARGV, 2 do
  local n, at = string.match(redis.call("HGET", name, ARGV[i]) or "", "^(%d+) (%d+)$")
  count[i], ends[i] = int(n, 0), int(at, 0)
  -- One that ends later than it could was written by a clock that was ahead.
  if now >= ends[i] or ends[i] - now > window then count[i], ends[i] = 0, now + window end
  if count[i] >= tonumber(ARGV[i + 1]) then wait = math.max(wait, ends[i] - now) end
end
local takes = ARGV[3] == "take"
if ARGV[3] == "look" or takes and wait > 0 then return { wait, 0 } end

for i = 4, #ARGV, 2 do
  count[i] = takes and count[i] + 1 or i > 4 and count[i] - 1 or 0
  if takes and count[i] >= tonumber(ARGV[i + 1]) then ends[i] = now + window end
  if count[i] > 0 then
    redis.call("HSET", name, ARGV[i], text(count[i]) .. " " .. text(ends[i]))
  else
    redis.call("HDEL", name, ARGV[i])
  end
end
redis.call("PEXPIRE", name, window)
return { 0, tonumber(ARGV[5]) - count[4] }
