-- Ends a lease well. The newest 100 completed jobs are kept.
-- KEYS[1] anchor
-- ARGV now, id, lease token
-- Returns {"OK"} or {code}. The same ack again answers OK again and changes nothing.
-- @include completing
return { complete(ARGV[2], ARGV[3], ARGV[1]) }
