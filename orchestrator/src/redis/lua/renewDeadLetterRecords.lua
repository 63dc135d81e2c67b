#!lua flags=allow-oom
-- Renews the expiry of the records that lead to dead letters, a page at a time. A record whose letter was deleted with the
-- key of the dead letters is not renewed, and expires.
--
-- KEYS: dead letters
-- ARGV: record key prefix, where the page starts, most letters, expiry in s
-- Reply: where the next page starts, '-' after the last one
local page = redis.call('XRANGE', KEYS[1], ARGV[2], '+', 'COUNT', ARGV[3])
for i = 1, #page do
  local id, fields = page[i][1], page[i][2]
  for f = 1, #fields, 2 do
    if fields[f] == 'task_id' then
      local key = ARGV[1] .. fields[f + 1]
      local record = redis.pcall('GET', key)
      if type(record) == 'string' and string.find(record, '"deadLetterId":"' .. id .. '"', 1, true) then
        redis.call('EXPIRE', key, ARGV[4])
      end
    end
  end
end
return #page == tonumber(ARGV[3]) and '(' .. page[#page][1] or '-'
