-- Puts jobs of a batch back from the trash, in the order they went; a batch of completed ones newest first.
-- KEYS[1] anchor
-- ARGV now, batch, call (a nonce: its repeat gets the same answers), how many were looked at before, how many to look at
-- Returns {jobs in the batch, id, answer, id, answer, ...}: OK, RESTORED (by an earlier call), GONE (its time is over),
-- EXISTS (a job has this id again), NEWER_KEPT (100 newer completed ones are kept) or BROKEN_GROUP (a key of the wrong type).
-- @include restoring
local refusal = wrong_type({ stats = HASH, failed = LIST, completed = LIST, wait = LIST, delayed = ZSET,
  active = ZSET, ["groups:ready"] = ZSET, ["idx:wait"] = ZSET, ["idx:delayed"] = ZSET,
  ["idx:failed"] = ZSET, ["idx:completed"] = ZSET })
if refusal then return refusal end
return restore_piece(ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[1])
