-- Lets the whole index live for another day, or drops it: all of its keys at once, so that it is never there in part.
-- KEYS[1] anchor
-- ARGV version of the rules, "1" to keep it, "0" to drop it now
-- Returns how many kinds it has.
-- @include kinds
local names = {fp_key("state"), fp_key("kinds"), fp_key("texts"), fp_key("other")}
local kinds = try("ZRANGE", fp_key("kinds"), 0, -1) or {}
for _, digest in ipairs(kinds) do names[#names + 1] = fp_key(digest) end
for _, name in ipairs(names) do
  if ARGV[2] == "1" then redis.call("PEXPIRE", name, LIVES_MS) else redis.call("UNLINK", name) end
end
return #kinds
