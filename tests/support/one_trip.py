"""Many keys in one round trip: compared inside the test's Redis, or read as plain values. For small test data only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_COMPARE = """
-- ARGV: prefixes in pairs. Returns the short names of the keys whose contents are not the same under both.
local function fields(key)
  local flat, found, size = redis.call('HGETALL', key), {}, 0
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, 2) ~= 'x_' then found[flat[i]], size = flat[i + 1], size + 1 end
  end
  if (found.lease_token or '') ~= '' then found.lease_token = 'held' end
  return found, size
end
local function members(key)
  local found, all = {}, redis.call('SMEMBERS', key)
  for _, member in ipairs(all) do found[member] = true end
  return found, #all
end
local READ = {
  string = function(key) return { redis.call('GET', key) }, 1 end,
  list = function(key) local all = redis.call('LRANGE', key, 0, -1) return all, #all end,
  zset = function(key) local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') return all, #all end,
  hash = fields, set = members,
}
local function same(mine, theirs)
  local kind = redis.call('TYPE', mine).ok
  if kind ~= redis.call('TYPE', theirs).ok then return false end
  local a, size = READ[kind](mine)
  local b, other = READ[kind](theirs)
  if size ~= other then return false end
  for name, value in pairs(a) do
    if b[name] ~= value then return false end
  end
  return true
end
local differing = {}
for i = 1, #ARGV, 2 do
  local seen = {}
  for at = i, i + 1 do
    for _, key in ipairs(redis.call('KEYS', ARGV[at] .. '*')) do
      local short = string.sub(key, #ARGV[at] + 1)
      if not seen[short] and string.sub(short, 1, 2) ~= 'x:' and not same(ARGV[i] .. short, ARGV[i + 1] .. short) then
        differing[#differing + 1] = short
      end
      seen[short] = true
    end
  end
end
return differing
"""

_READ = """
-- KEYS; ARGV: fields to read of a hash (none: all). Returns JSON, one {type, ttl, contents} per key.
local READ = {
  string = function(key) return redis.call('GET', key) end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  hash = function(key)
    if #ARGV == 0 or not string.find(key, ':job:', 1, true) then return redis.call('HGETALL', key) end
    return redis.call('HMGET', key, unpack(ARGV))
  end,
}
local found = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  found[i] = { kind, redis.call('PTTL', key), READ[kind] and READ[kind](key) or false }
end
return cjson.encode(found)
"""
_AT_ONCE = 2_000

Read = tuple[str, int, Any]


def differing_keys(redis: Any, *prefixes: bytes | str) -> list[bytes]:
    """Names (without the prefix) of keys that differ between two prefixes, which come in pairs; x: keys are left out,
    as are x_ fields of hashes and what a lease token is. A prefix holds no glob characters."""
    return redis.eval(_COMPARE, 0, *prefixes)


def read_keys(redis: Any, keys: Sequence[bytes], job_fields: Sequence[str] = ()) -> list[Read]:
    """(type, TTL in ms or negative, contents) of each key, its texts as bytes: a list, a hash or a zset as the flat
    list that Redis answers. `job_fields` are what is read of `:job:` hashes (missing ones are False)."""
    found: list[Read] = []
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        # Latin-1 has a character for each byte, so what is no UTF-8 comes through, too.
        for kind, ttl, value in json.loads(redis.eval(_READ, len(some), *some, *job_fields).decode("latin-1")):
            found.append((kind, ttl, _bytes(value)))
    return found


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("latin-1")
    if isinstance(value, list):
        return [one.encode("latin-1") if one else b"" for one in value]
    return [] if value == {} else value
