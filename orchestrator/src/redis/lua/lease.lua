#!lua flags=allow-oom
-- Sets the idle time of the pending entries of a consumer: 0 to renew its leases, a long time to release the entries.
-- Delivery counts stay unchanged.
--
-- KEYS: stream, heartbeats
-- ARGV: group, consumer, ms for which an entry must be idle, idle time to set in ms, limit of entries,
--       '1' to set the heartbeat, '0' to remove it
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
