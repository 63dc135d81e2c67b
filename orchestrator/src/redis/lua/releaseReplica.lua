#!lua flags=allow-oom
-- Releases the pending entries of an ended replica in one queue: sets their idle time, so that orphan recovery claims them
-- at once. Removes its consumers without pending entries. Delivery counts stay unchanged.
--
-- KEYS: stream, heartbeats
-- ARGV: group, suffix of the consumer names, idle time to set in ms
-- Reply: number of released entries
local suffix, total = ARGV[2], 0
local beating = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '+inf')
for i = 1, #beating do
  if string.sub(beating[i], -#suffix) == suffix then redis.call('ZREM', KEYS[2], beating[i]) end
end
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
for i = 1, #consumers do
  local info = {}
  for f = 1, #consumers[i], 2 do info[consumers[i][f]] = consumers[i][f + 1] end
  if string.sub(info.name, -#suffix) == suffix then
    local from = '-'
    while from do
      local rows = redis.call('XPENDING', KEYS[1], ARGV[1], from, '+', 500, info.name)
      local ids = {}
      for r = 1, #rows do ids[r] = rows[r][1] end
      from = #rows == 500 and '(' .. rows[#rows][1] or nil
      total = total + #ids
      if #ids > 0 then
        ids[#ids + 1] = 'IDLE'
        ids[#ids + 1] = ARGV[3]
        ids[#ids + 1] = 'JUSTID'
        redis.call('XCLAIM', KEYS[1], ARGV[1], info.name, 0, unpack(ids))
      end
    end
    if info.pending == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], info.name) end
  end
end
return total
