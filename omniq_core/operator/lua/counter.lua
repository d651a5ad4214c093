-- A child counter as it stands, both keys at the same moment, whatever their types.
-- KEYS[1] {cc:KEY}:meta
-- ARGV none
-- Returns {count is there 0 or 1, its first 32 bytes or false for another type, its length, done is there 0 or 1,
-- children in it or false for another type}; changes nothing.
-- @include keys
-- @include reading
local count, done = key("count"), key("done")
return {
  redis.call("EXISTS", count), try("GETRANGE", count, 0, 31) or false, try("STRLEN", count) or 0,
  redis.call("EXISTS", done), try("SCARD", done) or false,
}
