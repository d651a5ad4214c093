-- Takes a child counter away, or lets the next child that acks be its last one; not when it has moved on.
-- KEYS[1] {cc:KEY}:meta
-- ARGV remove or finish, the digest of lib/counting that was shown
-- Returns OK; GONE; CHANGED: it is no longer as it was shown; BROKEN: its count is no number above 1, or there is a key of
-- another type; LAST: the next child is the last one anyway.
-- @include counting
-- @include numbers
local now = counter_now()
if now[1] == 0 and now[4] == 0 then return "GONE" end
if now[6] ~= ARGV[2] then return "CHANGED" end
if ARGV[1] == "remove" then
  redis.call("UNLINK", key("count"), key("done"))
  return "OK"
end
local remaining = now[3] <= 32 and int(now[2], nil)
if not remaining or remaining < 1 or (now[4] == 1 and not now[5]) then return "BROKEN" end
if remaining == 1 then return "LAST" end
redis.call("SET", key("count"), "1")
return "OK"
