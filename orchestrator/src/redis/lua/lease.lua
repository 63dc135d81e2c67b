#!lua flags=allow-oom
-- Sets the idle time of entries that are pending for a consumer, and only those: 0 to keep them from being taken over,
-- long to hand them over at once. Delivery counts stay.
--
-- KEYS: stream, heartbeats
-- ARGV: group, consumer, only entries idle for at least ms, idle time to set in ms, most entries,
--       '1' to note a heartbeat, '0' to remove it
-- Reply: number of entries
local rows = redis.pcall('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[5], ARGV[2])
if ARGV[6] == '1' then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[2], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), ARGV[2])
else
  redis.call('ZREM', KEYS[2], ARGV[2])
end
if rows.err or #rows == 0 then return 0 end
local ids = {}
for i = 1, #rows do ids[i] = rows[i][1] end
ids[#ids + 1] = 'IDLE'
ids[#ids + 1] = ARGV[4]
ids[#ids + 1] = 'JUSTID'
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, unpack(ids))
return #rows
