-- @include keys
-- @include reading
-- A child counter as it stands, both keys at the same moment, whatever their types: {count is there 0 or 1, its first 32
-- bytes or false for another type, its length, done is there 0 or 1, children in it or false for another type, a digest
-- of all this}.
local function counter_now()
  local count, done = key("count"), key("done")
  local now = {
    redis.call("EXISTS", count), try("GETRANGE", count, 0, 31) or false, try("STRLEN", count) or 0,
    redis.call("EXISTS", done), try("SCARD", done) or false,
  }
  local words = {}
  for i = 1, 5 do words[i] = tostring(now[i]) end
  now[6] = redis.sha1hex(table.concat(words, "|"))
  return now
end
