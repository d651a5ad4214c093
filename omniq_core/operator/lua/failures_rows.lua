-- What a list shows of some kinds: their texts, and how many of their jobs failed in each span of time.
-- KEYS[1] anchor
-- ARGV version of the rules, begin of the first span (ms), length of a span, how many spans, digest, ... (at most 50)
-- Returns {text or false, jobs of each span} per digest; changes nothing.
-- @include kinds
local begin, step, spans = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function edge(n) return string.format("%.0f", begin + n * step) end
local rows = {}
for i = 5, #ARGV do
  local name, counts = fp_key(ARGV[i]), {}
  local any = (try("ZCOUNT", name, "(" .. edge(0), edge(spans)) or 0) > 0
  for n = 1, spans do counts[n] = any and try("ZCOUNT", name, "(" .. edge(n - 1), edge(n)) or 0 end
  rows[#rows + 1] = {field_up_to(fp_key("texts"), ARGV[i], 4096) or false, counts}
end
return rows
