#!lua flags=allow-oom
-- Renews the expiry of the records that refer to dead letters, one page per call. If an operator deletes the key of the
-- dead letters, their records are not renewed and expire.
--
-- KEYS: dead letters
-- ARGV: record key prefix, start of the page, limit of letters, expiry in s
-- Reply: start of the next page, or '-' after the last one
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
