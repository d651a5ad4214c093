-- A command that the user may not be permitted: asked so, a refusal is no entry in the ACL log.
-- KEYS none: it is no matter of a key, and any node of a cluster may be asked (not KEYS[1])
-- ARGV the command and its arguments
-- Returns its reply, or the error of a refusal. Before 7.0 Redis can only be asked by trying, which it logs.
if redis.acl_check_cmd and not redis.acl_check_cmd(unpack(ARGV)) then
  return redis.error_reply("NOPERM this user has no permissions to run the '" .. ARGV[1] .. "' command")
end
return redis.call(unpack(ARGV))
