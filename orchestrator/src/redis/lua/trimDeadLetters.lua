#!lua flags=allow-oom
-- Discards the oldest dead letters that exceed the number limit or the age limit, with the records that refer to them.
--
-- KEYS: dead letters
-- ARGV: record key prefix, number of letters to keep, age to keep in ms, limit of letters per call,
--       expiry of a record that stays in s
-- Reply: {discarded by the number limit, discarded by the age limit}
-- include has
-- include forget

local prefix, keep, age_ms, batch = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local oldest_ms = time[1] * 1000 + math.floor(time[2] / 1000) - age_ms
local surplus = redis.call('XLEN', KEYS[1]) - keep
local letters = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', batch)
local limit, age = 0, 0
for i = 1, #letters do
  local id, fields = letters[i][1], letters[i][2]
  if i <= surplus then
    limit = limit + 1
  elseif tonumber(string.match(id, '^%d+')) < oldest_ms then
    age = age + 1
  else
    break
  end
  for f = 1, #fields, 2 do
    if fields[f] == 'task_id' then forget(prefix .. fields[f + 1], id, ARGV[5]) end
  end
  redis.call('XDEL', KEYS[1], id)
end
return { limit, age }
