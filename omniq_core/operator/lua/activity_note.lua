-- Notes what an operator does, and what became of it in the place of the first note.
-- KEYS[1] {omniq:x}:meta
-- ARGV the entry (JSON), the id of the entry it takes the place of ("": of none), how many entries are kept, for how many ms,
--   the removal that it has undone ("": none)
-- Returns the id of the new entry.
-- @include keys
-- @include numbers
local name = key("activity")
local kind = redis.call("TYPE", name).ok
-- Something of another type stands there: nothing could be noted until it is gone.
if kind ~= "stream" and kind ~= "none" then redis.call("DEL", name) end
local id = redis.call("XADD", name, "MAXLEN", "~", ARGV[3], "*", "e", ARGV[1])
if ARGV[2] ~= "" then redis.call("XDEL", name, ARGV[2]) end
local oldest = int(string.match(id, "^%d+"), 0) - tonumber(ARGV[4])
if oldest > 0 then redis.call("XTRIM", name, "MINID", text(oldest)) end
redis.call("PEXPIRE", name, ARGV[4])
if ARGV[5] ~= "" then
  local undone = key("undone")
  if redis.call("TYPE", undone).ok ~= "zset" then redis.call("DEL", undone) end
  redis.call("ZADD", undone, string.match(id, "^%d+"), ARGV[5])
  redis.call("ZREMRANGEBYRANK", undone, 0, -tonumber(ARGV[3]) - 1)
  redis.call("PEXPIRE", undone, ARGV[4])
end
return id
