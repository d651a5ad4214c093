-- Notes what an operator does, and what became of it in the place of the first note.
-- KEYS[1] {omniq:x}:meta
-- ARGV the entry (JSON), the id of the entry it takes the place of ("": of none), for how many ms entries are kept, the
--   removal that it has undone ("": none), how many such removals are kept, the room of the entry, how many that keeps, and
--   the names of all rooms
-- Returns the id of the new entry.
-- @include keys
-- @include numbers
-- @include own
-- @include rooms
local name, last = ours(key(ARGV[6]), "stream"), newest(8)
local function add(id) return redis.call("XADD", name, "MAXLEN", "~", ARGV[7], id, "e", ARGV[1]) end
local id = add("*")
if last and not is_later(id, last) then
  -- Another room was written to in this millisecond, or by a clock that was ahead.
  redis.call("XDEL", name, id)
  local last_ms, last_nth = id_parts(last)
  id = add(text(last_ms) .. "-" .. text(last_nth + 1))
end
if ARGV[2] ~= "" then redis.call("XDEL", name, ARGV[2]) end
local ms = id_parts(id)
-- By the clock of now: the id may be of one that was ahead, and would take with it what is not so old.
local oldest = math.min(server_ms(ms), ms) - tonumber(ARGV[3])
for n = 8, #ARGV do
  local room = key(ARGV[n])
  if oldest > 0 and is_stream(room) then redis.call("XTRIM", room, "MINID", text(oldest)) end
end
redis.call("PEXPIRE", name, ARGV[3])
if ARGV[4] ~= "" then
  local undone = ours(key("undone"), "zset")
  redis.call("ZADD", undone, text(ms), ARGV[4])
  redis.call("ZREMRANGEBYRANK", undone, 0, -tonumber(ARGV[5]) - 1)
  redis.call("PEXPIRE", undone, ARGV[3])
end
return id
