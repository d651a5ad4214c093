-- Writes down what all queues did together in one bucket, once, whoever does it.
-- KEYS[1] {omniq:x}:meta
-- ARGV bucket, its entry (seen, started, ended, failed, waiting, oldest), of the last minute: seen, started, ended, seen, failed
-- Returns 1 when it was written, 0 when the bucket or a later one exists.
-- @include history
local CLOCKS_APART = 6
local given = {}
for at, text in ipairs(ARGV) do given[at] = tonumber(text) end
local bucket = given[1]
local head, final, since = open_record()
if head and bucket <= head and bucket > head - CLOCKS_APART then return 0 end
if not head then
  head, final, since = bucket - 1, bucket - 1, bucket
elseif bucket < head then
  for _, ring in ipairs({FINE, unpack(COARSE)}) do empty(ring, bucket - 1, head) end
  head, final, since = bucket - 1, bucket - 1, math.min(since, bucket)
end
for _, ring in ipairs({FINE, unpack(COARSE)}) do empty(ring, head, bucket) end
put(FINE, bucket, unpack(given, 2, 7))
add(bucket, bucket, unpack(given, 2, 7))
put_head(bucket, bucket, since, 0, 0, bucket * 10000, unpack(given, 8, 12))
return 1
