-- A child counter as it stands; changes nothing.
-- KEYS[1] {cc:KEY}:meta
-- ARGV none
-- Returns what lib/counting says of it.
-- @include counting
return counter_now()
