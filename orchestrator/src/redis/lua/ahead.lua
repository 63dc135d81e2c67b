#!lua flags=no-writes
-- Counts the entries that are delivered before a given one.
--
-- KEYS: stream
-- ARGV: last delivered id, entry id, limit of the count
local ahead, from = 0, '(' .. ARGV[1]
while ahead < tonumber(ARGV[3]) do
  local page = redis.call('XRANGE', KEYS[1], from, '(' .. ARGV[2], 'COUNT', 100)
  ahead = ahead + #page
  if #page < 100 then break end
  from = '(' .. page[#page][1]
end
return ahead
