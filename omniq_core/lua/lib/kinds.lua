-- @include keys
-- @include own
-- @include reading
-- @include places
-- The index of failed jobs by the kind of their error, made by one version of the rules (ARGV[1]). Of each kind a sorted
-- set of ids, each with the score that it had in the lane: whoever stands there with another score failed again since.
--   x:fp:V:state  hash: score, id (up to where the lane was read), done, at
--   x:fp:V:kinds  zset digest -> when the first of it failed;  x:fp:V:texts  hash digest -> JSON;  x:fp:V:<digest>  zset
local MOST_KINDS = 500

local function fp_key(part) return key("x:fp:" .. ARGV[1] .. ":" .. part) end

local function kind_view(digest)
  local name = fp_key(digest)
  return {zset = name, indexed = true, total = try("ZCARD", name) or 0}
end

local function lane_score(id) return try("ZSCORE", key("idx:failed"), id) end

-- By the server's clock: those of processes are apart. All keys die within milliseconds, so it is not there in part.
local LIVES_MS = 86400000
