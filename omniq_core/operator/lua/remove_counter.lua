-- Takes a child counter away: children that ack later find none and get -1.
-- KEYS[1] {cc:KEY}:meta
-- ARGV none
-- Returns how many of its two keys were there; 0 when it is gone already.
-- @include keys
return redis.call("UNLINK", key("count"), key("done"))
