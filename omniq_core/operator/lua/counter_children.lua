-- Some of the children of a counter that are done, in the order Redis holds them; changes nothing.
-- KEYS[1] {cc:KEY}:meta
-- ARGV cursor, how many at least, a child to look for ("" for none)
-- Returns {next cursor, "0" at the end; {first 512 bytes of a child's id, its length} ...; 1 if that child is done, else 0}
-- @include keys
-- @include reading
local done, cursor, found = key("done"), ARGV[1], {}
for _ = 1, 20 do
  local page = try("SSCAN", done, cursor, "COUNT", 100)
  if not page then return {"0", {}, 0} end
  cursor = page[1]
  for _, child in ipairs(page[2]) do found[#found + 1] = {string.sub(child, 1, 512), #child} end
  if cursor == "0" or #found >= tonumber(ARGV[2]) then break end
end
return {cursor, found, ARGV[3] ~= "" and try("SISMEMBER", done, ARGV[3]) or 0}
