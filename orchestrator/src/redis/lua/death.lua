#!lua flags=allow-oom
-- Counts the death of a consumer's process for each entry that it may have been running. The delivery count of an entry
-- holds this: it is twice the number of deaths, plus 1 once the entry was started. So an odd count was started and is
-- increased; an even count waited and stays. Idle times stay unchanged.
--
-- KEYS: stream
-- ARGV: group, consumer
-- Reply: number of entries
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local counted, from = 0, '-'
repeat
  local rows = redis.pcall('XPENDING', stream, group, from, '+', 500, consumer)
  if rows.err then return 0 end
  for i = 1, #rows do
    local id, idle, count = rows[i][1], rows[i][3], rows[i][4]
    if count % 2 == 1 then
      redis.call('XCLAIM', stream, group, consumer, 0, id, 'IDLE', idle, 'RETRYCOUNT', count + 1, 'JUSTID')
      counted = counted + 1
    end
  end
  from = #rows == 500 and '(' .. rows[#rows][1] or nil
until not from
return counted
